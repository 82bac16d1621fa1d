package server_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/test/servertest"
)

// TestCredentialsOnAFormAreChecked: what was typed decides, even if somebody logged in on another tab meanwhile.
func TestCredentialsOnAFormAreChecked(t *testing.T) {
	t.Parallel()
	s, client, browser := start(t)
	first, second := browser.Authorize(nil), browser.Authorize(nil)
	browser.LogIn(first, "alice")
	wrong := browser.Submit(second, map[string]string{"username": "bob", "password": "wrong", "authorized": "yes"})
	wantPage(t, wrong, http.StatusForbidden, "not correct")
	wantPage(t, wrong, http.StatusForbidden, `value="bob"`)
	for _, half := range []map[string]string{{"username": "bob", "authorized": "yes"}, {"password": servertest.Password, "authorized": "yes"}} {
		wantPage(t, browser.Submit(second, half), http.StatusForbidden, "enter your login ID")
	}
	// The second page was for who logs in on it, not for alice.
	page := browser.Submit(second, map[string]string{"authorized": "yes"})
	wantPage(t, page, http.StatusOK, "Hello Alice Adams")
	end := browser.LogIn(wrong, "bob")
	if subject := idTokenClaims(t, exchange(t, s, end, client))["sub"]; subject != "1002" {
		t.Errorf("bob logged in, and the ID token is for %v", subject)
	}
}

// TestConsentIsOfWhoLoggedIn: what one person allowed before opens nothing to another who logs in on that person's page.
func TestConsentIsOfWhoLoggedIn(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]map[string]string{
		"prompt=login": {"prompt": "login"}, "too old": {"max_age": "60"}, "max_age=0": {"max_age": "0"},
	} {
		s, client, browser := start(t)
		browser.LogIn(browser.Authorize(nil), "alice")
		s.Turn(2 * time.Minute)
		page := browser.LogIn(browser.Authorize(again), "bob")
		wantPage(t, page, http.StatusOK, "Permissions")
		wantPage(t, page, http.StatusOK, "Hello Bob Brown")
		end := browser.Submit(page, map[string]string{"authorized": "yes"})
		if subject := idTokenClaims(t, exchange(t, s, end, client))["sub"]; subject != "1002" {
			t.Errorf("%s: the ID token is for %v", name, subject)
		}
		// Whoever allowed it before and logs in again need not allow it again.
		s.Turn(2 * time.Minute)
		if end := browser.LogIn(browser.Authorize(again), "bob"); end.Location == nil {
			t.Errorf("%s: bob is asked again:\n%s", name, end.Body)
		}
	}
}

// TestOwnersBrowserGetsIn: wrong passwords of strangers behind the same address delay new browsers, not the one in which the
// account's owner logged in before.
func TestOwnersBrowserGetsIn(t *testing.T) {
	t.Parallel()
	s, _, owner := start(t)
	owner.LogIn(owner.Authorize(nil), "alice")
	stranger := s.NewBrowser(t)
	page := stranger.Authorize(nil)
	for range 5 {
		stranger.Submit(page, map[string]string{"username": "alice", "password": "guess", "authorized": "yes"})
	}
	wantPage(t, stranger.LogIn(stranger.Authorize(nil), "alice"), http.StatusTooManyRequests, "Too many attempts")
	if end := owner.LogIn(owner.Authorize(map[string]string{"prompt": "login"}), "alice"); end.Location == nil {
		t.Errorf("the owner's browser: %d\n%s", end.Status, end.Body)
	}
}

// TestPageOfAnotherPerson: a button that was pressed on one person's page does nothing for who is logged in meanwhile.
func TestPageOfAnotherPerson(t *testing.T) {
	t.Parallel()
	_, _, browser := start(t)
	browser.LogIn(browser.Authorize(nil), "alice")
	alices := browser.Authorize(map[string]string{"prompt": "consent"})
	wantPage(t, alices, http.StatusOK, "Hello Alice Adams")
	browser.LogIn(browser.Authorize(map[string]string{"prompt": "login"}), "bob")
	wantPage(t, browser.Submit(alices, map[string]string{"authorized": "yes"}), http.StatusOK, "Hello Bob Brown")
}

var sealed = regexp.MustCompile(`value="k1\.[^"]+"`)

// TestNamesStayInside: a stranger who asks for a person by the subject learns nothing: the page is the same for everybody,
// to the byte. Who has proof sees the name.
func TestNamesStayInside(t *testing.T) {
	t.Parallel()
	s, client, browser := start(t)
	idToken := exchange(t, s, browser.LogIn(browser.Authorize(nil), "alice"), client)["id_token"].(string)
	pages := map[string]bool{}
	for _, subject := range []string{"1001", "1002", "1003", "1000", "nobody"} {
		claims := `{"id_token":{"sub":{"value":"` + subject + `"}}}`
		for _, hint := range []string{"", idToken} {
			page := s.NewBrowser(t).Authorize(map[string]string{"claims": claims, "id_token_hint": hint})
			if page.Status != http.StatusOK {
				continue // a hint for another person than the claims demand
			}
			pages[sealed.ReplaceAllString(page.Body, "")] = true
			for _, leak := range []string{"alice", "bob", "carol", " readonly"} {
				if strings.Contains(page.Body, leak) {
					t.Errorf("subject %s: the page has %q", subject, leak)
				}
			}
		}
	}
	if len(pages) != 1 {
		t.Errorf("strangers see %d different pages", len(pages))
	}
	wantPage(t, s.NewBrowser(t).Authorize(map[string]string{"id_token_hint": idToken}), http.StatusOK, `value="alice"`)
	known := browser.Authorize(map[string]string{"claims": `{"id_token":{"sub":{"value":"1001"}}}`, "prompt": "login"})
	wantPage(t, known, http.StatusOK, `value="alice"`)
	// Nobody is stuck: on the page of an unknown subject one can type.
	unknown := s.NewBrowser(t)
	page := unknown.Authorize(map[string]string{"claims": `{"id_token":{"sub":{"value":"1000"}}}`})
	wantPage(t, unknown.LogIn(page, "alice"), http.StatusForbidden, "another account")
}

// ageless answers as Authlete does: max_age=0 and no max_age look alike.
type ageless struct{ authlete.Runtime }

func (a ageless) Authorization(ctx context.Context, req *authlete.AuthorizationRequest) (*authlete.AuthorizationResponse, error) {
	values, err := url.ParseQuery(req.Parameters)
	if err != nil {
		return nil, err
	}
	zero := values.Get("max_age") == "0"
	if zero {
		values.Del("max_age")
	}
	return a.Runtime.Authorization(ctx, &authlete.AuthorizationRequest{Parameters: values.Encode()})
}

// TestNoAgeIsADemand: max_age=0 demands a login, whatever the backend makes of it.
func TestNoAgeIsADemand(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Backend: func(runtime authlete.Runtime) authlete.Runtime { return ageless{runtime} }})
	s.Client(t, nil)
	browser := s.NewBrowser(t)
	browser.LogIn(browser.Authorize(nil), "alice")
	page := browser.Authorize(map[string]string{"max_age": "0"})
	wantPage(t, page, http.StatusOK, `name="password"`)
	if end := browser.LogIn(page, "alice"); end.Location == nil || end.Parameter(t, "code") == "" {
		t.Errorf("the login does not do: %d %s", end.Status, end.Body)
	}
	if end := browser.Authorize(map[string]string{"max_age": "0", "prompt": "none"}); end.Parameter(t, "error") != "login_required" {
		t.Errorf("prompt=none: %v", end.Location)
	}
}

// TestExpiredPageGoesOn: who sends a page that is too old gets it again, and ends at the application.
func TestExpiredPageGoesOn(t *testing.T) {
	t.Parallel()
	s, client, browser := start(t)
	for name, press := range map[string]map[string]string{
		"login": {"username": "alice", "password": servertest.Password, "authorized": "yes"}, "nothing": {}, "deny": {"denied": "yes"},
	} {
		page := browser.Authorize(map[string]string{"prompt": "login"})
		s.Turn(16 * time.Minute)
		again := browser.Submit(page, press)
		wantPage(t, again, http.StatusBadRequest, "had expired")
		end := browser.LogIn(again, "alice")
		if end.Parameter(t, "state") != "state-1" {
			t.Errorf("%s: %v", name, end.Location)
		}
		exchange(t, s, end, client)
	}
}

// TestDoubleClick: a form that is sent twice gets the same answer twice, at the same time and shortly after; the code works.
func TestDoubleClick(t *testing.T) {
	t.Parallel()
	for name, press := range map[string]map[string]string{
		"login": {"username": "alice", "password": servertest.Password, "authorized": "yes"}, "deny": {"denied": "yes"},
	} {
		s, client, browser := start(t)
		page := browser.Authorize(nil)
		ends := make([]servertest.Page, 6)
		var group sync.WaitGroup
		for i := range ends {
			group.Go(func() { ends[i] = browser.Submit(page, press) })
		}
		group.Wait()
		ends = append(ends, browser.Submit(page, press))
		for i, end := range ends {
			if end.Status != http.StatusSeeOther || end.Location == nil || end.Location.String() != ends[0].Location.String() {
				t.Fatalf("%s %d: %d %v\n%s", name, i, end.Status, end.Location, end.Body)
			}
		}
		if name == "login" {
			exchange(t, s, ends[0], client)
		}
		// Another browser, another decision, or a later one are none of the same.
		if got := s.NewBrowser(t).Submit(page, press); got.Location != nil {
			t.Errorf("%s: another browser got %v", name, got.Location)
		}
		s.Turn(11 * time.Second)
		if got := browser.Submit(page, press); name == "login" && got.Location != nil {
			t.Errorf("much later: %v", got.Location)
		}
	}
}

// TestUsedPageLeadsBack: who sends a used page finds the way to the application's site.
func TestUsedPageLeadsBack(t *testing.T) {
	t.Parallel()
	s, _, browser := start(t)
	page := browser.Authorize(nil)
	browser.LogIn(page, "alice")
	s.Turn(time.Minute)
	used := browser.LogIn(page, "alice")
	wantPage(t, used, http.StatusBadRequest, "used already")
	wantPage(t, used, http.StatusBadRequest, `href="https://app.example.com/"`)
}

// TestRefusalCanBeTraced: the page of a refused request names the line in the log, which has the redirect URI that was sent,
// bounded and escaped.
func TestRefusalCanBeTraced(t *testing.T) {
	t.Parallel()
	s, _, browser := start(t)
	for name, test := range map[string]struct{ sent, logged string }{
		"ordinary": {"https://app.example.com/cb/", "https://app.example.com/cb/"},
		"hostile":  {"https://evil.example.com/\n\x1b[31m\u202e" + strings.Repeat("x", 5000), `https://evil.example.com/\\n\\x1b[31m\\u202exxx`},
	} {
		page := browser.Authorize(map[string]string{"redirect_uri": test.sent, "code_challenge": "private-challenge"})
		wantPage(t, page, http.StatusBadRequest, "Reference: <code>"+page.Header.Get("X-Request-Id")+"</code>")
		line := ""
		for text := range strings.Lines(s.Log()) {
			if strings.Contains(text, `"requestId":"`+page.Header.Get("X-Request-Id")+`"`) {
				line = text
			}
		}
		if !strings.Contains(line, `"redirectUri":"`+test.logged) || len(line) > 1500 {
			t.Errorf("%s: the line is %s", name, line)
		}
	}
	if browser.Authorize(nil); strings.Contains(s.Log(), "https://app.example.com/callback") {
		t.Error("redirect URIs of accepted requests are in the log")
	}
}
