package authorize

import (
	"slices"
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

	ClientID      string            `json:"client"`
	ClientName    string            `json:"clientName,omitempty"`
	Description   string            `json:"description,omitempty"`
	LogoURI       string            `json:"logo,omitempty"`
	ClientURI     string            `json:"uri,omitempty"`
	PolicyURI     string            `json:"policy,omitempty"`
	TosURI        string            `json:"tos,omitempty"`
	ServiceName   string            `json:"service,omitempty"`
	RedirectURI   string            `json:"redirect,omitempty"`
	FirstParty    bool              `json:"firstParty,omitempty"`
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
func newInteraction(response *authlete.AuthorizationResponse, now time.Time) *Interaction {
	in := &Interaction{
		Ticket: response.Ticket, Created: now.Unix(), Scopes: response.Scopes, Claims: response.Claims, UserClaims: response.ClaimsAtUserInfo,
		ClaimsLocales: response.ClaimsLocales, Prompts: response.Prompts, MaxAge: response.MaxAge, Subject: response.Subject,
		LoginHint: response.LoginHint, Acrs: response.Acrs, AcrEssential: response.AcrEssential,
	}
	if c := response.Client; c != nil {
		in.ClientID, in.ClientName, in.Description = c.ClientIDAlias, c.ClientName, c.Description
		in.LogoURI, in.ClientURI, in.PolicyURI, in.TosURI = c.LogoURI, c.ClientURI, c.PolicyURI, c.TosURI
		in.FirstParty = c.Attribute(authlete.AttributeFirstParty) == "true"
	}
	if in.ClientName == "" {
		in.ClientName = in.ClientID
	}
	if s := response.Service; s != nil {
		in.ServiceName = s.ServiceName
	}
	in.FreshLogin = in.has(authlete.PromptLogin) || in.has(authlete.PromptCreate)
	return in
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
	return session.Consent(in.ClientID, in.scopeNames(), slices.Concat(in.Claims, in.UserClaims))
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

// consentNeeded says whether the person must be asked. remember is false where consent is asked every time.
func consentNeeded(in *Interaction, s *session.Session, remember bool) bool {
	switch {
	case in.has(authlete.PromptConsent):
		return true
	case in.FirstParty:
		return false
	default:
		return !remember || s == nil || !s.Allowed(in.consent())
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
