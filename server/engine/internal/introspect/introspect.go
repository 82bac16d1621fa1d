package introspect

import (
	"context"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/bearer"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// Result codes.
const (
	codeOK                 = "E056001"
	codeNoToken            = "E056301"
	codeUnknown            = "E056302"
	codeNotUsable          = "E056303"
	codeScope              = "E056304"
	codeSubject            = "E056305"
	codeStandardDone       = "E145001"
	codeStandardParameters = "E145301"
	codeStandardNoToken    = "E145302"
)

// Registry knows the clients and the service settings.
type Registry interface {
	bearer.Registry
	Service() *authlete.Service
}

// Store finds tokens.
type Store interface {
	bearer.Store
	FindRefresh(ctx context.Context, hash store.Hash) (store.RefreshToken, store.Grant, error)
}

// Deps are what an Endpoint needs. All are required.
type Deps struct {
	Registry Registry
	Store    Store
	Subjects bearer.Subjects
	Clock    func() time.Time
}

// Endpoint implements authlete.IntrospectionAPI.
type Endpoint struct {
	deps  Deps
	judge *bearer.Judge
}

var _ authlete.IntrospectionAPI = (*Endpoint)(nil)

// New returns an Endpoint.
func New(deps Deps) *Endpoint {
	return &Endpoint{deps: deps, judge: bearer.NewJudge(bearer.Deps{
		Store: deps.Store, Registry: deps.Registry, Subjects: deps.Subjects, Clock: deps.Clock,
	})}
}

// Introspection checks an access token for a resource server.
func (e *Endpoint) Introspection(ctx context.Context, req *authlete.IntrospectionRequest) (*authlete.IntrospectionResponse, error) {
	if req.Token == "" {
		return refused(authlete.IntrospectionBadRequest,
			oauth.NewError(oauth.InvalidRequest, codeNoToken, "The request does not contain an access token.")), nil
	}
	token, err := e.judge.Judge(ctx, req.Token)
	if err != nil {
		return nil, err
	}
	response := judge(&token, req)
	response.Existent, response.Usable = token.Existent(), token.Usable()
	if !token.Usable() {
		return response, nil
	}
	response.ClientID = token.ClientID
	response.ClientIDAlias = token.Client.ClientIDAlias
	response.ClientIDAliasUsed = token.Client.ClientIDAlias != ""
	response.Refreshable = e.refreshable(&token)
	response.ExpiresAt = token.ExpiresAt.UnixMilli()
	response.Subject = token.Subject
	response.Scopes = token.Scopes
	return response, nil
}

// judge decides what the resource server must do. It is a pure function.
func judge(token *bearer.Token, req *authlete.IntrospectionRequest) *authlete.IntrospectionResponse {
	switch {
	case !token.Existent():
		return refused(authlete.IntrospectionUnauthorized,
			oauth.NewError(oauth.InvalidToken, codeUnknown, "The access token does not exist."))
	case !token.Usable():
		return refused(authlete.IntrospectionUnauthorized,
			oauth.NewError(oauth.InvalidToken, codeNotUsable, "The access token has expired or was revoked."))
	case !oauth.Subset(req.Scopes, token.Scopes):
		return refused(authlete.IntrospectionForbidden,
			oauth.NewError(oauth.InsufficientScope, codeScope, "The access token does not cover the required scopes."))
	case req.Subject != "" && req.Subject != token.Subject:
		response := refused(authlete.IntrospectionForbidden,
			oauth.NewError(oauth.InvalidRequest, codeSubject, "The access token belongs to another subject."))
		response.Sufficient = true
		return response
	default:
		return &authlete.IntrospectionResponse{
			Result: oauth.Success(codeOK, "The access token is valid."), Action: authlete.IntrospectionOK, Sufficient: true,
			// What a resource server answers that does not understand the rest of the request, as Authlete has it.
			ResponseContent: `Bearer error="invalid_request"`,
		}
	}
}

func refused(action authlete.IntrospectionAction, refusal *oauth.Error) *authlete.IntrospectionResponse {
	return &authlete.IntrospectionResponse{Result: refusal.Result(), Action: action, ResponseContent: refusal.Challenge("Bearer")}
}

// refreshable says whether the token came with a refresh token.
func (e *Endpoint) refreshable(token *bearer.Token) bool {
	return token.GrantID != "" && token.GrantType != string(authlete.GrantImplicit) &&
		token.Client.MayUseGrant(e.deps.Registry.Service(), authlete.GrantRefreshToken)
}
