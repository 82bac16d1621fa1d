package authorize

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/session"
)

// Interaction is a request that waits for a person. It is sealed into the page's form.
type Interaction struct {
	// Ticket stands for the request at the backend.
	Ticket string `json:"ticket"`
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
	Unproven      bool              `json:"unproven,omitempty"`
	Scopes        []authlete.Scope  `json:"scopes,omitempty"`
	Claims        []string          `json:"claims,omitempty"`
	UserClaims    []string          `json:"userClaims,omitempty"`
	ClaimsLocales []string          `json:"locales,omitempty"`
	Prompts       []authlete.Prompt `json:"prompts,omitempty"`
	MaxAge        int64             `json:"maxAge,omitempty"`
	Subject       string            `json:"subject,omitempty"`
	LoginHint     string            `json:"hint,omitempty"`
	Acrs          []string          `json:"acrs,omitempty"`
	AcrEssential  bool              `json:"acrEssential,omitempty"`
	// FreshLogin demands a login in this interaction, whoever is logged in already.
	FreshLogin bool `json:"freshLogin,omitempty"`
}

// newInteraction takes from the backend's response what later steps need.
func newInteraction(response *authlete.AuthorizationResponse, parameters string, now time.Time) *Interaction {
	in := &Interaction{
		Ticket: response.Ticket, Created: now.Unix(), Scopes: response.Scopes, Claims: response.Claims, UserClaims: response.ClaimsAtUserInfo,
		ClaimsLocales: response.ClaimsLocales, Prompts: response.Prompts, MaxAge: response.MaxAge, Subject: response.Subject,
		LoginHint: response.LoginHint, Acrs: response.Acrs, AcrEssential: response.AcrEssential,
	}
	if c := response.Client; c != nil {
		number := strconv.FormatInt(c.ClientID, 10)
		in.ClientID, in.ClientNumber, in.Description = cmp.Or(c.ClientIDAlias, number), number, c.Description
		in.ClientName = cmp.Or(c.ClientName, in.ClientID)
		in.LogoURI, in.ClientURI, in.PolicyURI, in.TosURI = c.LogoURI, c.ClientURI, c.PolicyURI, c.TosURI
		in.FirstParty = c.Attribute(authlete.AttributeFirstParty) == "true"
		in.Unproven = c.ClientType == authlete.ClientPublic && c.ApplicationType != authlete.ApplicationWeb
		in.RedirectURI = redirectURI(parameters, c.RedirectURIs)
	}
	in.FreshLogin = in.has(authlete.PromptLogin) || in.has(authlete.PromptCreate)
	return in
}

// redirectURI is where the person will be sent: what the request names, or the only one that is registered.
func redirectURI(parameters string, registered []string) string {
	values, err := url.ParseQuery(parameters)
	if err == nil && values.Get("redirect_uri") != "" {
		return values.Get("redirect_uri")
	}
	if len(registered) == 1 {
		return registered[0]
	}
	return ""
}

func (in *Interaction) has(prompt authlete.Prompt) bool { return slices.Contains(in.Prompts, prompt) }

// scopeNames returns the names of the requested scopes.
func (in *Interaction) scopeNames() []string {
	var names []string
	for _, scope := range in.Scopes {
		names = append(names, scope.Name)
	}
	return names
}

// consent is the fingerprint of what is asked for.
func (in *Interaction) consent() string {
	return session.Consent(in.ClientNumber, in.scopeNames(), slices.Concat(in.Claims, in.UserClaims))
}

// loginProblem says why the session does not do, in the terms of the fail API; "" if it does. The order of the checks
// is that of Authlete's guide for prompt=none.
func loginProblem(in *Interaction, s *session.Session, now time.Time) authlete.AuthorizationFailReason {
	switch {
	case s == nil:
		return authlete.AuthorizationFailNotLoggedIn
	case in.FreshLogin:
		return authlete.AuthorizationFailNotAuthenticated
	case in.MaxAge > 0 && now.Unix()-s.AuthTime >= in.MaxAge:
		return authlete.AuthorizationFailExceedsMaxAge
	case in.Subject != "" && in.Subject != s.Subject:
		return authlete.AuthorizationFailDifferentSubject
	default:
		return ""
	}
}

// acrSatisfied says whether what the request demands of the login can be met: this server vouches for no class.
func acrSatisfied(in *Interaction) bool { return !in.AcrEssential || len(in.Acrs) == 0 }

// consentNeeded says whether the person must be asked. remember is false where consent is asked every time. A client whose
// identity nothing proves is not let through on what another program was allowed before (RFC 8252, section 8.6).
func consentNeeded(in *Interaction, s *session.Session, remember bool) bool {
	switch {
	case in.has(authlete.PromptConsent):
		return true
	case in.FirstParty:
		return false
	default:
		return !remember || in.Unproven || s == nil || !s.Allowed(in.consent())
	}
}

// silentProblem decides a request with prompt=none: "" means that it may be granted.
func silentProblem(in *Interaction, s *session.Session, remember bool, now time.Time) authlete.AuthorizationFailReason {
	if problem := loginProblem(in, s, now); problem != "" {
		return problem
	}
	if !acrSatisfied(in) {
		return authlete.AuthorizationFailAcrNotSatisfied
	}
	if consentNeeded(in, s, remember) {
		return authlete.AuthorizationFailConsentRequired
	}
	return ""
}
