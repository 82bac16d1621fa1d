package authorize

import (
	"cmp"
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
	"github.com/authserver-dev/operator/server/engine/internal/scopes"
)

// maxEcho bounds texts that travel back to the client.
const maxEcho = 4096

// begin finds out where answers go: a refusal of it is shown to the user, never sent to an unproven redirect URI
// (RFC 6749, section 4.1.2.1).
func begin(values params.Values, client *registry.Client) (*Request, *oauth.Error) {
	identifier := values.Get("client_id")
	object := readRefusalOptions(values.Get("request"))
	request := &Request{
		ClientID: client.ClientID, AliasUsed: identifier == client.ClientIDAlias, State: cmp.Or(object.state, values.Get("state")),
		RedirectURISent: values.Has("redirect_uri"),
	}
	if client.Locked {
		return nil, oauth.NewError(oauth.UnauthorizedClient, "E007303", "The client is locked.")
	}
	var refusal *oauth.Error
	if request.RedirectURI, refusal = redirectURI(values, client); refusal != nil {
		return nil, refusal
	}
	if len(request.State) > maxEcho {
		return nil, oauth.NewError(oauth.InvalidRequest, "E011305", "'state' is longer than %d bytes.", maxEcho)
	}
	request.ResponseMode = answerMode(values, object.mode)
	return request, nil
}

// redirectURI returns the redirect URI that the request names, or the only one of the client.
func redirectURI(values params.Values, client *registry.Client) (string, *oauth.Error) {
	// What is refused anyway may have left its redirect URI to the request object, and may go to the only one there is.
	refused := unsupported(values)
	uri := values.Get("redirect_uri")
	switch {
	case uri != "" && !client.HasRedirectURI(uri):
		return "", oauth.NewError(oauth.InvalidRequest, "E011304", "The value of 'redirect_uri' is not registered for the client.")
	case uri != "":
		return uri, nil
	case refused != nil && len(client.RedirectURIs) != 1:
		return "", refused
	case refused == nil && slices.Contains(oauth.ParseScopes(values.Get("scope")), issue.ScopeOpenID):
		return "", oauth.NewError(oauth.InvalidRequest, "E011302", "An OpenID Connect request must have 'redirect_uri'.")
	case len(client.RedirectURIs) != 1:
		return "", oauth.NewError(oauth.InvalidRequest, "E011303", "'redirect_uri' is missing and the client has not exactly one registered.")
	default:
		return client.RedirectURIs[0], nil
	}
}

// answerMode is how the client expects answers to such a request: as its request object says, or else as its parameters do. It
// holds for refusals of the response type and of the response mode too (OAuth 2.0 Multiple Response Type Encoding Practices
// 1.0, section 5).
func answerMode(values params.Values, inObject string) string {
	request := Request{}
	request.ResponseType, _ = oauth.ResponseType(values.Get("response_type"))
	for _, mode := range []string{inObject, values.Get("response_mode")} {
		if mode == modeFragment || mode == modeFormPost {
			return mode
		}
		if mode == modeQuery {
			break
		}
	}
	if request.frontChannelTokens() {
		return modeFragment
	}
	return modeQuery
}

// validate checks the rest of a request whose redirect URI is proven.
func validate(request *Request, values params.Values, client *registry.Client, service *authlete.Service) *oauth.Error {
	steps := []func(*Request, params.Values, *registry.Client, *authlete.Service) *oauth.Error{
		checkUnsupported, checkResponse, checkScope, checkPKCE, checkOpenID, checkPrompt, checkMaxAge, checkClaims, checkPages,
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

func checkUnsupported(_ *Request, values params.Values, _ *registry.Client, _ *authlete.Service) *oauth.Error {
	return unsupported(values)
}

func checkScope(r *Request, values params.Values, client *registry.Client, service *authlete.Service) *oauth.Error {
	asked := scopes.Request{Client: client, Service: service, Parameter: values.Get("scope"), Code: "E010302"}
	if !client.MayUseGrant(service, authlete.GrantRefreshToken) {
		asked.Excluded = []string{issue.ScopeOfflineAccess}
	}
	var refusal *oauth.Error
	if r.Scopes, refusal = asked.Granted(); refusal != nil {
		return refusal
	}
	if slices.Contains(oauth.ParseScopes(asked.Parameter), issue.ScopeOpenID) && !r.openID() {
		return oauth.NewError(oauth.InvalidScope, "E010301", "The scope openid is not available to the client.")
	}
	return nil
}

func checkPKCE(r *Request, values params.Values, client *registry.Client, service *authlete.Service) *oauth.Error {
	challenge, method := values.Get("code_challenge"), values.Get("code_challenge_method")
	if challenge == "" {
		if method != "" {
			return oauth.NewError(oauth.InvalidRequest, "E014301", "'code_challenge_method' comes without 'code_challenge'.")
		}
		if r.wantsCode() && client.PKCERequired(service) {
			return oauth.NewError(oauth.InvalidRequest, "E014302", "'code_challenge' is required (RFC 7636).")
		}
		return nil
	}
	if method == "" {
		method = issue.ChallengePlain // RFC 7636, section 4.3
	}
	r.Challenge, r.ChallengeMethod = challenge, method
	return checkChallenge(r, client.PKCES256Required(service))
}

func checkChallenge(r *Request, s256Required bool) *oauth.Error {
	if r.ChallengeMethod != issue.ChallengeS256 && (r.ChallengeMethod != issue.ChallengePlain || s256Required) {
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
	if seconds == 0 && !r.demandLogin() {
		return oauth.NewError(oauth.LoginRequired, "E017302", "max_age=0 demands a login, prompt=none forbids it.")
	}
	return nil
}

// demandLogin makes the front end ask for a login; false if the request forbids to ask.
func (r *Request) demandLogin() bool {
	if slices.Contains(r.prompts, authlete.PromptNone) {
		return false
	}
	if !slices.Contains(r.prompts, authlete.PromptLogin) {
		r.prompts = append(r.prompts, authlete.PromptLogin)
	}
	return true
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
		r.addScopeClaims(service)
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
