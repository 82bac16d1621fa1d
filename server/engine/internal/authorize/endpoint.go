package authorize

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/params"
	"github.com/authserver-dev/operator/server/engine/internal/registry"
	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/ticket"
)

// maxRequest bounds an authorization request: it travels in its ticket, and the ticket in a form of the front end.
const maxRequest = 16 << 10

// Store is what the endpoint needs of the store.
type Store interface {
	IssueCode(ctx context.Context, grant store.Grant, code store.Code, tokens store.Tokens) error
	IssueTokens(ctx context.Context, grant *store.Grant, tokens store.Tokens) error
}

// Registry is what the endpoint needs of the registry.
type Registry interface {
	Client(ctx context.Context, identifier string) (*registry.Client, error)
	Service() *authlete.Service
}

// Verifier checks an ID token of our own making and returns its subject; expiry does not matter.
type Verifier interface {
	VerifyHint(ctx context.Context, idToken string) (subject string, err error)
}

// Deps are what an Endpoint needs. All are required.
type Deps struct {
	Store    Store
	Tickets  *ticket.Tickets
	Registry Registry
	Minter   *issue.Minter
	Verifier Verifier
	Clock    func() time.Time
}

// Endpoint answers the authorization calls of the API.
type Endpoint struct{ deps Deps }

// New returns the endpoint.
func New(deps Deps) *Endpoint { return &Endpoint{deps: deps} }

// Authorization implements authlete.AuthorizationAPI.
func (e *Endpoint) Authorization(ctx context.Context, req *authlete.AuthorizationRequest) (*authlete.AuthorizationResponse, error) {
	if len(req.Parameters) > maxRequest {
		return badRequest(oauth.NewError(oauth.InvalidRequest, "E006302", "The request is longer than %d bytes.", maxRequest)), nil
	}
	values, err := params.Parse(req.Parameters)
	if err != nil {
		return badRequest(oauth.NewError(oauth.InvalidRequest, "E006301", "%v.", err)), nil
	}
	if !values.Has("client_id") {
		return badRequest(oauth.NewError(oauth.InvalidRequest, "E007301", "The request has no 'client_id'.")), nil
	}
	client, err := e.deps.Registry.Client(ctx, values.Get("client_id"))
	if errors.Is(err, store.ErrNotFound) {
		return badRequest(oauth.NewError(oauth.InvalidRequest, "E007302", "There is no client with this client_id.")), nil
	}
	if err != nil {
		return nil, fmt.Errorf("processing an authorization request: %w", err)
	}
	request, refusal := begin(values, client)
	if refusal == nil && !validURI(request.RedirectURI) {
		refusal = oauth.NewError(oauth.InvalidRequest, "E011306", "The registered redirect URI is malformed.")
	}
	if refusal != nil {
		return badRequest(refusal), nil
	}
	service := e.deps.Registry.Service()
	refusal = validate(request, values, client, service)
	if refusal == nil {
		refusal = e.applyHint(ctx, request)
	}
	if refusal != nil {
		return refused(request, service, refusal), nil
	}
	return e.accept(request, client, service)
}

// applyHint turns id_token_hint into the subject that must log in (OpenID Connect Core 1.0, section 3.1.2.1). An ID token that
// cannot be verified, because its key is gone or it is another server's, is no hint: nobody knows whom the client means, and
// so somebody must log in.
func (e *Endpoint) applyHint(ctx context.Context, request *Request) *oauth.Error {
	if request.idTokenHint == "" {
		return nil
	}
	subject, err := e.deps.Verifier.VerifyHint(ctx, request.idTokenHint)
	if err != nil {
		if request.demandLogin() {
			return nil
		}
		return oauth.NewError(oauth.LoginRequired, "E018301", "'id_token_hint' is not an ID token that this server can verify, and prompt=none forbids a login.")
	}
	if request.Subject != "" && request.Subject != subject {
		return oauth.NewError(oauth.InvalidRequest, "E018302", "'id_token_hint' and 'claims' ask for different subjects.")
	}
	request.Subject = subject
	return nil
}

// accept seals the request into a ticket. It stores nothing: nobody is authenticated yet.
func (e *Endpoint) accept(r *Request, client *registry.Client, service *authlete.Service) (*authlete.AuthorizationResponse, error) {
	doc, err := r.encode()
	if err != nil {
		return nil, fmt.Errorf("encoding an authorization request: %w", err)
	}
	value, err := e.deps.Tickets.Seal(ticket.Authorization, doc)
	if err != nil {
		return nil, fmt.Errorf("processing an authorization request: %w", err)
	}
	response := &authlete.AuthorizationResponse{
		Result: oauth.Success("E004001", "A ticket was issued for the authorization request."),
		Action: authlete.AuthorizationInteraction, Ticket: value,
		Client: clientView(&client.Client), Service: serviceView(service),
		Display: r.display, MaxAge: r.maxAge, Scopes: scopeViews(r.Scopes, service),
		UILocales: r.uiLocales, ClaimsLocales: r.claimsLocales, Claims: r.claims, AcrEssential: r.acrEssential, Acrs: r.acrs,
		ClientIDAliasUsed: r.AliasUsed, Subject: r.Subject, LoginHint: r.loginHint, Prompts: r.prompts,
		IDTokenClaims: r.idTokenClaims, UserInfoClaims: r.UserInfoClaims,
	}
	if r.openID() {
		response.ClaimsAtUserInfo = issue.UserInfoClaimNames(service, r.Scopes, r.ClaimsAtUserInfo)
	}
	if response.HasPrompt(authlete.PromptNone) {
		response.Action = authlete.AuthorizationNoInteraction
	}
	return response, nil
}

func badRequest(refusal *oauth.Error) *authlete.AuthorizationResponse {
	return &authlete.AuthorizationResponse{Result: refusal.Result(), Action: authlete.AuthorizationBadRequest, ResponseContent: refusal.Content()}
}

// refused sends a refusal to the client.
func refused(request *Request, service *authlete.Service, refusal *oauth.Error) *authlete.AuthorizationResponse {
	end := respond(request, service, refusalParameters(refusal))
	action := authlete.AuthorizationLocation
	if end.form {
		action = authlete.AuthorizationForm
	}
	return &authlete.AuthorizationResponse{Result: refusal.Result(), Action: action, ResponseContent: end.content}
}

// clientView is what the pages may know of the client; never its secret.
func clientView(c *authlete.Client) *authlete.Client {
	return &authlete.Client{
		ClientID: c.ClientID, ClientIDAlias: c.ClientIDAlias, ClientIDAliasEnabled: c.ClientIDAliasEnabled,
		ClientName: c.ClientName, Description: c.Description, ClientURI: c.ClientURI, LogoURI: c.LogoURI, PolicyURI: c.PolicyURI,
		TosURI: c.TosURI, ClientType: c.ClientType, ApplicationType: c.ApplicationType, Attributes: c.Attributes,
		RedirectURIs: c.RedirectURIs, AuthTimeRequired: c.AuthTimeRequired,
	}
}

// serviceView is what the pages may know of the service. Members that the API always writes have their values: an excerpt must
// not say that a setting is off that is on.
func serviceView(s *authlete.Service) *authlete.Service {
	return &authlete.Service{
		ServiceName: s.ServiceName, Issuer: s.Issuer, LogoURI: s.LogoURI, PolicyURI: s.PolicyURI, TosURI: s.TosURI,
		AccessTokenDuration: s.AccessTokenDuration, RefreshTokenDuration: s.RefreshTokenDuration, IDTokenDuration: s.IDTokenDuration,
		AuthorizationResponseDuration: s.AuthorizationResponseDuration, RefreshTokenKept: s.RefreshTokenKept,
		RefreshTokenDurationKept: s.RefreshTokenDurationKept, PkceRequired: s.PkceRequired, PkceS256Required: s.PkceS256Required,
		ClientIDAliasEnabled: s.ClientIDAliasEnabled, ScopeRequired: s.ScopeRequired, IssSuppressed: s.IssSuppressed,
		ErrorURIOmitted: s.ErrorURIOmitted, ErrorDescriptionOmitted: s.ErrorDescriptionOmitted,
		RefreshTokenIdempotent: s.RefreshTokenIdempotent, MissingClientIDAllowed: s.MissingClientIDAllowed,
	}
}

func scopeViews(names []string, service *authlete.Service) []authlete.Scope {
	var views []authlete.Scope
	for _, name := range names {
		for _, scope := range service.SupportedScopes {
			if scope.Name == name {
				views = append(views, scope)
			}
		}
	}
	return views
}
