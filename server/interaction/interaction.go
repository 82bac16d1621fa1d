package interaction

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/details"
	"github.com/authserver-dev/operator/server/session"
)

// Interaction is a request that waits for a person. It is sealed into the page's form.
type Interaction struct {
	// Ticket stands for the request at the backend.
	Ticket string `json:"ticket"`
	// Parameters are the request, to begin it again; empty if it is too large to be carried along.
	Parameters string `json:"parameters,omitempty"`
	// Browser binds the form to the browser that asked for it.
	Browser string `json:"browser"`
	// Created is when the page was first shown, seconds since the epoch.
	Created int64 `json:"created"`

	// ClientID is what requests call the client; ClientNumber is never given to another one.
	ClientID     string `json:"client"`
	ClientNumber string `json:"number"`
	ClientName   string `json:"clientName,omitempty"`
	Description  string `json:"description,omitempty"`
	LogoURI      string `json:"logo,omitempty"`
	ClientURI    string `json:"uri,omitempty"`
	PolicyURI    string `json:"policy,omitempty"`
	TosURI       string `json:"tos,omitempty"`
	RedirectURI  string `json:"redirect,omitempty"`
	FirstParty   bool   `json:"firstParty,omitempty"`
	// Unproven says that anybody may take the client's place: an application without a secret that is native, or of which
	// the backend does not say what it is (Authlete 3.0 shows an excerpt of the client).
	Unproven   bool             `json:"unproven,omitempty"`
	Scopes     []authlete.Scope `json:"scopes,omitempty"`
	Claims     []string         `json:"claims,omitempty"`
	UserClaims []string         `json:"userClaims,omitempty"`
	// ScopeClaims are the claims that the scopes release; ScopesInIDToken puts them into the ID token, too.
	ScopeClaims     []string          `json:"scopeClaims,omitempty"`
	ScopesInIDToken bool              `json:"scopesInIDToken,omitempty"`
	ClaimsLocales   []string          `json:"locales,omitempty"`
	Prompts         []authlete.Prompt `json:"prompts,omitempty"`
	MaxAge          int64             `json:"maxAge,omitempty"`
	Subject         string            `json:"subject,omitempty"`
	// Hinted says that the subject comes from an ID token that the backend verified: whoever asks knows the person.
	Hinted       bool     `json:"hinted,omitempty"`
	LoginHint    string   `json:"hint,omitempty"`
	Acrs         []string `json:"acrs,omitempty"`
	AcrEssential bool     `json:"acrEssential,omitempty"`
	// AcrAsked says that the client asks which class the login has.
	AcrAsked bool `json:"acrAsked,omitempty"`
	// Details are what the client asks for beyond scopes and claims, in words. The page shows them.
	Details []details.Detail `json:"details,omitempty"`
	// Refused is not empty if the request is refused whatever the person says, and Why says to the client why.
	Refused authlete.AuthorizationFailReason `json:"refused,omitempty"`
	Why     string                           `json:"why,omitempty"`
	// FreshLogin demands a login in this interaction, whoever is logged in already.
	FreshLogin bool `json:"freshLogin,omitempty"`

	// Login is the session that began with a login in this interaction.
	Login string `json:"login,omitempty"`
	// Shown is what the page showed that the form belongs to.
	Shown Shown `json:"shown"`

	// chosen and consented are the subjects who chose their account, and allowed what was shown, with this submission.
	chosen, consented string
}

// Shown is what a page showed.
type Shown struct {
	// Subject is whom the page was for; empty if it asked to log in.
	Subject string `json:"subject,omitempty"`
	// Permissions says that it showed what the client asks for.
	Permissions bool `json:"permissions,omitempty"`
}

// maxParameters bounds the request that an interaction carries along: the form must fit into a request.
const maxParameters = 5 << 10

// New takes from the backend's response to a request what later steps need.
func New(response *authlete.AuthorizationResponse, parameters string, now time.Time) *Interaction {
	in := &Interaction{
		Ticket: response.Ticket, Created: now.Unix(), Scopes: response.Scopes, Claims: response.Claims, UserClaims: response.ClaimsAtUserInfo,
		ClaimsLocales: response.ClaimsLocales, Prompts: response.Prompts, MaxAge: response.MaxAge, Subject: response.Subject,
		LoginHint: response.LoginHint, Acrs: response.Acrs, AcrEssential: response.AcrEssential,
	}
	if len(parameters) <= maxParameters {
		in.Parameters = parameters
	}
	values := requested(parameters, response.RequestObjectPayload)
	in.describeClient(response.Client, values.Get("redirect_uri"))
	in.Hinted = hinted(values)
	in.ScopesInIDToken = scopesInIDToken(response.Client, values)
	in.AcrAsked = len(response.Acrs) > 0 || values.Get("acr_values") != "" || claimAsked(response.IDTokenClaims, "acr")
	in.demandGrantSubject(response.GrantSubject)
	in.describeDetails(response)
	in.FreshLogin = in.has(authlete.PromptLogin) || in.has(authlete.PromptCreate) || noAge(values.Get("max_age"))
	return in
}

// requested are the parameters of the request: those that it was sent with, and in their place those of its request object
// (OpenID Connect Core 1.0, section 6.3.3), as far as they are text or numbers.
func requested(parameters, requestObject string) url.Values {
	values, err := url.ParseQuery(parameters)
	if err != nil {
		values = url.Values{}
	}
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(requestObject), &members) != nil {
		return values
	}
	for name, member := range members {
		var text string
		var number json.Number
		switch {
		case json.Unmarshal(member, &text) == nil:
			values.Set(name, text)
		case json.Unmarshal(member, &number) == nil:
			values.Set(name, number.String())
		}
	}
	return values
}

// describeClient takes over what pages show of the client. It is sent where the request says, or to the only address that
// is registered.
func (in *Interaction) describeClient(c *authlete.Client, redirectURI string) {
	if c == nil {
		return
	}
	number := strconv.FormatInt(c.ClientID, 10)
	in.ClientID, in.ClientNumber, in.Description = cmp.Or(c.ClientIDAlias, number), number, c.Description
	in.ClientName = cmp.Or(c.ClientName, in.ClientID)
	in.LogoURI, in.ClientURI, in.PolicyURI, in.TosURI = c.LogoURI, c.ClientURI, c.PolicyURI, c.TosURI
	in.FirstParty = c.Attribute(authlete.AttributeFirstParty) == "true"
	in.Unproven = c.ClientType == authlete.ClientPublic && c.ApplicationType != authlete.ApplicationWeb
	in.RedirectURI = redirectURI
	if redirectURI == "" && len(c.RedirectURIs) == 1 {
		in.RedirectURI = c.RedirectURIs[0]
	}
}

// demandGrantSubject demands the person who gave the grant that the request changes. A request that demands another person,
// too, is refused.
func (in *Interaction) demandGrantSubject(subject string) {
	switch {
	case subject == "" || subject == in.Subject:
	case in.Subject == "":
		in.Subject, in.Hinted = subject, false
	default:
		in.Refused, in.Why = authlete.AuthorizationFailDifferentSubject, "The grant was given by another person."
	}
}

// describeDetails takes over what pages show beyond scopes and claims. Nobody can allow what cannot be shown.
func (in *Interaction) describeDetails(response *authlete.AuthorizationResponse) {
	var err error
	if in.Details, err = details.Of(response); err != nil {
		in.Refused, in.Why = authlete.AuthorizationFailDenied, "The request is refused: "+err.Error()+"."
	}
}

// hinted says whether a subject that the backend demands can only come from an ID token that it verified: the request has
// such a token and nothing else that could name a subject.
func hinted(values url.Values) bool {
	return values.Has("id_token_hint") && !values.Has("claims") && !values.Has("request") && !values.Has("request_uri")
}

// claimAsked says whether the id_token member of the claims parameter, JSON, names a claim.
func claimAsked(member, name string) bool {
	var claims map[string]json.RawMessage
	if json.Unmarshal([]byte(member), &claims) != nil {
		return false
	}
	_, asked := claims[name]
	return asked
}

// noAge says whether max_age is 0. Backends answer 0 for a request without max_age, too, so that the request decides.
func noAge(maxAge string) bool {
	seconds, err := strconv.ParseInt(maxAge, 10, 64)
	return err == nil && seconds == 0
}

func (in *Interaction) has(prompt authlete.Prompt) bool { return slices.Contains(in.Prompts, prompt) }

// ScopeNames returns the names of the requested scopes.
func (in *Interaction) ScopeNames() []string {
	var names []string
	for _, scope := range in.Scopes {
		names = append(names, scope.Name)
	}
	return names
}

// Fingerprint tells what the client asks for from anything else.
func (in *Interaction) Fingerprint() string {
	asked := [][]string{in.ScopeNames(), slices.Concat(in.Claims, in.UserClaims, in.ScopeClaims)}
	for _, detail := range in.Details {
		asked = append(asked, append([]string{detail.Title}, detail.Lines...))
	}
	return session.Consent(in.ClientNumber, asked...)
}
