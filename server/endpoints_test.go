package server_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server"
	"github.com/authserver-dev/operator/test/servertest"
)

// closedToScripts are the endpoints that scripts of other sites may not use, and why.
func closedToScripts() map[string]string {
	return map[string]string{
		"/api/authorization":          "people use it, with cookies",
		"/api/authorization/decision": "people use it, with cookies",
		"/api/introspection":          "servers use it",
		"/healthz":                    "probes use it",
		"/readyz":                     "probes use it",
		"/favicon.ico":                "browsers use it",
	}
}

// TestScriptsOfAnyOrigin: every endpoint that is mounted is either open to scripts of any site, for whatever header they
// send, or has a reason to be closed.
func TestScriptsOfAnyOrigin(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	open := 0
	for _, endpoint := range s.Handler.Mounted() {
		reason := closedToScripts()[endpoint.Path]
		if (reason == "") != endpoint.AnyOrigin {
			t.Errorf("%s: open %v, reason to be closed: %q", endpoint.Path, endpoint.AnyOrigin, reason)
		}
		if endpoint.AnyOrigin {
			open++
		}
		checkOrigin(t, s, endpoint)
		checkPreflight(t, s, endpoint)
	}
	if open < 6 {
		t.Errorf("only %d endpoints are open", open)
	}
}

func checkOrigin(t *testing.T, s *servertest.Server, endpoint server.Mounted) {
	t.Helper()
	for _, method := range []string{"GET", "POST"} {
		got := send(t, s, method, endpoint.Path, nil, "", "", "Origin", "https://app.example.com")
		want := endpoint.AnyOrigin && slices.Contains(endpoint.Methods, method)
		if (got.Header.Get("Access-Control-Allow-Origin") == "*") != want || got.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s %s: %v", method, endpoint.Path, got.Header)
		}
	}
}

func checkPreflight(t *testing.T, s *servertest.Server, endpoint server.Mounted) {
	t.Helper()
	for asked, allowed := range map[string]string{
		"":                                      "",
		"authorization,content-type,dpop":       "authorization, content-type, dpop",
		"x-requested-with, X-B3-TraceId":        "x-requested-with, X-B3-TraceId",
		"a, b c, ,*, é, (d), e":                 "a, *, e",
		strings.Repeat("x", 70) + ", short":     "short",
		strings.Repeat("header, ", 200) + "end": strings.TrimSuffix(strings.Repeat("header, ", 32), ", "),
	} {
		got := send(t, s, http.MethodOptions, endpoint.Path, nil, "", "", "Origin", "https://app.example.com",
			"Access-Control-Request-Method", endpoint.Methods[0], "Access-Control-Request-Headers", asked)
		if !endpoint.AnyOrigin {
			if got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("OPTIONS %s: %d %v", endpoint.Path, got.StatusCode, got.Header)
			}
			return
		}
		if got.StatusCode != http.StatusNoContent || got.Header.Get("Access-Control-Allow-Origin") != "*" ||
			got.Header.Get("Access-Control-Allow-Headers") != allowed || got.body != "" {
			t.Errorf("OPTIONS %s for %.80q: %d %v", endpoint.Path, asked, got.StatusCode, got.Header)
		}
		for _, method := range endpoint.Methods {
			if !slices.Contains(strings.Split(got.Header.Get("Access-Control-Allow-Methods"), ", "), method) {
				t.Errorf("OPTIONS %s: methods %q lack %s", endpoint.Path, got.Header.Get("Access-Control-Allow-Methods"), method)
			}
		}
	}
}

// consuming counts the calls of the backend that a request without effect must not make.
type consuming struct {
	authlete.Runtime

	calls atomic.Int32
}

func (c *consuming) Authorization(ctx context.Context, req *authlete.AuthorizationRequest) (*authlete.AuthorizationResponse, error) {
	c.calls.Add(1)
	return c.Runtime.Authorization(ctx, req)
}

// TestHeadHasNoEffect: HEAD of the authorization endpoint issues nothing, to nobody.
func TestHeadHasNoEffect(t *testing.T) {
	t.Parallel()
	backend := &consuming{}
	s := servertest.Start(t, servertest.Options{Backend: func(runtime authlete.Runtime) authlete.Runtime {
		backend.Runtime = runtime
		return backend
	}})
	s.Client(t, nil)
	got := send(t, s, http.MethodHead, "/api/authorization?"+servertest.Query(nil).Encode(), nil, "", "")
	if got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") != "GET, POST" || backend.calls.Load() != 0 {
		t.Errorf("%d %v, %d calls", got.StatusCode, got.Header, backend.calls.Load())
	}
}

// TestContentTypes: an endpoint that reads a form takes nothing else, and says so with the status that its standard has.
func TestContentTypes(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	client := s.Client(t, nil)
	const form = "application/x-www-form-urlencoded"
	readers := map[string]url.Values{
		"/api/token":                  {"grant_type": {"client_credentials"}},
		"/api/revocation":             {"token": {"x"}},
		"/api/introspection":          {"token": {"x"}},
		"/api/userinfo":               {"access_token": {"x"}},
		"/api/authorization":          servertest.Query(nil),
		"/api/authorization/decision": {"interaction": {"x"}},
	}
	for _, endpoint := range s.Handler.Mounted() {
		if slices.Contains(endpoint.Methods, http.MethodPost) && readers[endpoint.Path] == nil {
			t.Errorf("POST %s is mounted, and this test does not know its form", endpoint.Path)
		}
	}
	for path, fields := range readers {
		user, secret := "app", client.ClientSecret
		switch path {
		case "/api/introspection":
			user, secret = "api", servertest.IntrospectionSecret
		case "/api/userinfo", "/api/authorization", "/api/authorization/decision":
			user, secret = "", ""
		}
		for contentType, accepted := range map[string]bool{
			form: true, form + "; charset=UTF-8": true, "APPLICATION/X-WWW-Form-URLencoded": true,
			"": false, "application/json": false, "text/plain": false, ";;": false, "multipart/form-data; boundary=x": false,
			form + ", " + form: false,
		} {
			got := send(t, s, http.MethodPost, path, fields, user, secret, "Content-Type", contentType)
			if refused := notAForm(path, got); refused == accepted || got.StatusCode == http.StatusUnsupportedMediaType {
				t.Errorf("POST %s as %q: %d %.200s", path, contentType, got.StatusCode, got.body)
			}
		}
	}
}

// notAForm says whether the answer says that the request is no form.
func notAForm(path string, got answer) bool {
	if strings.HasPrefix(path, "/api/authorization") {
		return got.StatusCode == http.StatusBadRequest && strings.Contains(got.body, "could not be read")
	}
	if path == "/api/userinfo" { // a body that is no form has no token
		return got.StatusCode == http.StatusUnauthorized && got.Header.Get("Www-Authenticate") == `Bearer realm="userinfo"`
	}
	return got.StatusCode == http.StatusBadRequest && strings.Contains(got.body, `"error":"invalid_request"`) && strings.Contains(got.body, "content type")
}

// TestOneTokenByOneMethod: a request to the userinfo endpoint has one access token, by one method (RFC 6750, section 2).
func TestOneTokenByOneMethod(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	const none, several, used = `Bearer realm="userinfo"`, `error="invalid_request"`, `error="invalid_token"`
	for name, test := range map[string]struct {
		method, query string
		form          url.Values
		headers       []string
		status        int
		challenge     string
	}{
		"header":             {"GET", "", nil, []string{"Bearer a"}, 401, used},
		"header of a POST":   {"POST", "", nil, []string{"Bearer a"}, 401, used},
		"body":               {"POST", "", url.Values{"access_token": {"a"}}, nil, 401, used},
		"nothing":            {"GET", "", nil, nil, 401, none},
		"query":              {"GET", "?access_token=a", nil, nil, 401, none},
		"another scheme":     {"GET", "", nil, []string{"Basic YTpi"}, 401, none},
		"body of a GET":      {"GET", "", url.Values{"access_token": {"a"}}, nil, 401, none},
		"header and body":    {"POST", "", url.Values{"access_token": {"a"}}, []string{"Bearer a"}, 400, several},
		"header and query":   {"GET", "?access_token=a", nil, []string{"Bearer a"}, 400, several},
		"body and query":     {"POST", "?access_token=a", url.Values{"access_token": {"a"}}, nil, 400, several},
		"twice in the body":  {"POST", "", url.Values{"access_token": {"a", "a"}}, nil, 400, several},
		"two headers":        {"GET", "", nil, []string{"Bearer a", "Bearer b"}, 400, several},
		"header of no token": {"GET", "", nil, []string{"Bearer "}, 401, none},
	} {
		got := askUserInfo(t, s, test.method, test.query, test.form, test.headers)
		if got.StatusCode != test.status || !strings.Contains(got.Header.Get("Www-Authenticate"), test.challenge) {
			t.Errorf("%s: %d %v", name, got.StatusCode, got.Header)
		}
	}
}

// askUserInfo sends a request to the userinfo endpoint with each of the Authorization headers.
func askUserInfo(t *testing.T, s *servertest.Server, method, query string, form url.Values, authorizations []string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/api/userinfo"+query, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	request.Header["Authorization"] = authorizations
	return roundTrip(t, request)
}
