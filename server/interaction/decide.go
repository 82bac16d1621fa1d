package interaction

import (
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/session"
)

// Page is what a page shows of an interaction.
type Page struct {
	// LogIn says that it asks to log in; otherwise it is for who is logged in.
	LogIn bool
	// Permissions says that it shows what the client asks for.
	Permissions bool
}

// Draw says what the page shows to the person of the session, nil if nobody is logged in, and notes it in the interaction.
func (in *Interaction) Draw(s *session.Session, rules Rules, now time.Time) Page {
	in.chosen, in.consented = "", ""
	st := state{in, s, rules, now}
	page := Page{LogIn: loginProblem(st) != "", Permissions: consentProblem(st) != ""}
	in.Shown = Shown{Permissions: page.Permissions}
	if !page.LogIn {
		in.Shown.Subject = s.Subject
	}
	return page
}

// Submission is what a form says.
type Submission struct {
	// LoggedIn says that the session began with the credentials on the form.
	LoggedIn bool
	// Authorized says that the button was pressed that agrees.
	Authorized bool
}

// Decide returns what comes after a form: Issue if the person of the session may have what the client asks for, and has
// agreed on a page that was for that person and showed it. Everything else needs another page.
func (in *Interaction) Decide(sub Submission, s *session.Session, rules Rules, now time.Time) Step {
	in.chosen, in.consented = "", ""
	if s == nil {
		return Step{Kind: LogIn, Reason: authlete.AuthorizationFailNotLoggedIn}
	}
	if sub.LoggedIn {
		in.Login = s.ID
	}
	agreed := sub.Authorized && (sub.LoggedIn || in.Shown.Subject == s.Subject)
	if agreed {
		in.chosen = s.Subject
		if in.Shown.Permissions {
			in.consented = s.Subject
		}
	}
	next := Next(in, s, rules, now)
	if next.Kind == Issue && !agreed {
		return Step{Kind: Choose, Reason: authlete.AuthorizationFailAccountSelectionRequired}
	}
	return next
}

// Consented says whether the person of the session allowed with this submission what was shown.
func (in *Interaction) Consented(s *session.Session) bool {
	return s != nil && in.consented == s.Subject
}

// Remember notes in the session what its person allowed with this submission. What was asked for in detail is for this
// occasion only.
func (in *Interaction) Remember(s *session.Session) {
	if in.Consented(s) && len(in.Details) == 0 {
		s.Remember(in.Fingerprint())
	}
}

// Switch demands a login of another person.
func (in *Interaction) Switch() {
	in.FreshLogin, in.Login, in.LoginHint = true, "", ""
}
