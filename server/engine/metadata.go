package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/clientkeys"
	"github.com/authserver-dev/operator/server/engine/internal/keys"
	"github.com/authserver-dev/operator/server/engine/internal/metadata"
)

// metadataCache is the discovery document of the settings from which it was built.
type metadataCache struct {
	current atomic.Pointer[builtMetadata]
}

type builtMetadata struct {
	service  *authlete.Service
	document []byte
}

// ServiceJWKS implements authlete.MetadataAPI.
func (e *Engine) ServiceJWKS(ctx context.Context) ([]byte, error) { return e.ring.JWKS(ctx) }

// ServiceConfiguration implements authlete.MetadataAPI. The document is built once per change of the settings.
func (e *Engine) ServiceConfiguration(context.Context) ([]byte, error) {
	service := e.registry.Service()
	if built := e.metadata.current.Load(); built != nil && built.service == service {
		return built.document, nil
	}
	algorithms := slices.Clone(keys.Algorithms())
	slices.Sort(algorithms)
	slices.Reverse(algorithms) // RS256, which every client must know, first
	document, err := metadata.Document(service, algorithms, clientkeys.Algorithms())
	if err != nil {
		return nil, err
	}
	e.metadata.current.Store(&builtMetadata{service: service, document: document})
	return document, nil
}

// hintVerifier checks ID tokens that come back as id_token_hint.
type hintVerifier struct{ engine *Engine }

// VerifyHint checks signature and issuer. An ID token that has expired is a fine hint (OpenID Connect Core 1.0, 3.1.2.1).
func (v hintVerifier) VerifyHint(ctx context.Context, idToken string) (string, error) {
	var algorithms []jose.SignatureAlgorithm
	for _, algorithm := range keys.Algorithms() {
		algorithms = append(algorithms, jose.SignatureAlgorithm(algorithm))
	}
	signed, err := jose.ParseSignedCompact(idToken, algorithms)
	if err != nil {
		return "", fmt.Errorf("parsing an ID token: %w", err)
	}
	document, err := v.engine.ring.JWKS(ctx)
	if err != nil {
		return "", err
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(document, &set); err != nil {
		return "", fmt.Errorf("decoding the JWK Set: %w", err)
	}
	for _, key := range set.Key(signed.Signatures[0].Header.KeyID) {
		payload, err := signed.Verify(key)
		if err != nil {
			continue
		}
		return subjectOf(payload, v.engine.registry.Service().Issuer)
	}
	return "", errors.New("verifying an ID token: no key of ours made the signature")
}

func subjectOf(payload []byte, issuer string) (string, error) {
	var claims struct {
		Issuer  string `json:"iss"`
		Subject string `json:"sub"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return "", fmt.Errorf("decoding an ID token: %w", err)
	}
	if claims.Issuer != issuer || claims.Subject == "" {
		return "", errors.New("verifying an ID token: it is not one of this issuer")
	}
	return claims.Subject, nil
}
