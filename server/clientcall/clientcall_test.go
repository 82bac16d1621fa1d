package clientcall_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/server/clientcall"
	"github.com/authserver-dev/operator/server/reply"
)

// post returns a request with a form and an Authorization header.
func post(form, authorization string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return r
}

// TestRead: a call has the form as it was sent and the credentials of the header; what cannot be read is refused.
func TestRead(t *testing.T) {
	t.Parallel()
	calls := clientcall.NewReader("token")
	call, refusal := calls.Read(post("a=%20b&a=c", "Basic YXBwOnNlY3JldA=="))
	if refusal != nil || call.Parameters != "a=%20b&a=c" || call.Basic != (clientcall.Credentials{User: "app", Password: "secret"}) {
		t.Errorf("%+v, %+v", call, refusal)
	}
	_, refusal = calls.Read(post("a=b", "Basic nonsense"))
	if refusal == nil || refusal.Status != http.StatusUnauthorized || refusal.Challenge != `Basic realm="token"` {
		t.Errorf("malformed header: %+v", refusal)
	}
}

// TestChallenge: a client that used the Authorization header gets 401 with a challenge, another one 400 (RFC 6749, section
// 5.2); nothing else changes.
func TestChallenge(t *testing.T) {
	t.Parallel()
	calls := clientcall.NewReader("token")
	for name, test := range map[string]struct {
		authorization  string
		status, wanted int
		challenge      string
	}{
		"refused with a header":    {"Basic YXBwOnNlY3JldA==", 401, 401, `Basic realm="token"`},
		"refused without a header": {"", 401, 400, ""},
		"another scheme":           {"Bearer x", 401, 400, ""},
		"bad request":              {"Basic YXBwOnNlY3JldA==", 400, 400, ""},
		"fine":                     {"", 200, 200, ""},
	} {
		call, refusal := calls.Read(post("a=b", test.authorization))
		if refusal != nil {
			t.Fatalf("%s: %+v", name, refusal)
		}
		if got := call.Challenge(reply.Content(test.status, reply.JSON, "{}")); got.Status != test.wanted || got.Challenge != test.challenge {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
