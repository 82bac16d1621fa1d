package introspect_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/introspect"
)

// backend answers every question alike and notes it.
type backend struct {
	introspect.Backend

	asked []string
	// content replaces the JWT with which it answers.
	content string
}

func (b *backend) StandardIntrospection(
	_ context.Context, req *authlete.StandardIntrospectionRequest,
) (*authlete.StandardIntrospectionResponse, error) {
	b.asked = append(b.asked, req.Parameters)
	if b.content != "" {
		return &authlete.StandardIntrospectionResponse{Action: authlete.StandardIntrospectionOK, ResponseContent: b.content}, nil
	}
	return &authlete.StandardIntrospectionResponse{Action: authlete.StandardIntrospectionJWT, ResponseContent: "a.b.c"}, nil
}

// Revocation knows no client.
func (b *backend) Revocation(context.Context, *authlete.RevocationRequest) (*authlete.RevocationResponse, error) {
	return &authlete.RevocationResponse{Action: authlete.RevocationInvalidClient, ResponseContent: `{"error":"invalid_client"}`}, nil
}

// people are those who may use the server, by subject.
type people map[string]bool

func (p people) BySubject(subject string) *configv1alpha1.User {
	if !p[subject] {
		return nil
	}
	return &configv1alpha1.User{Subject: subject, Username: "alice"}
}

func open(b *backend, callers *introspect.Callers, users people) http.Handler {
	return introspect.New(introspect.Options{Backend: b, Callers: callers, Users: users})
}

// ask introspects with the credentials.
func ask(handler http.Handler, user, secret string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("token=x&token_type_hint=access_token"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if user != "" {
		r.SetBasicAuth(url.QueryEscape(user), url.QueryEscape(secret))
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func TestCallers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, secret string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path+".tmp", []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".tmp", path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	callers, err := introspect.OpenCallers([]configv1alpha1.IntrospectionCaller{
		{Name: "api:one", SecretFile: write("one", "first\n")}, {Name: "two", SecretFile: write("two", "second")},
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	asked := &backend{}
	handler := open(asked, callers, people{})
	for name, test := range map[string]struct {
		user, secret string
		status       int
	}{
		"right":            {"api:one", "first", 200},
		"the other":        {"two", "second", 200},
		"crossed":          {"two", "first", 401},
		"with the newline": {"api:one", "first\n", 401},
		"unknown":          {"three", "first", 401},
		"no secret":        {"api:one", "", 401},
		"nobody":           {"", "", 401},
	} {
		before := len(asked.asked)
		w := ask(handler, test.user, test.secret)
		if w.Code != test.status || (len(asked.asked) > before) != (test.status == 200) {
			t.Errorf("%s: %d, backend asked %v", name, w.Code, asked.asked)
		}
		if test.status == 401 && w.Header().Get("WWW-Authenticate") != `Basic realm="introspection"` {
			t.Errorf("%s: %v", name, w.Header())
		}
	}
	if asked.asked[0] != "token=x&token_type_hint=access_token" {
		t.Errorf("the backend got %q", asked.asked[0])
	}
	if w := ask(handler, "two", "second"); w.Header().Get("Content-Type") != "application/token-introspection+jwt" || w.Body.String() != "a.b.c" {
		t.Errorf("a JWT: %v %s", w.Header(), w.Body.String())
	}

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); callers.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	write("two", "changed")
	for deadline := time.Now().Add(10 * time.Second); ask(handler, "two", "changed").Code != http.StatusOK; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a changed secret is not seen")
		}
	}
	if ask(handler, "two", "second").Code != http.StatusUnauthorized {
		t.Error("the old secret still works")
	}
}

// TestNobodyMayAsk: without callers the endpoint is closed, and a missing or empty secret opens it to nobody.
func TestNobodyMayAsk(t *testing.T) {
	t.Parallel()
	callers, err := introspect.OpenCallers(nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if w := ask(open(&backend{}, callers, people{}), "api", "secret"); w.Code != http.StatusUnauthorized {
		t.Errorf("status %d", w.Code)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{empty, "/does/not/exist"} {
		caller := configv1alpha1.IntrospectionCaller{Name: "api", SecretFile: path}
		if _, err := introspect.OpenCallers([]configv1alpha1.IntrospectionCaller{caller}, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("OpenCallers accepted %s", path)
		}
	}
}

// TestPeopleWhoAreGone: a token outlives its person by nothing.
func TestPeopleWhoAreGone(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	callers, err := introspect.OpenCallers([]configv1alpha1.IntrospectionCaller{{Name: "api", SecretFile: secret}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	const inactive = `{"active":false}`
	for content, want := range map[string]string{
		`{"active":true,"sub":"1","token_type":"Bearer"}`:                     `{"active":true,"sub":"1","token_type":"Bearer","username":"alice"}`,
		`{"active":true,"sub":"2","token_type":"Bearer"}`:                     inactive,
		`{"active":true,"client_id":"app","token_type":"Bearer"}`:             `{"active":true,"client_id":"app","sub":"app","token_type":"Bearer"}`,
		`{"active":true,"sub":"app","client_id":"app","token_type":"Bearer"}`: inactive, // a person whose subject is a client's name
		`{"active":true,"sub":"1"}`:                                           inactive, // a refresh token
		inactive:                                                              inactive,
		`{"active":true,"sub":7,"token_type":"Bearer"}`:                       inactive,
		`{"active":true,"token_type":"Bearer"`:                                inactive,
	} {
		w := ask(open(&backend{content: content}, callers, people{"1": true}), "api", "secret")
		if w.Code != http.StatusOK || w.Body.String() != want {
			t.Errorf("%s became %d %s, want %s", content, w.Code, w.Body.String(), want)
		}
	}
}
