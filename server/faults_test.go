package server_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/test/servertest"
)

// inside stands in every answer of a broken backend, and must not be seen from outside.
const inside = "INSIDE-OF-THE-BACKEND"

// shortTimeout bounds a call where a test waits for it, in seconds: a busy machine needs some for a call that goes well.
const shortTimeout = 5

// tooLate is the fault for which a test waits.
const tooLate = "too late"

// guard only keeps a test from hanging.
const guard = time.Minute

// fault is something that goes wrong between the server and Authlete.
type fault struct {
	// do answers instead of the backend; good answers as the backend would.
	do func(w http.ResponseWriter, r *http.Request, good http.Handler)
	// status of the server's answer; 0 means that the answer is as good as ever.
	status int
}

// faults are all of them, by name.
func faults() map[string]fault {
	text := func(status int, contentType, body string) func(http.ResponseWriter, *http.Request, http.Handler) {
		return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Content-Type", contentType)
			w.Header().Set("X-Backend", inside)
			w.Header().Set("RateLimit-Reset", "7")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	const jsonType = "application/json"
	return map[string]fault{
		tooLate: {func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
			_, _ = io.Copy(io.Discard, r.Body) // or the end of the connection would not be noticed
			select {
			case <-r.Context().Done():
			case <-time.After(guard):
			}
		}, 503},
		"cut before the answer": {func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }, 503},
		"cut in the headers":    {cut("HTTP/1.1 200 OK\r\nContent-Ty"), 503},
		"a malformed header":    {cut("HTTP/1.1 200 OK\r\n" + inside + "\r\n\r\n"), 503},
		"a malformed status":    {cut("HTTP/1.1 " + inside + "\r\n\r\n"), 503},
		"cut in the body":       {cut("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"action\":\"" + inside), 503},
		"no HTTP":               {cut("SSH-2.0-" + inside + "\r\n"), 503},
		"truncated JSON":        {text(200, jsonType, `{"action":"OK","responseContent":"`+inside), 500},
		"garbage":               {text(200, jsonType, inside+"}{"), 500},
		"a list":                {text(200, jsonType, `["`+inside+`"]`), 500},
		"nothing":               {text(200, jsonType, ""), 500},
		"a page":                {text(200, "text/html", "<html>"+inside), 500},
		"429":                   {text(429, jsonType, `{"resultCode":"A1","resultMessage":"`+inside+`"}`), 503},
		"500":                   {text(500, jsonType, `{"resultCode":"A1","resultMessage":"`+inside+`"}`), 500},
		"502 with a page":       {text(502, "text/html", "<html>"+inside), 503},
		"401":                   {text(401, jsonType, `{"resultCode":"A1","resultMessage":"`+inside+`"}`), 500},
		"403":                   {text(403, jsonType, `{"resultCode":"`+inside+`","resultMessage":"`+inside+`"}`), 500},
		"a redirect":            {redirect, 500},
		"an unknown action":     {text(200, jsonType, `{"action":"`+inside+`","responseContent":"`+inside+`","resultMessage":"`+inside+`"}`), 500},
		"no action":             {text(200, jsonType, `{"resultMessage":"`+inside+`"}`), 500},
		"unknown values":        {unknownValues, 0},
		"slow, but in time": {func(w http.ResponseWriter, r *http.Request, good http.Handler) {
			time.Sleep(300 * time.Millisecond)
			good.ServeHTTP(w, r)
		}, 0},
	}
}

// cut writes bytes and closes the connection.
func cut(raw string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		conn, buffer, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		flush(buffer.Writer, raw)
	}
}

func flush(w *bufio.Writer, raw string) {
	_, _ = w.WriteString(raw) // a test fails by what comes of it
	_ = w.Flush()
}

func redirect(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.Header().Set("Location", "http://127.0.0.1:1/"+inside)
	w.WriteHeader(http.StatusFound)
}

// unknownValues passes good answers on with enumerations and members of a later version.
func unknownValues(w http.ResponseWriter, r *http.Request, good http.Handler) {
	recorder := httptest.NewRecorder()
	good.ServeHTTP(recorder, r)
	var answer map[string]any
	if json.Unmarshal(recorder.Body.Bytes(), &answer) == nil {
		answer["later"] = map[string]any{"a": []any{1, nil}}
		answer["grantType"], answer["display"], answer["prompts"] = "TELEPATHY", "HOLOGRAM", []string{"DANCE"}
		if client, ok := answer["client"].(map[string]any); ok {
			client["clientType"], client["tokenAuthMethod"] = "QUANTUM", "HANDSHAKE"
		}
		recorder.Body.Reset()
		_ = json.NewEncoder(recorder.Body).Encode(answer)
	}
	w.Header().Set("Content-Type", recorder.Header().Get("Content-Type"))
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(recorder.Body.Bytes())
}

// endpoint is a request that makes the server call Authlete.
type endpoint struct {
	call string
	send func(t *testing.T, s *servertest.Server, secret string) outcome
	// good is the status of an answer without a fault; page says that people see it.
	good int
	page bool
}

// outcome is what came back.
type outcome struct {
	status int
	header http.Header
	body   string
}

// formTo sends a form.
func formTo(path string, form url.Values, user string) func(*testing.T, *servertest.Server, string) outcome {
	return func(t *testing.T, s *servertest.Server, secret string) outcome {
		t.Helper()
		if user == "api" {
			secret = servertest.IntrospectionSecret
		}
		got := send(t, s, http.MethodPost, path, form, user, secret)
		return outcome{got.StatusCode, got.Header, got.body}
	}
}

// decision opens the page and submits its form.
func decision(fields map[string]string) func(*testing.T, *servertest.Server, string) outcome {
	return func(t *testing.T, s *servertest.Server, _ string) outcome {
		t.Helper()
		browser := s.NewBrowser(t)
		page := browser.Submit(browser.Authorize(nil), fields)
		return outcome{page.Status, page.Header, page.Body}
	}
}

func passwordGrant(password string) url.Values {
	return url.Values{"grant_type": {"password"}, "username": {"alice"}, "password": {password}}
}

// userInfo reads claims with a token that covers some.
func userInfo(t *testing.T, s *servertest.Server, secret string) outcome {
	t.Helper()
	browser := s.NewBrowser(t)
	end := browser.LogIn(browser.Authorize(nil), "alice")
	token, _ := exchange(t, s, end, &authlete.Client{ClientIDAlias: "app", ClientSecret: secret})["access_token"].(string)
	got := send(t, s, http.MethodGet, "/api/userinfo", nil, "", "", "Authorization", "Bearer "+token)
	return outcome{got.StatusCode, got.Header, got.body}
}

// endpoints are requests for every call that the server makes of Authlete for somebody.
func endpoints() map[string]endpoint {
	return map[string]endpoint{
		"authorization": {call: "auth/authorization", good: 200, page: true, send: func(t *testing.T, s *servertest.Server, _ string) outcome {
			t.Helper()
			page := s.NewBrowser(t).Authorize(nil)
			return outcome{page.Status, page.Header, page.Body}
		}},
		"authorization, allowed": {
			call: "auth/authorization/issue", good: 303, page: true,
			send: decision(map[string]string{"username": "alice", "password": servertest.Password, "authorized": "yes"}),
		},
		"authorization, denied": {call: "auth/authorization/fail", good: 303, page: true, send: decision(map[string]string{"denied": "yes"})},
		"token": {
			call: "auth/token", good: 400, send: formTo("/api/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}, "app"),
		},
		"token, right password": {call: "auth/token/issue", good: 200, send: formTo("/api/token", passwordGrant(servertest.Password), "app")},
		"token, wrong password": {call: "auth/token/fail", good: 400, send: formTo("/api/token", passwordGrant("wrong"), "app")},
		"revocation":            {call: "auth/revocation", good: 200, send: formTo("/api/revocation", url.Values{"token": {"x"}}, "app")},
		"introspection": {
			call: "auth/introspection/standard", good: 200, send: formTo("/api/introspection", url.Values{"token": {"x"}}, "api"),
		},
		"userinfo": {call: "auth/userinfo", good: 200, send: userInfo},
		"federation": {call: "federation/configuration", good: 404, send: func(t *testing.T, s *servertest.Server, _ string) outcome {
			t.Helper()
			got := send(t, s, http.MethodGet, "/.well-known/openid-federation", nil, "", "")
			return outcome{got.StatusCode, got.Header, got.body}
		}},
		"userinfo, claims": {call: "auth/userinfo/issue", good: 200, send: userInfo},
	}
}

// TestFaults: whatever goes wrong between the server and Authlete ends in a correct answer in time, in a log line that names
// the call, and shows nothing of the inside; and the next request is as good as ever.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, fault := range faults() {
		for endpointName, endpoint := range endpoints() {
			t.Run(name+"/"+endpointName, func(t *testing.T) {
				t.Parallel()
				wire := &servertest.Wire{Version: credentials.V3}
				if name == tooLate {
					wire.RequestSeconds = shortTimeout
				}
				testFault(t, wire, fault, endpoint)
			})
		}
	}
}

func testFault(t *testing.T, wire *servertest.Wire, f fault, e endpoint) {
	t.Helper()
	var broken atomic.Bool
	wire.Between = func(engine http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if broken.Load() && strings.HasSuffix(r.URL.Path, "/"+e.call) {
				f.do(w, r, engine)
				return
			}
			engine.ServeHTTP(w, r)
		})
	}
	s := servertest.Start(t, servertest.Options{Wire: wire, Configure: func(c *configv1alpha1.ServerConfig) {
		c.Service.GrantTypes = []string{"authorization_code", "refresh_token", "password"}
	}})
	client := s.Client(t, func(c *authlete.Client) { c.GrantTypes = append(c.GrantTypes, authlete.GrantPassword) })
	good := e.send(t, s, client.ClientSecret)
	if good.status != e.good {
		t.Fatalf("without a fault: status %d %s", good.status, good.body)
	}
	before := len(s.Log())
	broken.Store(true)
	got := e.send(t, s, client.ClientSecret)
	if f.status == 0 {
		if got.status != good.status {
			t.Errorf("status %d %s, want %d", got.status, got.body, good.status)
		}
		return
	}
	checkRefusal(t, f, e, got)
	checkLog(t, s, before, e.call)
	broken.Store(false)
	if again := e.send(t, s, client.ClientSecret); again.status != good.status {
		t.Errorf("after the fault: status %d %s, want %d", again.status, again.body, good.status)
	}
}

// checkLog checks that one line after those before is about something that went wrong, that it names the call, and that
// nothing is logged that came from the backend.
func checkLog(t *testing.T, s *servertest.Server, before int, call string) {
	t.Helper()
	problems := func() (found []string) {
		for line := range strings.Lines(s.Log()[before:]) {
			if strings.Contains(line, `"level":"ERROR"`) {
				found = append(found, line)
			}
		}
		return found
	}
	for end := time.Now().Add(10 * time.Second); len(problems()) == 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond) // the line is written when the answer is on its way
	}
	named := regexp.MustCompile(`"call":"` + call + `"|calling ` + call + `:`)
	if lines := problems(); len(lines) != 1 || !named.MatchString(lines[0]) {
		t.Errorf("not one line that names the call %s: %q", call, lines)
	}
	if strings.Contains(s.Log(), inside) {
		t.Errorf("the inside is in the log: %s", s.Log()[before:])
	}
}

// checkRefusal checks what a client, or a person, gets to see.
func checkRefusal(t *testing.T, f fault, e endpoint, got outcome) {
	t.Helper()
	if got.status != f.status {
		t.Errorf("status %d, want %d: %s", got.status, f.status, got.body)
	}
	if strings.Contains(got.body+fmt.Sprint(got.header), inside) {
		t.Errorf("the inside shows: %v %s", got.header, got.body)
	}
	if got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a cache may keep it: %v", got.header)
	}
	if f.status == 503 && got.header.Get("Retry-After") == "" {
		t.Errorf("no Retry-After: %v", got.header)
	}
	if e.page {
		if !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
			t.Errorf("people get %s", got.header.Get("Content-Type"))
		}
		return
	}
	var body struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if err := json.NewDecoder(bytes.NewReader([]byte(got.body))).Decode(&body); err != nil {
		t.Fatalf("no OAuth error: %v %q", err, got.body)
	}
	if want := map[int]string{500: "server_error", 503: "temporarily_unavailable"}[f.status]; body.Error != want || body.Description == "" {
		t.Errorf("error = %+v, want %s", body, want)
	}
}

// TestMissingContent: an answer that promises content and has none is no success.
func TestMissingContent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ kind, action, call string }{
		{"AuthorizationAction", "LOCATION", "auth/authorization"},
		{"AuthorizationIssueAction", "LOCATION", "auth/authorization/issue"},
		{"AuthorizationFailAction", "FORM", "auth/authorization/fail"},
		{"TokenAction", "OK", "auth/token"},
		{"TokenIssueAction", "OK", "auth/token/issue"},
		{"StandardIntrospectionAction", "OK", "auth/introspection/standard"},
		{"UserInfoIssueAction", "JSON", "auth/userinfo/issue"},
	} {
		t.Run(test.kind, func(t *testing.T) {
			t.Parallel()
			p := &puppet{action: map[string]string{test.kind: test.action}}
			s := servertest.Start(t, servertest.Options{Backend: func(engine authlete.Runtime) authlete.Runtime {
				p.Runtime = engine
				return p
			}})
			s.Client(t, nil)
			before := len(s.Log())
			if status, header := drive(t, s, p, test.kind); status != http.StatusInternalServerError {
				t.Errorf("status %d, %v", status, header)
			}
			checkLog(t, s, before, test.call)
		})
	}
}
