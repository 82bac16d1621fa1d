package server_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/test/servertest"
)

// answer is a response with its body read.
type answer struct {
	*http.Response

	body string
}

// send sends a request without following redirects. headers are pairs.
func send(t *testing.T, s *servertest.Server, method, path string, form url.Values, user, secret string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if user != "" {
		request.SetBasicAuth(url.QueryEscape(user), url.QueryEscape(secret))
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return roundTrip(t, request)
}

// roundTrip sends a request and reads the body of the response.
func roundTrip(t *testing.T, request *http.Request) answer {
	t.Helper()
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response, string(body)}
}

// metrics returns the server's metrics as text.
func metrics(s *servertest.Server) string {
	w := httptest.NewRecorder()
	s.Handler.Metrics().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	return w.Body.String()
}

// awaitUsers waits until the server knows so many users.
func awaitUsers(t *testing.T, s *servertest.Server, count int) {
	t.Helper()
	want := fmt.Sprintf("\nauthserver_users %d\n", count)
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(metrics(s), want); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the server does not know %d users", count)
		}
	}
}

// TestRoutes: which methods each path takes, and what the others get.
func TestRoutes(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	for path, allow := range map[string]string{
		"/api/authorization": "GET, POST", "/api/authorization/decision": "POST", "/api/token": "OPTIONS, POST", "/api/jwks": "GET, HEAD, OPTIONS",
		"/api/revocation": "OPTIONS, POST", "/api/introspection": "POST", "/api/userinfo": "GET, HEAD, OPTIONS, POST",
		"/.well-known/openid-configuration": "GET, HEAD, OPTIONS", "/.well-known/oauth-authorization-server": "GET, HEAD, OPTIONS",
		"/healthz": "GET, HEAD", "/readyz": "GET, HEAD", "/favicon.ico": "GET, HEAD",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "PROPFIND"} {
			got := send(t, s, method, path, nil, "", "")
			taken := strings.Contains(" "+strings.ReplaceAll(allow, ",", "")+" ", " "+method+" ")
			if (got.StatusCode != http.StatusMethodNotAllowed) != taken {
				t.Errorf("%s %s: status %d, allowed are %s", method, path, got.StatusCode, allow)
			}
			if !taken && got.Header.Get("Allow") != allow {
				t.Errorf("%s %s: Allow is %q, want %q", method, path, got.Header.Get("Allow"), allow)
			}
		}
	}
	for _, path := range []string{"/", "/api", "/api/token/", "/api//token", "/api/../api/token", "//api/token", "/metrics", "/api/token/x", "/%61pi/nothing"} {
		got := send(t, s, http.MethodGet, path, nil, "", "")
		if got.StatusCode != http.StatusNotFound || got.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("GET %s: status %d, %v", path, got.StatusCode, got.Header)
		}
	}
}

// TestHead: the answer to HEAD has the headers of the one to GET, and no body.
func TestHead(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	for _, path := range []string{"/.well-known/openid-configuration", "/api/jwks", "/healthz", "/readyz"} {
		get, head := send(t, s, http.MethodGet, path, nil, "", ""), send(t, s, http.MethodHead, path, nil, "", "")
		if head.StatusCode != get.StatusCode || head.body != "" || get.body == "" || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") {
			t.Errorf("HEAD %s: %d %v %q, GET: %d %v", path, head.StatusCode, head.Header, head.body, get.StatusCode, get.Header)
		}
	}
}

// TestMetrics: every route, login and file shows.
func TestMetrics(t *testing.T) {
	t.Parallel()
	s, _, browser := start(t)
	page := browser.Submit(browser.Authorize(nil), map[string]string{"username": "alice", "password": "wrong", "authorized": "yes"})
	browser.LogIn(page, "alice")
	browser.Get("/api/nothing")
	text := metrics(s)
	for _, want := range []string{
		`authserver_http_requests_total{method="GET",route="/api/authorization",status="200"} 1`,
		`authserver_http_requests_total{method="POST",route="/api/authorization/decision",status="403"} 1`,
		`authserver_http_requests_total{method="POST",route="/api/authorization/decision",status="303"} 1`,
		`authserver_http_requests_total{method="GET",route="other",status="404"} 1`,
		`authserver_login_attempts_total{result="success"} 1`, `authserver_login_attempts_total{result="wrong"} 1`,
		`authserver_files_healthy{files="users"} 1`, `authserver_files_healthy{files="session-key-ring"} 1`, `authserver_users 3`, `go_goroutines`,
	} {
		if !strings.Contains(text, "\n"+want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

// TestReadiness follows the backend, and the end of the server.
func TestReadiness(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	if got := send(t, s, http.MethodGet, "/readyz", nil, "", ""); got.StatusCode != http.StatusOK {
		t.Errorf("ready: %d", got.StatusCode)
	}
	s.Handler.Drain()
	if got := send(t, s, http.MethodGet, "/readyz", nil, "", ""); got.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got.body, "draining") {
		t.Errorf("draining: %d %q", got.StatusCode, got.body)
	}
	if got := send(t, s, http.MethodGet, "/healthz", nil, "", ""); got.StatusCode != http.StatusOK {
		t.Errorf("alive: %d", got.StatusCode)
	}
	if got := send(t, s, http.MethodGet, "/api/jwks", nil, "", ""); got.StatusCode != http.StatusOK || !got.Close {
		t.Errorf("a request while draining: %d, connection closed %v", got.StatusCode, got.Close)
	}
}

// TestLargeBodies: what is too large is refused before the backend sees it.
func TestLargeBodies(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	large := url.Values{"x": {strings.Repeat("y", 100_000)}}
	for _, path := range []string{"/api/token", "/api/revocation", "/api/introspection"} {
		got := send(t, s, http.MethodPost, path, large, "api", servertest.IntrospectionSecret)
		if got.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(got.body, `"error":"invalid_request"`) {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.body)
		}
	}
	for _, path := range []string{"/api/authorization", "/api/authorization/decision"} {
		got := send(t, s, http.MethodPost, path, large, "", "")
		if got.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(got.body, "<h1>") {
			t.Errorf("%s: %d %.200s", path, got.StatusCode, got.body)
		}
	}
}

// TestPeopleGetPages: who follows a wrong link with a browser gets a page; programs get JSON.
func TestPeopleGetPages(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	const chrome = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
	for path, status := range map[string]int{"/": 404, "/login": 404, "/api/authorization/decision": 405, "/api/token": 405} {
		for accept, page := range map[string]bool{
			chrome: true, "text/html": true, "TEXT/HTML;q=0.5, application/json;q=0.4": true,
			"": false, "*/*": false, "application/json": false, "application/json, text/html;q=0.9": false, "text/html;q=0": false,
			"nonsense;;, text/html": true,
		} {
			got := send(t, s, http.MethodGet, path, nil, "", "", "Accept", accept)
			if got.StatusCode != status || strings.Contains(got.body, "<h1>") != page || strings.Contains(got.body, `"error"`) == page {
				t.Errorf("GET %s as %q: %d %.100s", path, accept, got.StatusCode, got.body)
			}
			if (got.Header.Get("Allow") != "") != (status == 405) {
				t.Errorf("GET %s: Allow %q", path, got.Header.Get("Allow"))
			}
		}
	}
	if got := send(t, s, http.MethodGet, "/favicon.ico", nil, "", ""); got.StatusCode != http.StatusNoContent {
		t.Errorf("the icon: %d", got.StatusCode)
	}
}

// TestTenantsOfOneHost: an issuer's path keeps everything below it, cookies included.
func TestTenantsOfOneHost(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Configure: func(c *configv1alpha1.ServerConfig) { c.Issuer += "/tenant" }})
	s.Client(t, nil)
	for path, status := range map[string]int{
		"/tenant/api/jwks": 200, "/api/jwks": 404, "/tenant/.well-known/oauth-authorization-server": 200, "/.well-known/oauth-authorization-server/tenant": 200,
		"/.well-known/oauth-authorization-server": 404, "/tenant/healthz": 404, "/healthz": 200,
	} {
		if got := send(t, s, http.MethodGet, path, nil, "", ""); got.StatusCode != status {
			t.Errorf("GET %s: %d, want %d", path, got.StatusCode, status)
		}
	}
}
