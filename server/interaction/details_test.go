package interaction

import (
	"encoding/json"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/session"
)

// asks returns an interaction of a request that asks for a payment, as the backend answers.
func asks(amount string, change func(*authlete.AuthorizationResponse)) *Interaction {
	response := &authlete.AuthorizationResponse{Ticket: "t", RichRequest: authlete.RichRequest{
		AuthorizationDetails: &authlete.AuthorizationDetails{
			Elements: []authlete.AuthorizationDetailsElement{{Type: "payment", OtherFields: `{"amount":"` + amount + `"}`}},
		},
	}}
	if change != nil {
		change(response)
	}
	return New(response, "", now())
}

// TestDetailsAreForOneOccasion: what is asked for in detail is asked for each time, of whomever and by whatever client, and is
// not remembered when it was allowed.
func TestDetailsAreForOneOccasion(t *testing.T) {
	t.Parallel()
	rules := Rules{Remember: true}
	for name, change := range map[string]func(*Interaction){
		"a client like others": func(*Interaction) {}, "a client of the service": func(in *Interaction) { in.FirstParty = true },
	} {
		in, s := asks("5", nil), loggedIn(0)
		change(in)
		s.Remember(in.Fingerprint()) // by whatever mistake
		if step := Next(in, s, rules, now()); step.Kind != Consent {
			t.Errorf("%s: the next step is %+v", name, step)
		}
		if step := Silent(in, s, rules, now()); step.Reason != authlete.AuthorizationFailConsentRequired {
			t.Errorf("%s, with prompt=none: %+v", name, step)
		}
		s.Consents = nil
		if !in.Draw(s, rules, now()).Permissions {
			t.Errorf("%s: the page does not show what is asked for", name)
		}
		if step := in.Decide(Submission{Authorized: true}, s, rules, now()); step.Kind != Issue {
			t.Errorf("%s: after it was allowed, the next step is %+v", name, step)
		}
		in.Remember(s)
		if len(s.Consents) != 0 {
			t.Errorf("%s: it is remembered", name)
		}
	}
	plain, s := New(&authlete.AuthorizationResponse{Ticket: "t"}, "", now()), loggedIn(0)
	plain.Draw(s, rules, now())
	plain.Decide(Submission{Authorized: true}, s, rules, now())
	plain.Remember(s)
	if !s.Allowed(plain.Fingerprint()) {
		t.Error("a request without details is not remembered")
	}
}

// TestDetailsSurviveTheForm: what the page showed is what the form brings back.
func TestDetailsSurviveTheForm(t *testing.T) {
	t.Parallel()
	in := asks("5", nil)
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	back := &Interaction{}
	if err := json.Unmarshal(text, back); err != nil {
		t.Fatal(err)
	}
	if back.Fingerprint() != in.Fingerprint() || len(back.Details) != 1 {
		t.Errorf("%+v came back as %+v", in.Details, back.Details)
	}
	if asks("99999", nil).Fingerprint() == in.Fingerprint() {
		t.Error("another amount is taken for the same")
	}
}

// TestRefused: a request with a part that cannot be shown, or for another person's grant, is refused whoever is logged in.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*authlete.AuthorizationResponse)
		want   authlete.AuthorizationFailReason
	}{
		"cannot be shown": {
			func(r *authlete.AuthorizationResponse) { r.AuthorizationDetails.Elements[0].OtherFields = "{" }, authlete.AuthorizationFailDenied,
		},
		"another person's grant": {
			func(r *authlete.AuthorizationResponse) { r.Subject, r.GrantSubject = "1", "2" }, authlete.AuthorizationFailDifferentSubject,
		},
	} {
		in := asks("5", test.change)
		for _, s := range []*session.Session{nil, loggedIn(0)} {
			interactive, silent := Next(in, s, Rules{}, now()), Silent(in, s, Rules{}, now())
			if interactive.Kind != Refuse || interactive.Reason != test.want || silent != interactive || in.Why == "" {
				t.Errorf("%s: %+v, %+v, because %q", name, interactive, silent, in.Why)
			}
		}
	}
}

// TestGrantSubject: a grant is changed by the person who gave it, whose name is not shown to strangers.
func TestGrantSubject(t *testing.T) {
	t.Parallel()
	response := &authlete.AuthorizationResponse{Ticket: "t", RichRequest: authlete.RichRequest{GrantSubject: "2"}}
	in := New(response, "id_token_hint=x", now())
	if in.Subject != "2" || in.Hinted || in.Refused != "" {
		t.Errorf("%+v", in)
	}
	if step := Next(in, loggedIn(0), Rules{}, now()); step.Kind != LogIn || step.Reason != authlete.AuthorizationFailDifferentSubject {
		t.Errorf("another person is logged in: %+v", step)
	}
	response.Subject = "2"
	if in := New(response, "id_token_hint=x", now()); in.Refused != "" || !in.Hinted {
		t.Errorf("the same person twice: %+v", in)
	}
}
