package server_test

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/test/servertest"
)

// belongings are what a person and an application have.
type belongings struct {
	t       *testing.T
	s       *servertest.Server
	client  *authlete.Client
	browser *servertest.Browser
	code    servertest.Page
	tokens  map[string]any
	alice   configv1alpha1.User // as she is in the user files
}

func newBelongings(t *testing.T) *belongings {
	t.Helper()
	alice := servertest.Alice(t)
	s := servertest.Start(t, servertest.Options{Users: []configv1alpha1.User{alice}})
	client, browser := s.Client(t, nil), s.NewBrowser(t)
	s.Client(t, func(c *authlete.Client) { c.ClientIDAlias = "other" })
	b := &belongings{t: t, s: s, client: client, browser: browser, alice: alice}
	b.tokens = exchange(t, s, browser.LogIn(browser.Authorize(nil), "alice"), client)
	b.code = browser.Authorize(map[string]string{"prompt": "none"})
	return b
}

// session says whether the person need not log in. The other client outlives this one.
func (b *belongings) session() bool {
	end := b.browser.Authorize(map[string]string{"prompt": "none", "client_id": "other"})
	return end.Parameter(b.t, "error") != "login_required"
}

func (b *belongings) token(form url.Values) bool {
	status, _, _ := post(b.t, b.s, "/api/token", form, b.client.ClientIDAlias, b.client.ClientSecret)
	return status == http.StatusOK
}

// serves says whether something serves now, by its column in the table.
func (b *belongings) serves(column string) bool {
	switch column {
	case "session":
		return b.session()
	case "code":
		return b.token(url.Values{
			"grant_type": {"authorization_code"}, "code": {b.code.Parameter(b.t, "code")}, "redirect_uri": {"https://app.example.com/callback"},
		})
	case "access token":
		asked := url.Values{"token": {b.tokens["access_token"].(string)}}
		_, _, answer := post(b.t, b.s, "/api/introspection", asked, "api", servertest.IntrospectionSecret)
		return answer["active"] == true
	case "refresh token":
		return b.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {b.tokens["refresh_token"].(string)}})
	default:
		provider, err := oidc.NewProvider(b.t.Context(), b.s.URL)
		if err != nil {
			b.t.Fatal(err)
		}
		verifier := provider.Verifier(&oidc.Config{ClientID: "app", SupportedSigningAlgs: []string{"ES256"}, Now: b.s.Now})
		_, err = verifier.Verify(b.t.Context(), b.tokens["id_token"].(string))
		return err == nil
	}
}

// setUsers writes the user files and waits until the server has read them, which shows in the session.
func (b *belongings) setUsers(session bool, users ...configv1alpha1.User) {
	b.t.Helper()
	b.s.SetUsers(b.t, users...)
	for deadline := time.Now().Add(time.Minute); b.session() != session; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("the session is %t, want %t", !session, session)
		}
	}
}

// event is a row of the table.
type event struct {
	happen func(*belongings)
	// undo is nil for what cannot be undone.
	undo func(*belongings)
}

func events() map[string]event {
	changed := func(b *belongings) {
		alice := b.alice
		alice.PasswordHash = servertest.Bob(b.t).PasswordHash
		b.setUsers(false, alice)
	}
	disabled := func(b *belongings) {
		alice := b.alice
		alice.Disabled = true
		b.setUsers(false, alice)
	}
	removed := func(b *belongings) { b.setUsers(false, servertest.Bob(b.t)) }
	back := func(b *belongings) { b.setUsers(true, b.alice) }
	revoked := func(change func(*belongings)) func(*belongings) {
		return func(b *belongings) {
			change(b)
			if _, err := b.s.Engine.TokenRevoke(b.t.Context(), &authlete.TokenRevokeRequest{Subject: "1001"}); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	return map[string]event{
		"password changed, by the operator":     {revoked(changed), nil},
		"password changed, by hand in the file": {changed, nil},
		"person disabled, by the operator":      {revoked(disabled), back},
		"person disabled, by hand in the file":  {disabled, back},
		"person removed, by the operator":       {revoked(removed), back},
		"person removed, by hand in the file":   {removed, back},
		"client removed": {func(b *belongings) {
			if err := b.s.Engine.ClientDelete(b.t.Context(), "app"); err != nil {
				b.t.Fatal(err)
			}
		}, nil},
	}
}

// TestWhatEndsWhen walks the table in docs/tokens.md.
func TestWhatEndsWhen(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/tokens.md")
	if err != nil {
		t.Fatal(err)
	}
	known, walked := events(), 0
	var columns []string
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if cells[0] == "event" && len(cells) == 6 {
			columns = cells
		}
		event, ok := known[cells[0]]
		if !ok || len(columns) == 0 {
			continue
		}
		walked++
		for i, cell := range cells[1:] {
			t.Run(cells[0]+": "+columns[i+1], func(t *testing.T) {
				t.Parallel()
				checkEnding(t, event, columns[i+1], cell)
			})
		}
	}
	if walked != len(known) {
		t.Errorf("%d of %d events are in the table", walked, len(known))
	}
}

// checkEnding lets the event happen to fresh belongings, since asking uses some of them up.
func checkEnding(t *testing.T, e event, column, cell string) {
	t.Helper()
	b := newBelongings(t)
	e.happen(b)
	if serves := b.serves(column); serves != (cell == "stays") {
		t.Errorf("it serves: %t, the table says %q", serves, cell)
	}
	if e.undo == nil {
		return
	}
	e.undo(b)
	if serves := b.serves(column); cell != "stays" && serves != (cell == "paused") {
		t.Errorf("when it is undone, it serves: %t, the table says %q", serves, cell)
	}
}
