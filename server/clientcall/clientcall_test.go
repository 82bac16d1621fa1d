package clientcall_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/server/clientcall"
	"github.com/authserver-dev/operator/server/reply"
)

var reader = clientcall.NewReader("token", clientcall.Binding{})

// post returns a request with a form and an Authorization header.
func post(form, authorization string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return r
}

// TestRead: a call has the form as it was sent; what cannot be read is refused.
func TestRead(t *testing.T) {
	t.Parallel()
	call, refusal := reader.Read(post("a=%20b&a=c", ""))
	if refusal != nil || call.Parameters != "a=%20b&a=c" {
		t.Errorf("%+v, %+v", call, refusal)
	}
	_, refusal = reader.Read(post("client_id=app", "Basic nonsense"))
	if refusal == nil || refusal.Status != http.StatusUnauthorized || refusal.Challenge != `Basic realm="token"` || refusal.Log.Client != "app" {
		t.Errorf("malformed header: %+v", refusal)
	}
}

// TestBothReadings: a backend that accepts one of the two readings of a header is asked for the other one only if it refused
// the first, and nothing is asked twice where both are the same.
func TestBothReadings(t *testing.T) {
	t.Parallel()
	broken := errors.New("no answer")
	for name, test := range map[string]struct {
		sent, accepted string
		err            error
		asked          []string
		result         string
	}{
		"same text":          {"secret", "other", nil, []string{"secret"}, "refused"},
		"encoded":            {"a%2Bb", "a+b", nil, []string{"a+b"}, "ok"},
		"not encoded":        {"a+b", "a+b", nil, []string{"a b", "a+b"}, "ok"},
		"wrong in both":      {"a+b", "c", nil, []string{"a b", "a+b"}, "refused"},
		"not decodable":      {"50%off", "50%off", nil, []string{"50%off"}, "ok"},
		"backend is away":    {"a+b", "a+b", broken, []string{"a b"}, ""},
		"empty":              {"", "", nil, []string{""}, "ok"},
		"first one is right": {"a%2Bb", "a+b", nil, []string{"a+b"}, "ok"},
	} {
		call, refusal := reader.Read(post("a=b", "Basic "+base64.StdEncoding.EncodeToString([]byte("app:"+test.sent))))
		if refusal != nil {
			t.Fatalf("%s: %+v", name, refusal)
		}
		var asked []string
		result, err := clientcall.Ask(t.Context(), &call, func(_ context.Context, credentials clientcall.Credentials) (string, error) {
			asked = append(asked, credentials.Password)
			if test.err != nil {
				return "", test.err
			}
			if credentials.User == "app" && credentials.Password == test.accepted {
				return "ok", nil
			}
			return "refused", nil
		}, func(result string) bool { return result == "refused" })
		if !errors.Is(err, test.err) || result != test.result || !slices.Equal(asked, test.asked) {
			t.Errorf("%s: %q, %v, asked %q", name, result, err, asked)
		}
		authentic := call.Authentic(func(credentials clientcall.Credentials) bool { return credentials.Password == test.accepted })
		if authentic != (test.result == "ok" || test.err != nil) {
			t.Errorf("%s: authentic %v", name, authentic)
		}
	}
	call, _ := reader.Read(post("a=b", ""))
	if call.Authentic(func(clientcall.Credentials) bool { return true }) {
		t.Error("a request without a header is authentic")
	}
}

// TestComplete: a client that used the Authorization header gets 401 with a challenge, another one 400 (RFC 6749, section
// 5.2); nothing else changes. The log names the client that the request claims to be from.
func TestComplete(t *testing.T) {
	t.Parallel()
	const header = "Basic YXBwOnNlY3JldA=="
	assertion := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"app","iss":"x"}`)) + "."
	for name, test := range map[string]struct {
		form, authorization string
		status, wanted      int
		challenge, client   string
	}{
		"refused with a header":       {"a=b", header, 401, 401, `Basic realm="token"`, "app"},
		"refused without a header":    {"client_id=my%20app&a=b", "", 401, 400, "", "my app"},
		"another scheme":              {"a=b", "Bearer x", 401, 400, "", ""},
		"header and another in body":  {"client_id=other", header, 401, 401, `Basic realm="token"`, "app"},
		"bad request":                 {"a=b", header, 400, 400, "", "app"},
		"fine":                        {"a=b&client_id=app", "", 200, 200, "", "app"},
		"assertion":                   {"client_assertion=" + assertion, "", 401, 400, "", "app"},
		"assertion that is no JWT":    {"client_assertion=a.b.c", "", 401, 400, "", ""},
		"a parameter with its suffix": {"my_client_id=x", "", 401, 400, "", ""},
		"malformed":                   {"client_id=%zz&client_id=app", "", 401, 400, "", "app"},
	} {
		call, refusal := reader.Read(post(test.form, test.authorization))
		if refusal != nil {
			t.Fatalf("%s: %+v", name, refusal)
		}
		got := call.Complete(reply.Content(test.status, reply.JSON, "{}"))
		if got.Status != test.wanted || got.Challenge != test.challenge || got.Log.Client != test.client {
			t.Errorf("%s: %+v", name, got)
		}
	}
	call, _ := reader.Read(post("client_id=claimed", ""))
	known := reply.Content(200, reply.JSON, "{}")
	known.Log.Client = "known"
	if got := call.Complete(known); got.Log.Client != "known" {
		t.Errorf("what the endpoint knows was replaced by %q", got.Log.Client)
	}
}
