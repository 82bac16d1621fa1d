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

func sealer(t *testing.T, keys ...configv1alpha1.SealKey) *session.Sealer {
	t.Helper()
	data, err := json.Marshal(configv1alpha1.KeyRing{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keyring.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := session.OpenSealer(path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
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
			w := httptest.NewRecorder()
			if err := cookies.Write(w, cookies.New(users["1"])); err != nil {
				t.Fatal(err)
			}
			cookie := w.Result().Cookies()[0]
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
