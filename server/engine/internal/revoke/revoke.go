package revoke

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/clientauth"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/params"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// Result codes.
const (
	codeDone       = "E113001"
	codeParameters = "E113301"
	codeNoToken    = "E113302"
)

// hintAccess makes the search start with the access tokens. Any other hint, a wrong one too, costs a second look
// at most (RFC 7009, section 2.1).
const hintAccess = "access_token"

// Authenticator authenticates clients; *clientauth.Authenticator is one.
type Authenticator interface {
	Authenticate(ctx context.Context, in clientauth.Credentials) (clientauth.Identity, error)
}

// Settings gives the service settings in force.
type Settings interface {
	Service() *authlete.Service
}

// Store finds and revokes tokens.
type Store interface {
	FindAccess(ctx context.Context, hash store.Hash) (store.AccessToken, error)
	FindRefresh(ctx context.Context, hash store.Hash) (store.RefreshToken, store.Grant, error)
	RevokeAccess(ctx context.Context, hash store.Hash, now time.Time) error
	RevokeGrant(ctx context.Context, grantID string, now time.Time) error
}

// Deps are what an Endpoint needs. All are required.
type Deps struct {
	Clients  Authenticator
	Settings Settings
	Store    Store
	Clock    func() time.Time
}

// Endpoint implements authlete.RevocationAPI.
type Endpoint struct {
	deps Deps
}

var _ authlete.RevocationAPI = (*Endpoint)(nil)

// New returns an Endpoint.
func New(deps Deps) *Endpoint { return &Endpoint{deps: deps} }

// target is a token that a client wants to be rid of.
type target struct {
	hash     store.Hash
	clientID int64
}

// attempt revokes one kind of token and says whether the token is of that kind.
type attempt func(ctx context.Context, target target) (bool, error)

// Revocation processes a revocation request.
func (e *Endpoint) Revocation(ctx context.Context, req *authlete.RevocationRequest) (*authlete.RevocationResponse, error) {
	err := e.process(ctx, req)
	var refusal *oauth.Error
	switch {
	case errors.As(err, &refusal):
		return refused(refusal), nil
	case err != nil:
		return nil, err
	default:
		return &authlete.RevocationResponse{
			Result: oauth.Success(codeDone, "The token has been revoked successfully."), Action: authlete.RevocationOK,
		}, nil
	}
}

func (e *Endpoint) process(ctx context.Context, req *authlete.RevocationRequest) error {
	values, err := params.Parse(req.Parameters)
	if err != nil {
		return oauth.NewError(oauth.InvalidRequest, codeParameters, "The request is malformed: %v.", err)
	}
	credentials := clientauth.Credentials{Parameters: values, BasicID: req.ClientID, BasicSecret: req.ClientSecret}
	if refusal := clientauth.CheckPresented(&credentials, e.deps.Settings.Service().SupportedRevocationAuthMethods); refusal != nil {
		return refusal
	}
	client, err := e.deps.Clients.Authenticate(ctx, credentials)
	if err != nil {
		return err
	}
	token := values.Get("token")
	if token == "" {
		return oauth.NewError(oauth.InvalidRequest, codeNoToken, "The request does not contain 'token'.")
	}
	attempts := [...]attempt{e.refresh, e.access}
	if values.Get("token_type_hint") == hintAccess {
		attempts = [...]attempt{e.access, e.refresh}
	}
	for _, try := range attempts {
		known, err := try(ctx, target{hash: store.HashOf(token), clientID: client.ClientID})
		if known || err != nil {
			return err
		}
	}
	return nil
}

// access revokes an access token.
func (e *Endpoint) access(ctx context.Context, target target) (bool, error) {
	token, err := e.deps.Store.FindAccess(ctx, target.hash)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err == nil && token.ClientID == target.clientID {
		err = e.deps.Store.RevokeAccess(ctx, target.hash, e.deps.Clock())
	}
	return true, unlessGone(err)
}

// refresh revokes the grant of a refresh token, one that was rotated before included.
func (e *Endpoint) refresh(ctx context.Context, target target) (bool, error) {
	token, _, err := e.deps.Store.FindRefresh(ctx, target.hash)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err == nil && token.ClientID == target.clientID {
		err = e.deps.Store.RevokeGrant(ctx, token.GrantID, e.deps.Clock())
	}
	return true, unlessGone(err)
}

// unlessGone drops the error that the token was swept meanwhile: gone is what the client wanted.
func unlessGone(err error) error {
	if err == nil || errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return fmt.Errorf("revoking token: %w", err)
}

func refused(refusal *oauth.Error) *authlete.RevocationResponse {
	action := authlete.RevocationBadRequest
	if refusal.Code == oauth.InvalidClient {
		action = authlete.RevocationInvalidClient
	}
	return &authlete.RevocationResponse{Result: refusal.Result(), Action: action, ResponseContent: refusal.Content()}
}
