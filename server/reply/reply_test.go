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
	"github.com/authserver-dev/operator/server/requestlog"
)

// request returns a request with a record for its line.
func request(method string) (*http.Request, *requestlog.Record) {
	record := &requestlog.Record{}
	r := httptest.NewRequest(method, "/", http.NoBody)
	return r.WithContext(requestlog.With(r.Context(), record)), record
}

func TestTable(t *testing.T) {
	t.Parallel()
	table := reply.Table[authlete.UserInfoAction]{
		Call: "auth/userinfo", Rules: map[authlete.UserInfoAction]reply.Rule{
			authlete.UserInfoOK:           {Status: http.StatusOK, ContentType: reply.JSON},
			authlete.UserInfoUnauthorized: {Status: http.StatusUnauthorized, Challenge: reply.Content},
			authlete.UserInfoForbidden:    {Status: http.StatusForbidden, ContentType: reply.JSON, Challenge: `Bearer realm="x"`},
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
		"challenge":         {authlete.UserInfoForbidden, "{}", 403, "{}", "application/json", `Bearer realm="x"`},
		"unknown action": {
			"TELEPORT", "inside", 500, `{"error":"server_error","error_description":"The server could not process the request."}`, "application/json", "",
		},
	} {
		w := httptest.NewRecorder()
		r, record := request(http.MethodPost)
		table.Write(w, r, test.action, test.content)
		header := w.Result().Header
		described := header.Get("Content-Type") == test.contentType && header.Get("WWW-Authenticate") == test.challenge
		if w.Code != test.status || w.Body.String() != test.body || !described {
			t.Errorf("%s: %d %v %q", name, w.Code, header, w.Body.String())
		}
		if header.Get("Cache-Control") != "no-store" || header.Get("Pragma") != "no-cache" {
			t.Errorf("%s: a cache may keep it: %v", name, header)
		}
		if record.Failed() != (test.status == 500) {
			t.Errorf("%s: failed %v", name, record.Failed())
		}
	}
}

func TestBackendError(t *testing.T) {
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
		w := httptest.NewRecorder()
		r, record := request(http.MethodPost)
		reply.BackendError(w, r, test.err)
		var body map[string]string
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatalf("%s: %v in %q", name, err, w.Body.String())
		}
		if w.Code != test.status || body["error"] != test.code || w.Header().Get("Retry-After") != test.retry || record.Failed() != test.failed {
			t.Errorf("%s: %d %v, Retry-After %q, failed %v", name, w.Code, body, w.Header().Get("Retry-After"), record.Failed())
		}
		if len(body) != 2 {
			t.Errorf("%s: the body says too much: %v", name, body)
		}
	}
}

// TestLocation: the redirect after a form must not carry the form, password included, to the client (RFC 9700, 4.12).
func TestLocation(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]int{http.MethodGet: http.StatusFound, http.MethodPost: http.StatusSeeOther} {
		w := httptest.NewRecorder()
		r, _ := request(method)
		const location = "https://app.example.com/a/../b//c?x=1#y"
		reply.Location(w, r, location)
		if w.Code != want || w.Header().Get("Location") != location || w.Body.Len() != 0 || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", method, w.Code, w.Header())
		}
	}
}
