package interaction

import (
	"slices"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/session"
)

// Kind is what comes next.
type Kind int

// Kinds of steps.
const (
	// Issue grants the request.
	Issue Kind = iota
	// LogIn asks for a login.
	LogIn
	// Choose asks whether to go on with the account that is logged in.
	Choose
	// Consent asks for permission.
	Consent
	// Refuse refuses the request, whoever decides.
	Refuse
)

// Step is what comes next, and in the terms of the fail API why the request cannot be granted without it.
type Step struct {
	Kind   Kind
	Reason authlete.AuthorizationFailReason
}

// Rules are those of the server.
type Rules struct {
	// Remember keeps consent for the session; otherwise it is asked for each time.
	Remember bool
	// Class is the authentication context class of every login; empty if logins have none.
	Class string
}

// state is what the checks look at.
type state struct {
	in    *Interaction
	s     *session.Session
	rules Rules
	now   time.Time
}

// check returns the reason why something is needed; "" if it is not.
type check struct {
	kind   Kind
	reason func(state) authlete.AuthorizationFailReason
}

// interactive are the checks for people who can be asked: what they cannot change comes first.
func interactive() [5]check {
	return [...]check{{Refuse, refusal}, {Refuse, classProblem}, {LogIn, loginProblem}, {Choose, choiceProblem}, {Consent, consentProblem}}
}

// silent are the checks for prompt=none, in the order of Authlete's guide, after what nobody could change.
func silent() [5]check {
	return [...]check{{Refuse, refusal}, {LogIn, loginProblem}, {Refuse, classProblem}, {Choose, choiceProblem}, {Consent, consentProblem}}
}

// Next returns what a request needs from the person; s is nil if nobody is logged in.
func Next(in *Interaction, s *session.Session, rules Rules, now time.Time) Step {
	return first(interactive(), state{in, s, rules, now})
}

// Silent is Next for a request that may ask nobody.
func Silent(in *Interaction, s *session.Session, rules Rules, now time.Time) Step {
	return first(silent(), state{in, s, rules, now})
}

func first(checks [5]check, st state) Step {
	for _, c := range checks {
		if reason := c.reason(st); reason != "" {
			return Step{Kind: c.kind, Reason: reason}
		}
	}
	return Step{Kind: Issue}
}

// refusal: nobody can allow what cannot be shown.
func refusal(st state) authlete.AuthorizationFailReason { return st.in.Refused }

// classProblem says why the class of logins does not do.
func classProblem(st state) authlete.AuthorizationFailReason {
	if !st.in.AcrEssential || len(st.in.Acrs) == 0 || st.rules.Class != "" && slices.Contains(st.in.Acrs, st.rules.Class) {
		return ""
	}
	return authlete.AuthorizationFailAcrNotSatisfied
}

// loginProblem says why the session does not do. A login in this interaction is fresh, however long its pages take.
func loginProblem(st state) authlete.AuthorizationFailReason {
	if st.s == nil {
		return authlete.AuthorizationFailNotLoggedIn
	}
	fresh := st.in.Login != "" && st.in.Login == st.s.ID
	switch {
	case st.in.FreshLogin && !fresh:
		return authlete.AuthorizationFailNotAuthenticated
	case st.in.MaxAge > 0 && !fresh && st.now.Unix()-st.s.AuthTime >= st.in.MaxAge:
		return authlete.AuthorizationFailExceedsMaxAge
	case st.in.Subject != "" && st.in.Subject != st.s.Subject:
		return authlete.AuthorizationFailDifferentSubject
	default:
		return ""
	}
}

// choiceProblem: with prompt=select_account, the person says which account it is.
func choiceProblem(st state) authlete.AuthorizationFailReason {
	if st.in.has(authlete.PromptSelectAccount) && (st.s == nil || st.in.chosen != st.s.Subject) {
		return authlete.AuthorizationFailAccountSelectionRequired
	}
	return ""
}

// consentProblem says whether the person must be asked. What is asked for in detail, a payment for example, is asked for each
// time, whoever the client is. A client whose identity nothing proves is not granted what another
// program was allowed before, or because it belongs to the service (RFC 8252, section 8.6).
func consentProblem(st state) authlete.AuthorizationFailReason {
	const required = authlete.AuthorizationFailConsentRequired
	switch {
	case st.s != nil && st.in.consented != "" && st.in.consented == st.s.Subject:
		return ""
	case st.in.has(authlete.PromptConsent) || st.in.Unproven || len(st.in.Details) > 0:
		return required
	case st.in.FirstParty:
		return ""
	case !st.rules.Remember || st.s == nil || !st.s.Allowed(st.in.Fingerprint()):
		return required
	default:
		return ""
	}
}
