package session_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/server/session"
)

func sealer(tb testing.TB, keys ...configv1alpha1.SealKey) *session.Sealer {
	tb.Helper()
	data, err := json.Marshal(configv1alpha1.KeyRing{Keys: keys})
	if err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(tb.TempDir(), "keyring.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	s, err := session.OpenSealer(path, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func key(id string) configv1alpha1.SealKey {
	return configv1alpha1.SealKey{ID: id, Key: []byte(strings.Repeat(id, 32)[:32])}
}

func TestSealer(t *testing.T) {
	t.Parallel()
	old, rotated, other := sealer(t, key("a")), sealer(t, key("b"), key("a")), sealer(t, key("b"))
	sealed, err := old.Seal(session.PurposeSession, "secret value")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(sealed, "secret") {
		t.Error("the value shows")
	}
	var got string
	if err := rotated.Open(session.PurposeSession, sealed, &got); err != nil || got != "secret value" {
		t.Errorf("after a rotation: %q, %v", got, err)
	}
	tampered := sealed[:len(sealed)-2] + "AA"
	for name, open := range map[string]func() error{
		"other purpose": func() error { return old.Open(session.PurposeInteraction, sealed, &got) },
		"key is gone":   func() error { return other.Open(session.PurposeSession, sealed, &got) },
		"tampered":      func() error { return old.Open(session.PurposeSession, tampered, &got) },
		"empty":         func() error { return old.Open(session.PurposeSession, "", &got) },
		"short":         func() error { return old.Open(session.PurposeSession, "a.AAAA", &got) },
	} {
		if err := open(); !errors.Is(err, session.ErrSealed) {
			t.Errorf("%s: %v, want ErrSealed", name, err)
		}
	}
}

type people map[string]*configv1alpha1.User

func (p people) BySubject(subject string) *configv1alpha1.User { return p[subject] }

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(people)
		after  time.Duration
		alive  bool
	}{
		"used at once":     {func(people) {}, 0, true},
		"used before idle": {func(people) {}, time.Hour, true},
		"idle too long":    {func(people) {}, time.Hour + time.Second, false},
		"user is disabled": {func(p people) { p["1"] = nil }, 0, false},
		"user is gone":     {func(p people) { delete(p, "1") }, 0, false},
		"password changed": {func(p people) { p["1"] = &configv1alpha1.User{Subject: "1", PasswordHash: "new"} }, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1_800_000_000, 0)
			users := people{"1": {Subject: "1", PasswordHash: "hash"}}
			cookies := session.NewCookies(session.Options{
				Sealer: sealer(t, key("a")), Users: users, Secure: true, Idle: time.Hour, Absolute: 3 * time.Hour, Clock: func() time.Time { return now },
			})
			cookie, err := cookies.Cookie(cookies.New(users["1"]))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(cookie.Name, "__Host-") || !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode {
				t.Errorf("the cookie is not protected: %+v", cookie)
			}
			test.change(users)
			now = now.Add(test.after)
			r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			r.AddCookie(cookie)
			if got, _ := cookies.Current(r); (got != nil) != test.alive {
				t.Errorf("Current = %+v, want alive %v", got, test.alive)
			}
		})
	}
}

// TestAbsoluteEnd: a session that is used all the time ends nevertheless.
func TestAbsoluteEnd(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	users := people{"1": {Subject: "1", PasswordHash: "hash"}}
	cookies := session.NewCookies(session.Options{
		Sealer: sealer(t, key("a")), Users: users, Idle: time.Hour, Absolute: 3 * time.Hour, Clock: func() time.Time { return now },
	})
	cookie, err := cookies.Cookie(cookies.New(users["1"]))
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.AddCookie(cookie)
		current, _ := cookies.Current(r)
		if current == nil {
			break
		}
		now = now.Add(45 * time.Minute)
		if cookie, err = cookies.Touch(current); err != nil {
			t.Fatal(err)
		}
	}
	if elapsed := now.Sub(time.Unix(1_800_000_000, 0)); elapsed <= 3*time.Hour || elapsed > 3*time.Hour+45*time.Minute {
		t.Errorf("the session ended after %s", elapsed)
	}
}

// TestTouch writes the cookie once a minute at most.
func TestTouch(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	cookies := session.NewCookies(session.Options{Sealer: sealer(t, key("a")), Clock: func() time.Time { return now }})
	s := cookies.New(&configv1alpha1.User{Subject: "1"})
	for name, test := range map[string]struct {
		after time.Duration
		want  bool
	}{"at once": {0, false}, "after a minute": {time.Minute, true}} {
		now = time.Unix(s.LastSeen, 0).Add(test.after)
		cookie, err := cookies.Touch(s)
		if err != nil {
			t.Fatal(err)
		}
		if (cookie != nil) != test.want {
			t.Errorf("%s: cookie %v, want one: %v", name, cookie, test.want)
		}
	}
}

// TestServersOfOneHost: two servers on one host keep their cookies apart.
func TestServersOfOneHost(t *testing.T) {
	t.Parallel()
	users := people{"1": {Subject: "1"}}
	ring := sealer(t, key("a"))
	names := map[string]bool{}
	for _, issuer := range []string{"https://login.example.com/a", "https://login.example.com/b"} {
		cookies := session.NewCookies(session.Options{Sealer: ring, Users: users, Secure: true, Issuer: issuer, Clock: time.Now})
		login, err := cookies.Cookie(cookies.New(users["1"]))
		if err != nil {
			t.Fatal(err)
		}
		browser, binding := cookies.Browser(httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		for _, cookie := range []*http.Cookie{login, binding} {
			names[cookie.Name] = true
			r.AddCookie(cookie)
		}
		if !cookies.HasCookies(r) || !cookies.SameBrowser(r, browser) || cookies.SameBrowser(r, browser+"x") || cookies.SameBrowser(r, "") {
			t.Error("the browser is not known again")
		}
		other := session.NewCookies(session.Options{Sealer: ring, Users: users, Secure: true, Issuer: issuer + "/c", Clock: time.Now})
		if other.HasCookies(r) {
			t.Error("another server takes the cookies for its own")
		}
	}
	if len(names) != 4 {
		t.Errorf("the names are %v, want 4 different ones", names)
	}
}

func FuzzOpen(f *testing.F) {
	ring := sealer(f, key("a"))
	sealed, err := ring.Seal(session.PurposeSession, &session.Session{ID: "x"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add("a.")
	f.Add(".")
	f.Fuzz(func(t *testing.T, text string) {
		var into session.Session
		if err := ring.Open(session.PurposeInteraction, text, &into); !errors.Is(err, session.ErrSealed) {
			t.Errorf("Open(%q) = %v", text, err)
		}
	})
}

func FuzzKeyRing(f *testing.F) {
	f.Add([]byte(`{"keys":[{"id":"a","key":"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="}]}`))
	f.Add([]byte(`{"keys":[]}`))
	f.Add([]byte(`{"keys":[{"id":"A","key":""}]}`))
	path := filepath.Join(f.TempDir(), "keyring.json")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		ring, err := session.OpenSealer(path, time.Now, slog.New(slog.DiscardHandler))
		if (ring == nil) == (err == nil) {
			t.Errorf("OpenSealer = %v, %v", ring, err)
		}
	})
}

func TestConsent(t *testing.T) {
	t.Parallel()
	given := session.Consent("app", []string{"openid", "email"}, []string{"name"})
	s := &session.Session{}
	s.Remember(given)
	if !s.Allowed(session.Consent("app", []string{"email", "openid"}, []string{"name"})) {
		t.Error("the order of scopes matters")
	}
	for name, other := range map[string]string{
		"more scopes":  session.Consent("app", []string{"openid", "email", "phone"}, []string{"name"}),
		"more claims":  session.Consent("app", []string{"openid", "email"}, []string{"name", "birthdate"}),
		"other client": session.Consent("evil", []string{"openid", "email"}, []string{"name"}),
		"joined names": session.Consent("app", []string{"openid email"}, []string{"name"}),
		"moved names":  session.Consent("app", []string{"openid", "email", "name"}, nil),
	} {
		if s.Allowed(other) {
			t.Errorf("%s: allowed", name)
		}
	}
	for i := range 100 {
		s.Remember(session.Consent("app", []string{strings.Repeat("x", i)}, nil))
	}
	if len(s.Consents) > 24 {
		t.Errorf("%d consents make the cookie too large", len(s.Consents))
	}
}
