package authorize

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/params"
	"github.com/authserver-dev/operator/server/engine/internal/registry"
)

// maxEcho bounds texts that travel back to the client.
const maxEcho = 4096

// begin finds out where answers go: a refusal of it is shown to the user, never sent to an unproven redirect URI
// (RFC 6749, section 4.1.2.1).
func begin(values params.Values, client *registry.Client) (*Request, *oauth.Error) {
	identifier := values.Get("client_id")
	request := &Request{ClientID: client.ClientID, AliasUsed: identifier == client.ClientIDAlias, State: values.Get("state")}
	if client.Locked {
		return nil, oauth.NewError(oauth.UnauthorizedClient, "E007303", "The client is locked.")
	}
	request.RedirectURI, request.RedirectURISent = values.Get("redirect_uri"), values.Has("redirect_uri")
	switch {
	case request.RedirectURISent && !client.HasRedirectURI(request.RedirectURI):
		return nil, oauth.NewError(oauth.InvalidRequest, "E011304", "The value of 'redirect_uri' is not registered for the client.")
	case request.RedirectURISent:
	case slices.Contains(strings.Fields(values.Get("scope")), issue.ScopeOpenID):
		return nil, oauth.NewError(oauth.InvalidRequest, "E011302", "An OpenID Connect request must have 'redirect_uri'.")
	case len(client.RedirectURIs) != 1:
		return nil, oauth.NewError(oauth.InvalidRequest, "E011303", "'redirect_uri' is missing and the client has not exactly one registered.")
	default:
		request.RedirectURI = client.RedirectURIs[0]
	}
	if len(request.State) > maxEcho {
		return nil, oauth.NewError(oauth.InvalidRequest, "E011305", "'state' is longer than %d bytes.", maxEcho)
	}
	request.ResponseMode = answerMode(values)
	return request, nil
}

// answerMode is how the client expects answers to such a request. It holds for refusals of the response type and of the
// response mode too (OAuth 2.0 Multiple Response Type Encoding Practices 1.0, section 5).
func answerMode(values params.Values) string {
	request := Request{}
	request.ResponseType, _ = oauth.ResponseType(values.Get("response_type"))
	switch mode := values.Get("response_mode"); {
	case mode == modeFragment, mode == modeFormPost:
		return mode
	case request.frontChannelTokens():
		return modeFragment
	default:
		return modeQuery
	}
}

// validate checks the rest of a request whose redirect URI is proven.
func validate(request *Request, values params.Values, client *registry.Client, service *authlete.Service) *oauth.Error {
	steps := []func(*Request, params.Values, *registry.Client, *authlete.Service) *oauth.Error{
		checkResponse, checkUnsupported, checkScope, checkPKCE, checkOpenID, checkPrompt, checkMaxAge, checkClaims, checkPages,
	}
	for _, step := range steps {
		if refusal := step(request, values, client, service); refusal != nil {
			return refusal
		}
	}
	return nil
}

func checkResponse(r *Request, values params.Values, client *registry.Client, service *authlete.Service) *oauth.Error {
	if !values.Has("response_type") {
		return oauth.NewError(oauth.InvalidRequest, "E009301", "The request has no 'response_type'.")
	}
	responseType, ok := oauth.ResponseType(values.Get("response_type"))
	if !ok || !slices.Contains(service.SupportedResponseTypes, responseType) {
		return oauth.NewError(oauth.UnsupportedResponseType, "E009302", "The response type is not supported.")
	}
	r.ResponseType = responseType
	if !client.AllowsResponse(responseType) {
		return oauth.NewError(oauth.UnauthorizedClient, "E009303", "The client may not use this response type.")
	}
	if r.wantsCode() && !client.MayUseGrant(service, authlete.GrantAuthorizationCode) {
		return oauth.NewError(oauth.UnauthorizedClient, "E009304", "The client may not use the authorization code grant.")
	}
	if r.frontChannelTokens() && !client.MayUseGrant(service, authlete.GrantImplicit) {
		return oauth.NewError(oauth.UnauthorizedClient, "E009305", "Tokens from the authorization endpoint are not allowed to the client.")
	}
	return checkMode(r, values.Get("response_mode"))
}

func checkMode(r *Request, mode string) *oauth.Error {
	switch mode {
	case "", modeFragment, modeFormPost:
		return nil
	case modeQuery:
		if r.frontChannelTokens() {
			return oauth.NewError(oauth.InvalidRequest, "E012302", "Tokens are never sent in a query.")
		}
		return nil
	default:
		return oauth.NewError(oauth.InvalidRequest, "E012301", "The response mode is not supported; use query, fragment or form_post.")
	}
}

// checkUnsupported names what OpenID Connect Core 1.0, section 6 lets a server refuse.
func checkUnsupported(_ *Request, values params.Values, _ *registry.Client, _ *authlete.Service) *oauth.Error {
	switch {
	case values.Has("request"):
		return oauth.NewError(oauth.RequestNotSupported, "E008301", "Request objects are not supported.")
	case values.Has("request_uri"):
		return oauth.NewError(oauth.RequestURINotSupported, "E008302", "request_uri is not supported.")
	case values.Has("registration"):
		return oauth.NewError(oauth.RegistrationNotSupported, "E008303", "The registration parameter is not supported.")
	default:
		return nil
	}
}

// checkScope keeps the scopes that the client may have; unknown ones are dropped, as Authlete does.
func checkScope(r *Request, values params.Values, client *registry.Client, service *authlete.Service) *oauth.Error {
	requested := oauth.ParseScopes(values.Get("scope"))
	if len(requested) == 0 {
		requested = oauth.DefaultScopes(service)
	}
	r.Scopes = client.AllowedScopes(service, requested)
	if !client.MayUseGrant(service, authlete.GrantRefreshToken) {
		r.Scopes = slices.DeleteFunc(r.Scopes, func(s string) bool { return s == issue.ScopeOfflineAccess })
	}
	if slices.Contains(requested, issue.ScopeOpenID) && !r.openID() {
		return oauth.NewError(oauth.InvalidScope, "E010301", "The scope openid is not available to the client.")
	}
	if service.ScopeRequired && len(r.Scopes) == 0 {
		return oauth.NewError(oauth.InvalidScope, "E010302", "The request asks for no scope that the client may have.")
	}
	return nil
}

func checkPKCE(r *Request, values params.Values, client *registry.Client, service *authlete.Service) *oauth.Error {
	challenge, method := values.Get("code_challenge"), values.Get("code_challenge_method")
	if challenge == "" {
		if method != "" {
			return oauth.NewError(oauth.InvalidRequest, "E014301", "'code_challenge_method' comes without 'code_challenge'.")
		}
		if r.wantsCode() && (service.PkceRequired || client.ClientType == authlete.ClientPublic) {
			return oauth.NewError(oauth.InvalidRequest, "E014302", "'code_challenge' is required (RFC 7636).")
		}
		return nil
	}
	if method == "" {
		method = issue.ChallengePlain // RFC 7636, section 4.3
	}
	r.Challenge, r.ChallengeMethod = challenge, method
	return checkChallenge(r, service)
}

func checkChallenge(r *Request, service *authlete.Service) *oauth.Error {
	if r.ChallengeMethod != issue.ChallengeS256 && (r.ChallengeMethod != issue.ChallengePlain || service.PkceS256Required) {
		return oauth.NewError(oauth.InvalidRequest, "E014303", "The code challenge method must be S256.")
	}
	if !oauth.PKCEText(r.Challenge) {
		return oauth.NewError(oauth.InvalidRequest, "E014304", "'code_challenge' is malformed.")
	}
	return nil
}

func checkOpenID(r *Request, values params.Values, _ *registry.Client, _ *authlete.Service) *oauth.Error {
	r.Nonce = values.Get("nonce")
	if len(r.Nonce) > maxEcho {
		return oauth.NewError(oauth.InvalidRequest, "E015301", "'nonce' is longer than %d bytes.", maxEcho)
	}
	if !r.wantsIDToken() {
		return nil
	}
	if !r.openID() {
		return oauth.NewError(oauth.InvalidScope, "E015302", "An ID token needs the scope openid.")
	}
	if r.Nonce == "" {
		return oauth.NewError(oauth.InvalidRequest, "E015303", "'nonce' is required when the ID token comes from the authorization endpoint.")
	}
	return nil
}

func checkPrompt(r *Request, values params.Values, _ *registry.Client, _ *authlete.Service) *oauth.Error {
	for text := range strings.FieldsSeq(values.Get("prompt")) {
		prompt := authlete.Prompt(strings.ToUpper(text))
		switch prompt {
		case authlete.PromptNone, authlete.PromptLogin, authlete.PromptConsent, authlete.PromptSelectAccount:
		default:
			return oauth.NewError(oauth.InvalidRequest, "E016301", "The prompt value is not supported.")
		}
		if !slices.Contains(r.prompts, prompt) {
			r.prompts = append(r.prompts, prompt)
		}
	}
	if slices.Contains(r.prompts, authlete.PromptNone) && len(r.prompts) > 1 {
		return oauth.NewError(oauth.InvalidRequest, "E016302", "prompt=none excludes other prompt values.")
	}
	return nil
}

// checkMaxAge reads max_age. The API cannot tell 0 from absent, so that 0 becomes prompt=login, which means the same.
func checkMaxAge(r *Request, values params.Values, client *registry.Client, _ *authlete.Service) *oauth.Error {
	r.maxAge = client.DefaultMaxAge
	if !values.Has("max_age") {
		return nil
	}
	seconds, err := strconv.ParseInt(values.Get("max_age"), 10, 64)
	if err != nil || seconds < 0 || seconds > math.MaxInt32 {
		return oauth.NewError(oauth.InvalidRequest, "E017301", "'max_age' is not a number of seconds.")
	}
	r.maxAge = seconds
	if seconds > 0 || slices.Contains(r.prompts, authlete.PromptLogin) {
		return nil
	}
	if slices.Contains(r.prompts, authlete.PromptNone) {
		return oauth.NewError(oauth.LoginRequired, "E017302", "max_age=0 demands a login, prompt=none forbids it.")
	}
	r.prompts = append(r.prompts, authlete.PromptLogin)
	return nil
}

func checkClaims(r *Request, values params.Values, client *registry.Client, service *authlete.Service) *oauth.Error {
	r.acrs = strings.Fields(values.Get("acr_values"))
	if len(r.acrs) == 0 {
		r.acrs = slices.Clone(client.DefaultAcrs)
	}
	if r.openID() {
		claims, refusal := parseClaims(values.Get("claims"))
		if refusal != nil {
			return refusal
		}
		if refusal := r.applyClaims(claims); refusal != nil {
			return refusal
		}
		r.addScopeClaims()
	}
	if !r.acrEssential {
		// What is asked for voluntarily and not supported is left out (OpenID Connect Core 1.0, section 3.1.2.1).
		r.acrs = slices.DeleteFunc(r.acrs, func(acr string) bool { return !slices.Contains(service.SupportedAcrs, acr) })
	}
	return nil
}

// checkPages reads what only the pages need.
func checkPages(r *Request, values params.Values, _ *registry.Client, _ *authlete.Service) *oauth.Error {
	r.display = "PAGE"
	if display := strings.ToUpper(values.Get("display")); slices.Contains([]string{"POPUP", "TOUCH", "WAP"}, display) {
		r.display = display
	}
	r.loginHint = values.Get("login_hint")
	r.uiLocales = strings.Fields(values.Get("ui_locales"))
	r.claimsLocales = strings.Fields(values.Get("claims_locales"))
	r.idTokenHint = values.Get("id_token_hint")
	return nil
}

// validURI says whether an Echo target parses; registration has checked it, this guards against a damaged record.
func validURI(uri string) bool {
	_, err := url.Parse(uri)
	return err == nil
}
