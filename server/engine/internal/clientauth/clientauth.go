package clientauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/registry"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// Registry is what authentication needs of the client registry.
type Registry interface {
	// Client returns a client that may be a moment old, Fresh one that is not; unknown is store.ErrNotFound.
	Client(ctx context.Context, identifier string) (*registry.Client, error)
	Fresh(ctx context.Context, identifier string) (*registry.Client, error)
	Service() *authlete.Service
}

// Replays remembers the ids of assertions.
type Replays interface {
	RememberID(ctx context.Context, hash store.Hash, expiresAt time.Time) (bool, error)
}

// Fetcher reads the document behind a jwks_uri. It bounds time and size and
// keeps away from addresses that are not public.
type Fetcher interface {
	Fetch(ctx context.Context, uri string) ([]byte, error)
}

// Deps are what an Authenticator needs. All are required.
type Deps struct {
	Registry Registry
	Replays  Replays
	Fetcher  Fetcher
	Clock    func() time.Time
	Log      *slog.Logger
}

// Authenticator authenticates clients.
type Authenticator struct {
	deps   Deps
	remote *remoteKeys
}

// New returns an Authenticator.
func New(deps Deps) *Authenticator {
	return &Authenticator{deps: deps, remote: newRemoteKeys(deps.Fetcher, deps.Clock)}
}

// Identity is an authenticated client.
type Identity struct {
	*registry.Client
	// AliasUsed says that the request named the client by its alias.
	AliasUsed bool
}

// Authenticate returns the client of a request. A refusal is an *oauth.Error;
// every other error means that the answer could not be found out.
func (a *Authenticator) Authenticate(ctx context.Context, in Credentials) (Identity, error) {
	proof, refusal := readProof(&in)
	if refusal != nil {
		return Identity{}, refusal
	}
	client, err := a.prove(ctx, &proof, a.deps.Registry.Client)
	if isRefusal(err) {
		client, err = a.prove(ctx, &proof, a.deps.Registry.Fresh)
	}
	if err != nil {
		return Identity{}, err
	}
	if client.Locked {
		return Identity{}, oauth.NewError(oauth.InvalidClient, codeLocked, "The client is locked.")
	}
	// Only a proven assertion is remembered: nobody else can use up the ids of a client.
	if proof.assertion != nil {
		if err := a.once(ctx, client, proof.assertion); err != nil {
			return Identity{}, err
		}
	}
	return Identity{Client: client, AliasUsed: proof.identifier != strconv.FormatInt(client.ClientID, 10)}, nil
}

// lookup is a way to find a client.
type lookup func(ctx context.Context, identifier string) (*registry.Client, error)

// prove finds the client and checks the proof.
func (a *Authenticator) prove(ctx context.Context, proof *proof, find lookup) (*registry.Client, error) {
	client, err := find(ctx, proof.identifier)
	if errors.Is(err, store.ErrNotFound) {
		return nil, wrongCredentials()
	}
	if err != nil {
		return nil, fmt.Errorf("finding client: %w", err)
	}
	if refusal := checkMethod(client, proof); refusal != nil {
		return nil, refusal
	}
	switch proof.method {
	case authlete.AuthClientSecretBasic, authlete.AuthClientSecretPost:
		if !client.SecretMatches(proof.secret) {
			return nil, wrongCredentials()
		}
	case authlete.AuthPrivateKeyJWT:
		if refusal := a.verify(ctx, client, proof.assertion); refusal != nil {
			return nil, refusal
		}
	case authlete.AuthNone: // nothing to check beyond the method
	}
	return client, nil
}

// checkMethod says whether the client may use the method of the proof. A secret may come by HTTP Basic and in the body
// alike (RFC 6749, section 2.3.1) unless the client is held to one of them. Every other method is exact: a client of
// keys must not be reached by a secret, and a public client has nothing to prove. That a client exists is no secret, so
// the refusal names the registered method; it is a mistake that people make.
func checkMethod(client *registry.Client, proof *proof) *oauth.Error {
	registered := Method(&client.Client)
	switch {
	case proof.method == registered:
		return nil
	case isSecret(proof.method) && isSecret(registered) && !exact(&client.Client):
		return nil
	case registered == authlete.AuthNone:
		return oauth.NewError(oauth.InvalidClient, codePublicSecret,
			"The client is public (its authentication method is none) and must not present credentials.")
	default:
		return oauth.NewError(oauth.InvalidClient, codeWrongMethod,
			"The client must authenticate by the method that it is registered for, which is %s.", oauth.AuthMethodParameter(registered))
	}
}

// isSecret says whether a method presents a client secret.
func isSecret(method authlete.ClientAuthMethod) bool {
	return method == authlete.AuthClientSecretBasic || method == authlete.AuthClientSecretPost
}

// exact says whether the client is held to its registered method.
func exact(client *authlete.Client) bool {
	return client.Attribute(authlete.AttributeAuthMethodMatch) == authlete.AuthMethodMatchExact
}

// Method returns the registered authentication method of a client. A confidential
// client that names none uses HTTP Basic (RFC 7591, section 2); a public client
// has nothing to authenticate with.
func Method(client *authlete.Client) authlete.ClientAuthMethod {
	switch {
	case client.ClientType == authlete.ClientPublic:
		return authlete.AuthNone
	case client.TokenAuthMethod == "":
		return authlete.AuthClientSecretBasic
	default:
		return client.TokenAuthMethod
	}
}

// wrongCredentials is the answer to an unknown client and to a wrong credential alike.
func wrongCredentials() *oauth.Error {
	return oauth.NewError(oauth.InvalidClient, codeWrong, "The client is unknown or its credentials are wrong.")
}

// isRefusal says whether fresh data could turn the refusal around.
func isRefusal(err error) bool {
	refusal, ok := errors.AsType[*oauth.Error](err)
	return ok && refusal.Code == oauth.InvalidClient
}
