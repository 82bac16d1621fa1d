package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/test/servertest"
)

// These tests show that what the configuration says reaches the part of the server that it is for. Each uses a value that
// is not the default.

// eventually waits until the condition holds; the bound only guards against waiting for ever.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never happened: " + what)
		}
	}
}

// overwrite replaces a file of the server at once, as a kubelet does.
func overwrite(t *testing.T, s *servertest.Server, name, content string) {
	t.Helper()
	path := filepath.Join(s.Dir, name)
	if err := os.WriteFile(path+".next", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".next", path); err != nil {
		t.Fatal(err)
	}
}

// TestFilesAreFollowed: a running server takes over new users, a new key ring and new secrets of introspection callers, and
// says of each file whether it can be read.
func TestFilesAreFollowed(t *testing.T) {
	t.Parallel()
	s, _, browser := start(t)
	healthy := func(files string) bool {
		return strings.Contains(metrics(s), fmt.Sprintf("\nauthserver_files_healthy{files=%q} 1\n", files))
	}
	names := map[string]string{"users": "users/users-00.json", "session-key-ring": "keyring.json", "introspection-callers": "caller"}
	for files, name := range names {
		good, err := os.ReadFile(filepath.Join(s.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		overwrite(t, s, name, "")
		eventually(t, files+" is reported", func() bool { return !healthy(files) })
		for other := range names {
			if other != files && !healthy(other) {
				t.Errorf("%s is bad, and %s is reported", files, other)
			}
		}
		overwrite(t, s, name, string(good))
		eventually(t, files+" is good again", func() bool { return healthy(files) })
	}

	introspect := func(secret string) int {
		return send(t, s, http.MethodPost, "/api/introspection", url.Values{"token": {"t"}}, "api", secret).StatusCode
	}
	overwrite(t, s, "caller", "another-secret-of-the-caller")
	eventually(t, "the caller's new secret is taken", func() bool { return introspect("another-secret-of-the-caller") == http.StatusOK })
	if status := introspect(servertest.IntrospectionSecret); status != http.StatusUnauthorized {
		t.Errorf("the caller's old secret: %d", status)
	}

	browser.LogIn(browser.Authorize(nil), "alice")
	ring, err := json.Marshal(configv1alpha1.KeyRing{Keys: []configv1alpha1.SealKey{{ID: "k2", Key: make([]byte, 32)}}})
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, s, "keyring.json", string(ring))
	eventually(t, "sessions of a key that is gone end", func() bool { return browser.Authorize(nil).Location == nil })
}

// TestReadinessNeedsUsers: a server that could not read all users since its start takes no traffic, however its backend is.
func TestReadinessNeedsUsers(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Configure: func(c *configv1alpha1.ServerConfig) {
		if err := os.WriteFile(filepath.Join(c.Users.Directory, "users-01.json"), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}})
	ready := func() int {
		w := httptest.NewRecorder()
		s.Handler.Metrics().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", http.NoBody))
		return w.Code
	}
	if status := ready(); status != http.StatusServiceUnavailable {
		t.Errorf("with users that cannot be read: %d", status)
	}
	if err := os.Remove(filepath.Join(s.Dir, "users", "users-01.json")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server is ready", func() bool { return ready() == http.StatusOK })
}

// TestReadinessNeedsTheBackend: a server whose backend cannot serve takes no traffic, and says why in the log only.
func TestReadinessNeedsTheBackend(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Ready: func(context.Context) error { return errors.New("database.internal is away") }})
	w := httptest.NewRecorder()
	s.Handler.Metrics().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", http.NoBody))
	if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "database.internal") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if !strings.Contains(s.Log(), "database.internal") {
		t.Error("the log does not say why")
	}
}

// TestScheme: an issuer with https has cookies for https on this host only, and sends HSTS; one with http does not.
func TestScheme(t *testing.T) {
	t.Parallel()
	for issuer, secure := range map[string]bool{"https://login.example.com": true, "http://localhost:8080": false} {
		s := servertest.Start(t, servertest.Options{Configure: func(c *configv1alpha1.ServerConfig) { c.Issuer = issuer }})
		s.Client(t, nil)
		got := send(t, s, http.MethodGet, "/api/authorization?"+servertest.Query(nil).Encode(), nil, "", "")
		if len(got.Cookies()) == 0 {
			t.Fatalf("%s: no cookie: %d", issuer, got.StatusCode)
		}
		for _, cookie := range got.Cookies() {
			if cookie.Secure != secure || strings.HasPrefix(cookie.Name, "__Host-") != secure || !cookie.HttpOnly {
				t.Errorf("%s: cookie %s", issuer, cookie)
			}
		}
		if hsts := got.Header.Get("Strict-Transport-Security"); (hsts != "") != secure {
			t.Errorf("%s: HSTS %q", issuer, hsts)
		}
	}
}

// TestServersOfOneHostHaveCookiesOfTheirOwn: cookies know no ports and no paths of issuers.
func TestServersOfOneHostHaveCookiesOfTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, path := range []string{"/one", "/two"} {
		s := servertest.Start(t, servertest.Options{Configure: func(c *configv1alpha1.ServerConfig) { c.Issuer = "https://login.example.com" + path }})
		s.Client(t, nil)
		for _, cookie := range send(t, s, http.MethodGet, path+"/api/authorization?"+servertest.Query(nil).Encode(), nil, "", "").Cookies() {
			if other := seen[cookie.Name]; other != "" {
				t.Errorf("%s and %s both have the cookie %s", other, path, cookie.Name)
			}
			seen[cookie.Name] = path
		}
	}
	if len(seen) < 2 {
		t.Errorf("cookies: %v", seen)
	}
}

// TestPageLifetime: a page can be submitted as long as the configuration says.
func TestPageLifetime(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Configure: func(c *configv1alpha1.ServerConfig) { c.Session.InteractionSeconds = 120 }})
	s.Client(t, nil)
	for age, accepted := range map[time.Duration]bool{119 * time.Second: true, 121 * time.Second: false} {
		browser := s.NewBrowser(t)
		page := browser.Authorize(nil)
		s.Turn(age)
		end := browser.LogIn(page, "alice")
		if got := end.Location != nil && end.Location.Query().Has("code"); got != accepted {
			t.Errorf("after %s: %d %v", age, end.Status, end.Location)
		}
	}
}

// TestProxies: behind a proxy that the configuration trusts, the log and the delays after wrong passwords are for the
// address that the proxy names; on the page and in the password grant alike.
func TestProxies(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Configure: func(c *configv1alpha1.ServerConfig) { c.TrustedProxies = []string{"127.0.0.0/8"} }})
	send(t, s, http.MethodGet, "/api/jwks", nil, "", "", "X-Forwarded-For", "203.0.113.7")
	if !strings.Contains(s.Log(), `"address":"203.0.113.7"`) {
		t.Errorf("the log does not name the caller:\n%s", s.Log())
	}
	w := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/jwks", http.NoBody)
	request.RemoteAddr = "198.51.100.9:1234"
	request.Header.Set("X-Forwarded-For", "203.0.113.8")
	s.Handler.Public().ServeHTTP(w, request)
	if strings.Contains(s.Log(), "203.0.113.8") || !strings.Contains(s.Log(), `"address":"198.51.100.9"`) {
		t.Errorf("somebody who is no proxy was believed:\n%s", s.Log())
	}
}

// TestDelaysOfTheLoginPage: the configuration's free attempts and longest delay hold on the page, and they count for where
// the browser is: the owner logs in from elsewhere.
func TestDelaysOfTheLoginPage(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Configure: func(c *configv1alpha1.ServerConfig) {
		c.TrustedProxies = []string{"127.0.0.0/8"}
		c.Login.FreeAttempts, c.Login.MaxDelaySeconds = new(int32(1)), 7
	}})
	s.Client(t, nil)
	browser := func(address string) *servertest.Browser {
		b := s.NewBrowser(t)
		b.Forwarded = address
		return b
	}
	guesser := browser("203.0.113.7")
	guess := func() servertest.Page {
		return guesser.Submit(guesser.Authorize(nil), map[string]string{"username": "alice", "password": "wrong", "authorized": "yes"})
	}
	free, longest := 0, 0
	for delayed := 0; delayed < 6; {
		page := guess()
		if page.Status == http.StatusForbidden {
			if delayed == 0 {
				free++
			}
			continue
		}
		seconds, err := strconv.Atoi(page.Header.Get("Retry-After"))
		if page.Status != http.StatusTooManyRequests || err != nil {
			t.Fatalf("%d %v", page.Status, page.Header)
		}
		delayed, longest = delayed+1, max(longest, seconds)
		s.Turn(time.Duration(seconds) * time.Second)
	}
	if free != 1 || longest != 7 {
		t.Errorf("%d guesses without a delay, then %d seconds at most; want one, then 7 seconds", free, longest)
	}
	owner := browser("198.51.100.9")
	if end := owner.LogIn(owner.Authorize(nil), "alice"); end.Location == nil {
		t.Errorf("the owner cannot log in from another address: %d", end.Status)
	}
}
