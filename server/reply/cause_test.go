package reply_test

import (
	"context"
	"errors"
	"net/textproto"
	"net/url"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/reply"
)

// TestCause: the log names the call and what went wrong, but repeats nothing of an answer.
func TestCause(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"a message": {
			&authlete.Error{Call: "auth/token", Status: 500, Result: authlete.Result{ResultCode: "A001", ResultMessage: "inside"}},
			"calling auth/token: status 500, result code A001",
		},
		"a strange code": {
			&authlete.Error{Call: "auth/token", Status: 403, Result: authlete.Result{ResultCode: "inside"}},
			"calling auth/token: status 403, result code UNREADABLE",
		},
		"a page":   {&authlete.Error{Call: "auth/token", Status: 502}, "calling auth/token: status 502"},
		"not JSON": {&authlete.Error{Call: "auth/token", Status: 200, Err: errors.New("no JSON")}, "calling auth/token: status 200: no JSON"},
		"a quotation": {
			&authlete.Error{Call: "auth/token", Err: &url.Error{Op: "Post", URL: "https://inside", Err: errors.New(`malformed HTTP response "inside"`)}},
			"calling auth/token: malformed HTTP response",
		},
		"a header": {
			&authlete.Error{Call: "auth/token", Err: &url.Error{Op: "Post", Err: textproto.ProtocolError("malformed MIME header line: inside")}},
			"calling auth/token: the header of the answer is malformed",
		},
		"a timeout":  {&authlete.Error{Call: "auth/token", Err: context.DeadlineExceeded}, "calling auth/token: context deadline exceeded"},
		"the engine": {errors.New("database is locked"), "database is locked"},
	} {
		answer := reply.FailedBackend(test.err)
		got := ""
		for _, attr := range answer.Log.Attrs(nil) {
			if attr.Key == "error" {
				got = attr.Value.String()
			}
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"OK": "OK", "NATIVE_SSO": "NATIVE_SSO", "A004001": "A004001", "": "", "a page": "UNREADABLE", strings.Repeat("A", 65): "UNREADABLE",
	} {
		entry := reply.Outcome(text, text)
		if entry.Action != want || entry.Result != want {
			t.Errorf("%q: %q, %q", text, entry.Action, entry.Result)
		}
	}
}
