package server_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/test/servertest"
)

// TestOutage: while Authlete is away relying parties can read the documents, the server stays ready, and clients are told to
// come back later at once; afterwards it works again by itself.
func TestOutage(t *testing.T) {
	t.Parallel()
	var away atomic.Bool
	s := servertest.Start(t, servertest.Options{Wire: &servertest.Wire{
		Version: credentials.V2,
		Between: func(engine http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if away.Load() {
					panic(http.ErrAbortHandler)
				}
				engine.ServeHTTP(w, r)
			})
		},
	}})
	client := s.Client(t, nil)
	token := func() answer {
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}
		return send(t, s, http.MethodPost, "/api/token", form, "app", client.ClientSecret)
	}
	documents := map[string]string{}
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/api/jwks"} {
		documents[path] = send(t, s, http.MethodGet, path, nil, "", "").body
	}
	away.Store(true)
	for range 10 { // the circuit opens meanwhile
		got := token()
		if got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" || !strings.Contains(got.body, `"temporarily_unavailable"`) {
			t.Fatalf("status %d, %v %s", got.StatusCode, got.Header, got.body)
		}
	}
	for path, document := range documents {
		if got := send(t, s, http.MethodGet, path, nil, "", ""); got.StatusCode != http.StatusOK || got.body != document || document == "" {
			t.Errorf("%s during the outage: status %d %s, before %s", path, got.StatusCode, got.body, document)
		}
	}
	for _, probe := range []string{"/readyz", "/healthz"} {
		recorder := httptest.NewRecorder()
		s.Handler.Metrics().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, probe, http.NoBody))
		if recorder.Code != http.StatusOK {
			t.Errorf("%s during the outage: %d %s", probe, recorder.Code, recorder.Body)
		}
	}
	away.Store(false)
	for end := time.Now().Add(20 * time.Second); token().StatusCode != http.StatusBadRequest; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not work again")
		}
	}
}

// rotation stands between a server and an engine that knows one secret: it accepts another one, too, and later no other.
type rotation struct {
	engine    http.Handler
	following string
	seen      atomic.Bool
	only      atomic.Bool
}

func (ro *rotation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch presented := r.Header.Get("Authorization"); {
	case presented == "Bearer "+ro.following:
		ro.seen.Store(true)
		r.Header.Set("Authorization", "Bearer "+servertest.WireSecret)
	case ro.only.Load():
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	ro.engine.ServeHTTP(w, r)
}

// TestCredentialsUnderLoad: other credentials are taken over while requests come in, and none of these fails.
func TestCredentialsUnderLoad(t *testing.T) {
	t.Parallel()
	const following = "following-secret-of-the-service"
	ro := &rotation{following: following}
	s := servertest.Start(t, servertest.Options{Wire: &servertest.Wire{
		Version: credentials.V3, Between: func(engine http.Handler) http.Handler { ro.engine = engine; return ro },
	}})
	var answered, failed atomic.Int64
	stop := make(chan struct{})
	var load sync.WaitGroup
	for range 4 {
		load.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				got := send(t, s, http.MethodPost, "/api/introspection", url.Values{"token": {"x"}}, "api", servertest.IntrospectionSecret)
				if answered.Add(1); got.StatusCode != http.StatusOK {
					failed.Add(1)
				}
			}
		})
	}
	await := func(what string, ok func() bool) {
		for end := time.Now().Add(20 * time.Second); !ok() && time.Now().Before(end); time.Sleep(time.Millisecond) {
		}
		if !ok() {
			t.Error("waited in vain: " + what)
		}
	}
	more := func() func() bool {
		from := answered.Load()
		return func() bool { return answered.Load() > from+100 }
	}
	await("requests with the first credentials", more())
	replaceSecret(t, filepath.Join(s.Dir, "authlete", "authlete.ini"), following)
	await("the following credentials", ro.seen.Load)
	ro.only.Store(true)
	await("requests with the following credentials", more())
	close(stop)
	load.Wait()
	if failed.Load() != 0 {
		t.Errorf("%d of %d requests failed: %s", failed.Load(), answered.Load(), s.Log())
	}
	if strings.Contains(s.Log(), following) {
		t.Error("the secret is in the log")
	}
}

// replaceSecret replaces the file in one step, as Kubernetes does.
func replaceSecret(t *testing.T, file, secret string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	content = bytes.ReplaceAll(content, []byte(servertest.WireSecret), []byte(secret))
	if err := os.WriteFile(file+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}
