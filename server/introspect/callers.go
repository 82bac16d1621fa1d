package introspect

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"log/slog"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/server/clientcall"
	"github.com/authserver-dev/operator/server/config"
	"github.com/authserver-dev/operator/server/livefile"
)

// Callers knows who may introspect.
type Callers struct {
	secrets *livefile.Value[map[string][sha256.Size]byte]
}

// OpenCallers reads the callers' secret files.
func OpenCallers(callers []configv1alpha1.IntrospectionCaller, log *slog.Logger) (*Callers, error) {
	paths := make([]string, 0, len(callers))
	for _, caller := range callers {
		paths = append(paths, caller.SecretFile)
	}
	secrets, err := livefile.Open(livefile.Options[map[string][sha256.Size]byte]{
		Name: "introspection callers", Paths: paths, Log: log, Load: func() (map[string][sha256.Size]byte, error) { return load(callers) },
	})
	if err != nil {
		return nil, err
	}
	return &Callers{secrets: secrets}, nil
}

func load(callers []configv1alpha1.IntrospectionCaller) (map[string][sha256.Size]byte, error) {
	digests := map[string][sha256.Size]byte{}
	for _, caller := range callers {
		secret, err := config.ReadSecret(caller.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("secret of introspection caller %q: %w", caller.Name, err)
		}
		digests[caller.Name] = sha256.Sum256([]byte(secret))
	}
	return digests, nil
}

// Run keeps the secrets up to date until the context ends.
func (c *Callers) Run(ctx context.Context) { c.secrets.Run(ctx) }

// Healthy says whether the secrets could be read the last time.
func (c *Callers) Healthy() bool { return c.secrets.Healthy() }

// authentic compares digests, so that neither the content nor the length of a secret shows in the time it takes.
func (c *Callers) authentic(credentials clientcall.Credentials) bool {
	want, known := c.secrets.Get()[credentials.User]
	presented := sha256.Sum256([]byte(credentials.Password))
	return subtle.ConstantTimeCompare(want[:], presented[:]) == 1 && known
}
