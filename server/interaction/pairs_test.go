package interaction

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/session"
)

// browserState is who is logged in in a browser, with what that person allowed before.
type browserState struct {
	subject string
	allowed bool
	age     time.Duration
	id      string
}

func (b browserState) session(in *Interaction) *session.Session {
	if b.subject == "" {
		return nil
	}
	s := &session.Session{ID: b.id, Subject: b.subject, AuthTime: now().Add(-b.age).Unix()}
	if b.allowed {
		s.Remember(in.Fingerprint())
	}
	return s
}

// browserStates are all states that the tests combine.
func browserStates() []browserState {
	states := []browserState{{}}
	for _, subject := range []string{"alice", "bob"} {
		for _, allowed := range []bool{false, true} {
			for _, age := range []time.Duration{0, time.Hour} {
				states = append(states, browserState{subject, allowed, age, fmt.Sprint(subject, allowed, age)})
			}
		}
	}
	return states
}

// requests are kinds of requests.
func requests() map[string]Interaction {
	return map[string]Interaction{
		"ordinary": {}, "login": {FreshLogin: true}, "consent": {Prompts: []authlete.Prompt{authlete.PromptConsent}},
		"select": {Prompts: []authlete.Prompt{authlete.PromptSelectAccount}}, "age": {MaxAge: 60}, "alice": {Subject: "alice"},
		"first party": {FirstParty: true}, "unproven": {Unproven: true, FirstParty: true},
		"login and consent": {FreshLogin: true, Prompts: []authlete.Prompt{authlete.PromptLogin, authlete.PromptConsent}},
	}
}

// travel passes the interaction through the page's form.
func travel(t *testing.T, in *Interaction) *Interaction {
	t.Helper()
	data, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	back := &Interaction{}
	if err := json.Unmarshal(data, back); err != nil {
		t.Fatal(err)
	}
	return back
}

// TestPageAndDecisionAreTied: whatever the state of the browser when a page is drawn and when its form comes back, and whoever
// logs in on it, a request is granted only for a person whom the page was for, who pressed the button, and who was shown
// what is asked for or need not be asked; who must log in afresh did.
func TestPageAndDecisionAreTied(t *testing.T) {
	t.Parallel()
	granted := 0
	for name, request := range requests() {
		for _, drawn := range browserStates() {
			for _, submitted := range browserStates() {
				for _, typed := range []string{"", "alice", "bob"} {
					for _, authorized := range []bool{true, false} {
						c := pair{t, name, request, drawn, submitted, typed, authorized}
						if c.check() {
							granted++
						}
					}
				}
			}
		}
	}
	if granted < 100 {
		t.Errorf("only %d of the pairs were granted", granted)
	}
}

// pair is a page and a submission of its form.
type pair struct {
	t                *testing.T
	name             string
	in               Interaction
	drawn, submitted browserState
	// typed is who logs in on the form; empty if nobody does.
	typed      string
	authorized bool
}

func (c pair) check() (granted bool) {
	c.t.Helper()
	in := c.in
	page := in.Draw(c.drawn.session(&in), Rules{Remember: true}, now())
	back := travel(c.t, &in)
	who, sub := c.submitted.session(back), Submission{Authorized: c.authorized}
	if c.typed != "" {
		who, sub.LoggedIn = browserState{subject: c.typed, id: "new"}.session(back), true
	}
	step := back.Decide(sub, who, Rules{Remember: true}, now())
	if step.Kind != Issue {
		return false
	}
	complain := func(what string) {
		c.t.Errorf("%s: %s: drawn for %+v (%+v), submitted by %+v, %q typed", c.name, what, c.drawn, page, c.submitted, c.typed)
	}
	if !c.authorized {
		complain("nobody pressed the button")
	}
	if c.typed == "" && (page.LogIn || c.drawn.subject != who.Subject) {
		complain("the page was not for who gets the code")
	}
	if c.in.Subject != "" && who.Subject != c.in.Subject {
		complain("the request is for another person")
	}
	if fresh := c.typed != ""; !fresh && (c.in.FreshLogin || (c.in.MaxAge > 0 && c.submitted.age > time.Minute)) {
		complain("the login is not fresh")
	}
	allowedBefore := c.typed == "" && c.submitted.allowed
	mayBeSilent := !c.in.Unproven && !c.in.has(authlete.PromptConsent) && (c.in.FirstParty || allowedBefore)
	if !page.Permissions && !mayBeSilent {
		complain("the permissions were not shown")
	}
	if back.Consented(who) != page.Permissions {
		complain("a consent is remembered that was not given, or forgotten")
	}
	return true
}

// TestLoginOutlastsItsPages: who has just logged in is not asked again because the pages that follow take their time.
func TestLoginOutlastsItsPages(t *testing.T) {
	t.Parallel()
	in := &Interaction{MaxAge: 1, FreshLogin: true}
	in.Draw(nil, Rules{}, now())
	alice := browserState{subject: "alice", id: "s1"}.session(in)
	if step := in.Decide(Submission{LoggedIn: true}, alice, Rules{}, now()); step.Kind != Consent {
		t.Fatalf("after the login: %+v", step)
	}
	in.Draw(alice, Rules{}, now())
	in = travel(t, in)
	later := now().Add(time.Minute)
	if step := in.Decide(Submission{Authorized: true}, alice, Rules{}, later); step.Kind != Issue {
		t.Errorf("a minute later: %+v", step)
	}
	in.Switch()
	if step := Next(in, alice, Rules{}, later); step.Kind != LogIn {
		t.Errorf("after asking for another account: %+v", step)
	}
}
