package engine

import (
	"context"

	"github.com/authserver-dev/operator/server/engine/internal/clientkeys"
	"github.com/authserver-dev/operator/server/engine/internal/keys"
)

// ServiceJWKS implements authlete.MetadataAPI.
func (e *Engine) ServiceJWKS(ctx context.Context) ([]byte, error) { return e.ring.JWKS(ctx) }

// ServiceConfiguration implements authlete.MetadataAPI. The document is built once per change of the settings.
func (e *Engine) ServiceConfiguration(context.Context) ([]byte, error) {
	return e.metadata.Document(e.registry.Service(), keys.Algorithms(), clientkeys.Algorithms())
}
