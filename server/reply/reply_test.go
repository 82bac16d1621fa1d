package reply_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/reply"
)

// send writes an answer as the middleware does.
func send(method string, answer reply.Answer) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	reply.Endpoint(func(*http.Request) reply.Answer { return answer }).ServeHTTP(w, httptest.NewRequest(method, "/", http.NoBody))
	return w
}

func TestTable(t *testing.T) {
	t.Parallel()
	table := reply.Table[authlete.UserInfoAction]{
		Call: "auth/userinfo", Rules: map[authlete.UserInfoAction]reply.Rule{
			authlete.UserInfoOK:           {Status: http.StatusOK, ContentType: reply.JSON},
			authlete.UserInfoUnauthorized: {Status: http.StatusUnauthorized, Challenge: true},
			authlete.UserInfoForbidden:    {Failure: true},
			authlete.UserInfoBadRequest:   {Make: reply.Redirect},
		},
	}
	for name, test := range map[string]struct {
		action                       authlete.UserInfoAction
		content                      string
		status                       int
		body, contentType, challenge string
	}{
		"content": {authlete.UserInfoOK, `{"a":1}`, 200, `{"a":1}`, "application/json", ""},
		"no content": {
			authlete.UserInfoOK, "", 500, `{"error":"server_error","error_description":"The server could not process the request."}`, "application/json", "",
		},
		"challenge content": {authlete.UserInfoUnauthorized, `Bearer error="x"`, 401, "", "", `Bearer error="x"`},
		"failure": {
			authlete.UserInfoForbidden, "{}", 500, `{"error":"server_error","error_description":"The server could not process the request."}`, "application/json", "",
		},
		"made": {authlete.UserInfoBadRequest, "https://x.example.com", 303, "", "", ""},
		"made of nothing": {
			authlete.UserInfoBadRequest, "", 500, `{"error":"server_error","error_description":"The server could not process the request."}`, "application/json", "",
		},
		"unknown action": {
			"TELEPORT", "inside", 500, `{"error":"server_error","error_description":"The server could not process the request."}`, "application/json", "",
		},
	} {
		answer := table.Answer(test.action, "E1", test.content)
		w := send(http.MethodPost, answer)
		header := w.Result().Header
		described := header.Get("Content-Type") == test.contentType && header.Get("WWW-Authenticate") == test.challenge
		if w.Code != test.status || w.Body.String() != test.body || !described {
			t.Errorf("%s: %d %v %q", name, w.Code, header, w.Body.String())
		}
		if header.Get("Cache-Control") != "no-store" || header.Get("Pragma") != "no-cache" {
			t.Errorf("%s: a cache may keep it: %v", name, header)
		}
		if answer.Log.Failed() != (test.status == 500) || answer.Log.Action != string(test.action) || answer.Log.Result != "E1" {
			t.Errorf("%s: log entry %+v", name, answer.Log)
		}
	}
}

func TestFailedBackend(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err    error
		status int
		code   string
		retry  string
		failed bool
	}{
		"no answer":       {&authlete.Error{Err: errors.New("refused by 10.1.2.3")}, 503, "temporarily_unavailable", "5", true},
		"too many":        {&authlete.Error{Status: 429, RetryAfter: 30 * time.Second}, 503, "temporarily_unavailable", "30", true},
		"bad gateway":     {fmt.Errorf("issuing: %w", &authlete.Error{Status: 502}), 503, "temporarily_unavailable", "5", true},
		"refused us":      {&authlete.Error{Status: 401}, 500, "server_error", "", true},
		"store":           {errors.New("database is locked"), 503, "temporarily_unavailable", "5", true},
		"too slow":        {context.DeadlineExceeded, 503, "temporarily_unavailable", "5", true},
		"caller went off": {fmt.Errorf("reading: %w", context.Canceled), 503, "temporarily_unavailable", "5", false},
	} {
		answer := reply.FailedBackend(test.err)
		w := send(http.MethodPost, answer)
		var body map[string]string
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatalf("%s: %v in %q", name, err, w.Body.String())
		}
		if w.Code != test.status || body["error"] != test.code || w.Header().Get("Retry-After") != test.retry || answer.Log.Failed() != test.failed {
			t.Errorf("%s: %d %v, Retry-After %q, failed %v", name, w.Code, body, w.Header().Get("Retry-After"), answer.Log.Failed())
		}
		if len(body) != 2 {
			t.Errorf("%s: the body says too much: %v", name, body)
		}
	}
}

// TestRender: a failure takes the form that its place has, and loses nothing on the way; other answers stay as they are.
func TestRender(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	page := func(_ *http.Request, status int) reply.Answer {
		return reply.Page(status, "<h1>", "default-src 'none'")
	}
	failed := reply.FailedBackend(&authlete.Error{Status: 429, RetryAfter: 30 * time.Second}).WithCookie(&http.Cookie{Name: "a", Value: "b"}).Render(r, page)
	if failed.Status != 503 || failed.Content != "<h1>" || failed.RetryAfter != 30*time.Second || len(failed.Cookies) != 1 || !failed.Log.Failed() {
		t.Errorf("the failure became %+v", failed)
	}
	if answer := reply.Error(400, "invalid_request", "x").Render(r, page); answer.ContentType != reply.JSON || answer.Status != 400 {
		t.Errorf("an answer that is no failure became %+v", answer)
	}
}

// TestRedirect: the redirect after a form must not carry the form, password included, to the client (RFC 9700, 4.12).
func TestRedirect(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]int{http.MethodGet: http.StatusFound, http.MethodPost: http.StatusSeeOther} {
		const location = "https://app.example.com/a/../b//c?x=1#y"
		w := send(method, reply.Redirect(location))
		if w.Code != want || w.Header().Get("Location") != location || w.Body.Len() != 0 || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", method, w.Code, w.Header())
		}
	}
}
