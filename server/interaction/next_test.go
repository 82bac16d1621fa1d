package interaction

import (
	"strings"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/session"
)

// now is when the decisions of these tests are made.
func now() time.Time { return time.Unix(1_800_000_000, 0) }

// loggedIn is a session of the subject "1" that is so old.
func loggedIn(age time.Duration) *session.Session {
	return &session.Session{ID: "s", Subject: "1", AuthTime: now().Add(-age).Unix()}
}

// TestSilent holds prompt=none to the order of the checks: login, age, subject, class, consent.
func TestSilent(t *testing.T) {
	t.Parallel()
	allowed := func(in *Interaction) *session.Session {
		s := loggedIn(time.Minute)
		s.Remember(in.Fingerprint())
		return s
	}
	everything := Interaction{MaxAge: 30, Subject: "2", Acrs: []string{"gold"}, AcrEssential: true}
	for name, test := range map[string]struct {
		in      Interaction
		session func(*Interaction) *session.Session
		forget  bool
		want    authlete.AuthorizationFailReason
	}{
		"nobody":            {everything, func(*Interaction) *session.Session { return nil }, false, authlete.AuthorizationFailNotLoggedIn},
		"too old":           {everything, allowed, false, authlete.AuthorizationFailExceedsMaxAge},
		"just too old":      {Interaction{MaxAge: 60}, allowed, false, authlete.AuthorizationFailExceedsMaxAge},
		"just young enough": {Interaction{MaxAge: 61}, allowed, false, ""},
		"somebody else":     {Interaction{Subject: "2", Acrs: []string{"gold"}, AcrEssential: true}, allowed, false, authlete.AuthorizationFailDifferentSubject},
		"class":             {Interaction{Acrs: []string{"gold"}, AcrEssential: true}, allowed, false, authlete.AuthorizationFailAcrNotSatisfied},
		"voluntary class":   {Interaction{Acrs: []string{"gold"}}, allowed, false, ""},
		"not allowed yet": {
			Interaction{}, func(*Interaction) *session.Session { return loggedIn(0) }, false, authlete.AuthorizationFailConsentRequired,
		},
		"consent forgotten": {Interaction{}, allowed, true, authlete.AuthorizationFailConsentRequired},
		"first party": {
			Interaction{FirstParty: true}, func(*Interaction) *session.Session { return loggedIn(0) }, true, "",
		},
		"fresh login": {Interaction{FreshLogin: true}, allowed, false, authlete.AuthorizationFailNotAuthenticated},
		"choice": {
			Interaction{Prompts: []authlete.Prompt{authlete.PromptSelectAccount}},
			allowed, false,
			authlete.AuthorizationFailAccountSelectionRequired,
		},
		"native application": {Interaction{Unproven: true}, allowed, false, authlete.AuthorizationFailConsentRequired},
		"all is well":        {Interaction{Subject: "1", MaxAge: 3600, Scopes: []authlete.Scope{{Name: "openid"}}}, allowed, false, ""},
	} {
		in := test.in
		if got := Silent(&in, test.session(&in), Rules{Remember: !test.forget}, now()).Reason; got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestConsentNeeded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		in       Interaction
		remember bool
		want     bool
	}{
		"allowed before":        {Interaction{}, true, false},
		"asked for":             {Interaction{Prompts: []authlete.Prompt{authlete.PromptConsent}}, true, true},
		"asked of first party":  {Interaction{Prompts: []authlete.Prompt{authlete.PromptConsent}, FirstParty: true}, true, true},
		"first party":           {Interaction{FirstParty: true}, false, false},
		"first party, unproven": {Interaction{FirstParty: true, Unproven: true}, true, true},
		"always":                {Interaction{}, false, true},
		"unproven":              {Interaction{Unproven: true}, true, true},
		"another client number": {Interaction{ClientNumber: "2"}, true, true},
	} {
		s := loggedIn(0)
		s.Remember((&Interaction{}).Fingerprint())
		step := Next(&test.in, s, Rules{Remember: test.remember}, now())
		if (step.Kind == Consent) != test.want || (step.Kind == Issue) == test.want {
			t.Errorf("%s: %+v", name, step)
		}
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	registered := []string{"https://app.example.com/cb"}
	for name, test := range map[string]struct {
		parameters string
		client     authlete.Client
		prompts    []authlete.Prompt
		want       func(*Interaction) bool
	}{
		"alias": {"", authlete.Client{ClientID: 7, ClientIDAlias: "app"}, nil, func(in *Interaction) bool {
			return in.ClientID == "app" && in.ClientNumber == "7" && in.ClientName == "app"
		}},
		"no alias": {"", authlete.Client{ClientID: 7, ClientName: "App"}, nil, func(in *Interaction) bool {
			return in.ClientID == "7" && in.ClientName == "App"
		}},
		"named redirect URI": {
			"redirect_uri=https%3A%2F%2Fa.example.com",
			authlete.Client{RedirectURIs: registered},
			nil,
			func(in *Interaction) bool { return in.RedirectURI == "https://a.example.com" },
		},
		"only redirect URI": {
			"x=y", authlete.Client{RedirectURIs: registered}, nil, func(in *Interaction) bool { return in.RedirectURI == registered[0] },
		},
		"native": {
			"",
			authlete.Client{ClientType: authlete.ClientPublic, ApplicationType: authlete.ApplicationNative},
			nil,
			func(in *Interaction) bool { return in.Unproven },
		},
		"public, of no known kind": {
			"",
			authlete.Client{ClientType: authlete.ClientPublic},
			nil,
			func(in *Interaction) bool { return in.Unproven },
		},
		"browser application": {
			"",
			authlete.Client{ClientType: authlete.ClientPublic, ApplicationType: authlete.ApplicationWeb},
			nil,
			func(in *Interaction) bool { return !in.Unproven },
		},
		"first party": {
			"", authlete.Client{Attributes: []authlete.Pair{{Key: "first_party", Value: "true"}}}, nil, func(in *Interaction) bool { return in.FirstParty },
		},
		"prompt login":  {"", authlete.Client{}, []authlete.Prompt{authlete.PromptLogin}, func(in *Interaction) bool { return in.FreshLogin }},
		"prompt create": {"", authlete.Client{}, []authlete.Prompt{authlete.PromptCreate}, func(in *Interaction) bool { return in.FreshLogin }},
		"no age":        {"max_age=0", authlete.Client{}, nil, func(in *Interaction) bool { return in.FreshLogin }},
		"no age, zeros": {"max_age=000", authlete.Client{}, nil, func(in *Interaction) bool { return in.FreshLogin }},
		"an age":        {"max_age=10", authlete.Client{}, nil, func(in *Interaction) bool { return !in.FreshLogin }},
		"empty age":     {"max_age=", authlete.Client{}, nil, func(in *Interaction) bool { return !in.FreshLogin }},
		"hint":          {"id_token_hint=x", authlete.Client{}, nil, func(in *Interaction) bool { return in.Hinted }},
		"hint, claims":  {"id_token_hint=x&claims=%7B%7D", authlete.Client{}, nil, func(in *Interaction) bool { return !in.Hinted }},
		"hint, object":  {"id_token_hint=x&request=y", authlete.Client{}, nil, func(in *Interaction) bool { return !in.Hinted }},
		"claims":        {"claims=%7B%7D", authlete.Client{}, nil, func(in *Interaction) bool { return !in.Hinted }},
		"carried along": {"a=b", authlete.Client{}, nil, func(in *Interaction) bool { return in.Parameters == "a=b" }},
		"too large":     {"a=" + strings.Repeat("b", maxParameters), authlete.Client{}, nil, func(in *Interaction) bool { return in.Parameters == "" }},
		"no prompt":     {"", authlete.Client{}, nil, func(in *Interaction) bool { return !in.FreshLogin }},
	} {
		in := New(&authlete.AuthorizationResponse{Client: &test.client, Prompts: test.prompts}, test.parameters, now())
		if !test.want(in) {
			t.Errorf("%s: %+v", name, in)
		}
	}
	if in := New(&authlete.AuthorizationResponse{Ticket: "t"}, "", now()); in.Ticket != "t" || in.Created != now().Unix() {
		t.Errorf("without a client: %+v", in)
	}
}
