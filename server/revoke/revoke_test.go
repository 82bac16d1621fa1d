package revoke_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/clientcall"
	"github.com/authserver-dev/operator/server/revoke"
)

// backend answers as it is told and keeps what it was sent.
type backend struct {
	answer authlete.RevocationResponse
	err    error
	sent   *authlete.RevocationRequest
}

func (b *backend) Revocation(_ context.Context, request *authlete.RevocationRequest) (*authlete.RevocationResponse, error) {
	b.sent = request
	return &b.answer, b.err
}

func call(t *testing.T, b *backend, withHeader bool) *httptest.ResponseRecorder {
	t.Helper()
	const form = "token=the-token&client_id=app&client_secret=secret"
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/revocation", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	user, secret := "", ""
	if withHeader {
		user, secret = "app", "secret"
		r.SetBasicAuth(user, secret)
	}
	w := httptest.NewRecorder()
	revoke.New(b, clientcall.Binding{}).ServeHTTP(w, r)
	if b.sent == nil || b.sent.Parameters != form || b.sent.ClientID != user || b.sent.ClientSecret != secret {
		t.Fatalf("the backend got %+v", b.sent)
	}
	return w
}

// TestActions: each action has its status, for clients that authenticate in the header and in the form.
func TestActions(t *testing.T) {
	t.Parallel()
	for action, want := range map[authlete.RevocationAction]struct{ header, form int }{
		authlete.RevocationOK: {200, 200}, authlete.RevocationBadRequest: {400, 400}, authlete.RevocationInvalidClient: {401, 400},
		authlete.RevocationInternalServerError: {500, 500}, "UNHEARD_OF": {500, 500},
	} {
		for _, withHeader := range []bool{true, false} {
			status := want.form
			if withHeader {
				status = want.header
			}
			w := call(t, &backend{answer: authlete.RevocationResponse{Action: action, ResponseContent: `{"error":"e"}`}}, withHeader)
			if w.Code != status || (w.Header().Get("WWW-Authenticate") != "") != (status == 401) {
				t.Errorf("%s, header %t: %d %v", action, withHeader, w.Code, w.Header())
			}
			if (w.Body.Len() == 0) != (action == authlete.RevocationOK) {
				t.Errorf("%s: body %q", action, w.Body)
			}
		}
	}
	if w := call(t, &backend{err: context.DeadlineExceeded}, true); w.Code != http.StatusServiceUnavailable {
		t.Errorf("backend away: %d", w.Code)
	}
}
