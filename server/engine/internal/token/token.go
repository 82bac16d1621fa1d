package token

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/clientauth"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/params"
	"github.com/authserver-dev/operator/server/engine/internal/registry"
	"github.com/authserver-dev/operator/server/engine/internal/scopes"
	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/ticket"
)

// Authenticator authenticates clients; *clientauth.Authenticator is one.
type Authenticator interface {
	Authenticate(ctx context.Context, in clientauth.Credentials) (clientauth.Identity, error)
}

// Registry knows the clients and the service settings.
type Registry interface {
	Client(ctx context.Context, identifier string) (*registry.Client, error)
	Service() *authlete.Service
}

// Store is what the token endpoint needs of the store.
type Store interface {
	FindCode(ctx context.Context, hash store.Hash) (store.Code, store.Grant, error)
	RedeemCode(ctx context.Context, hash store.Hash, now time.Time, tokens store.Tokens) error
	FindRefresh(ctx context.Context, hash store.Hash) (store.RefreshToken, store.Grant, error)
	RotateRefresh(ctx context.Context, rotation store.Rotation) error
	FindAccess(ctx context.Context, hash store.Hash) (store.AccessToken, error)
	IssueTokens(ctx context.Context, grant *store.Grant, tokens store.Tokens) error
	RevokeGrant(ctx context.Context, grantID string, now time.Time) error
}

// Deps are what an Endpoint needs. All are required.
type Deps struct {
	Clients  Authenticator
	Registry Registry
	Store    Store
	Tickets  *ticket.Tickets
	Minter   *issue.Minter
	Subjects Subjects
	Clock    func() time.Time
}

// Subjects knows the people who may use the server.
type Subjects interface {
	Known(subject string) bool
}

// Endpoint implements authlete.TokenAPI.
type Endpoint struct {
	deps   Deps
	grants map[authlete.GrantType]grantFunc
}

// grantFunc answers requests of one grant type.
type grantFunc func(ctx context.Context, r *request) (*authlete.TokenResponse, error)

var _ authlete.TokenAPI = (*Endpoint)(nil)

// New returns an Endpoint.
func New(deps Deps) *Endpoint {
	e := &Endpoint{deps: deps}
	e.grants = map[authlete.GrantType]grantFunc{
		authlete.GrantAuthorizationCode: e.redeemCode,
		authlete.GrantRefreshToken:      e.refresh,
		authlete.GrantClientCredentials: e.issueToClient,
		authlete.GrantPassword:          e.askForPassword,
	}
	return e
}

// request is a token request whose client is authenticated.
type request struct {
	values  params.Values
	client  clientauth.Identity
	service *authlete.Service
	grant   authlete.GrantType
	answer  grantFunc
	now     time.Time
}

// Token processes a token request.
func (e *Endpoint) Token(ctx context.Context, req *authlete.TokenRequest) (*authlete.TokenResponse, error) {
	response, err := e.process(ctx, req)
	if refusal, ok := errors.AsType[*oauth.Error](err); ok {
		return refused(refusal), nil
	}
	return response, err
}

func (e *Endpoint) process(ctx context.Context, req *authlete.TokenRequest) (*authlete.TokenResponse, error) {
	values, err := params.Parse(req.Parameters)
	if err != nil {
		return nil, oauth.NewError(oauth.InvalidRequest, codeParameters, "The request is malformed: %v.", err)
	}
	if req.DPoP != "" { // else the client would get a bearer token, and believe that it is bound to its key
		return nil, oauth.NewError(oauth.InvalidRequest, codeProof, "This server does not support DPoP and issues bearer tokens only.")
	}
	credentials := clientauth.Credentials{Parameters: values, BasicID: req.ClientID, BasicSecret: req.ClientSecret}
	service := e.deps.Registry.Service()
	if refusal := clientauth.CheckPresented(&credentials, service.SupportedTokenAuthMethods); refusal != nil {
		return nil, refusal
	}
	client, err := e.deps.Clients.Authenticate(ctx, credentials)
	if err != nil {
		return nil, err
	}
	r := &request{values: values, client: client, service: service, now: e.deps.Clock()}
	if refusal := e.readGrantType(r); refusal != nil {
		return nil, refusal
	}
	return r.answer(ctx, r)
}

// readGrantType finds the grant type and checks that service and client may use it.
func (e *Endpoint) readGrantType(r *request) *oauth.Error {
	parameter := r.values.Get("grant_type")
	if parameter == "" {
		return oauth.NewError(oauth.InvalidRequest, codeGrantType, "The request does not contain 'grant_type'.")
	}
	grant, _ := oauth.GrantType(parameter)
	answer, known := e.grants[grant]
	if !known || !slices.Contains(r.service.SupportedGrantTypes, grant) {
		return oauth.NewError(oauth.UnsupportedGrantType, codeGrantUnknown, "The grant type is not supported.")
	}
	if !r.client.AllowsGrant(grant) {
		return oauth.NewError(oauth.UnauthorizedClient, codeGrantRefused, "The client may not use the grant type.")
	}
	r.grant, r.answer = grant, answer
	return nil
}

// confidential says whether the client proves its identity.
func (r *request) confidential() bool {
	return clientauth.Method(&r.client.Client.Client) != authlete.AuthNone
}

// requestedScopes returns what the scope parameter grants.
func (r *request) requestedScopes(excluded ...string) ([]string, *oauth.Error) {
	asked := scopes.Request{
		Client: r.client.Client, Service: r.service, Parameter: r.values.Get("scope"), Excluded: excluded, Code: codeScope,
	}
	return asked.Granted()
}
