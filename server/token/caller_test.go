package token_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/login"
	"github.com/authserver-dev/operator/server/requestlog"
	"github.com/authserver-dev/operator/server/token"
)

// post returns a token request with the body.
func post(ctx context.Context, body io.Reader) *http.Request {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/token", body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// TestAbortingCaller: a caller who hangs up is no fault of the server, and half a request asks the backend for nothing.
func TestAbortingCaller(t *testing.T) {
	t.Parallel()
	b := &backend{err: context.Canceled}
	answer := token.New(token.Options{Backend: b, Users: people{}})(post(t.Context(), strings.NewReader("client_id=app")))
	if answer.Log.Action != "CANCELED" || answer.Log.Client != "app" || answer.Log.Failed() {
		t.Errorf("logged %+v", answer.Log)
	}
	b = &backend{}
	answer = token.New(token.Options{Backend: b, Users: people{}})(post(t.Context(), io.MultiReader(strings.NewReader("grant_type="), brokenBody{})))
	if answer.Status != http.StatusBadRequest || b.sent != nil {
		t.Errorf("half a request: %d, and the backend got %+v", answer.Status, b.sent)
	}
}

// brokenBody ends as the body of a caller who hung up.
type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestAddressOfAProxy: an address that everybody behind a proxy shares pays for nobody's wrong password.
func TestAddressOfAProxy(t *testing.T) {
	t.Parallel()
	p := &passwords{err: login.ErrWrong}
	b := &backend{
		answer: authlete.TokenResponse{Action: authlete.TokenPassword, Username: "alice", Password: "typed"},
		failed: authlete.TokenFailResponse{Action: authlete.TokenFailBadRequest, ResponseContent: `{"error":"invalid_grant"}`},
	}
	ctx := requestlog.With(t.Context(), &requestlog.Request{Address: "192.0.2.7", Shared: true})
	token.New(token.Options{Backend: b, Passwords: p, Users: people{}})(post(ctx, strings.NewReader("x=y")))
	want := login.Attempt{Username: "alice", Password: "typed", Address: "192.0.2.7", Shared: true}
	if diff := cmp.Diff(want, p.attempt); diff != "" {
		t.Errorf("attempt (-want +got):\n%s", diff)
	}
}
