package userinfo_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/clientcall"
	"github.com/authserver-dev/operator/server/userinfo"
)

// backend answers as it is told and keeps what it was sent.
type backend struct {
	answer authlete.UserInfoResponse
	issued authlete.UserInfoIssueResponse
	err    error

	sent      *authlete.UserInfoRequest
	sentIssue *authlete.UserInfoIssueRequest
}

func (b *backend) UserInfo(_ context.Context, request *authlete.UserInfoRequest) (*authlete.UserInfoResponse, error) {
	b.sent = request
	return &b.answer, b.err
}

func (b *backend) UserInfoIssue(_ context.Context, request *authlete.UserInfoIssueRequest) (*authlete.UserInfoIssueResponse, error) {
	b.sentIssue = request
	return &b.issued, nil
}

func (b *backend) ServiceConfiguration(context.Context) ([]byte, error) { return []byte("{}"), b.err }

type people struct{}

func (people) BySubject(subject string) *configv1alpha1.User {
	if subject != "1001" {
		return nil
	}
	return &configv1alpha1.User{Subject: subject, Claims: map[string]json.RawMessage{"name": []byte(`"Alice"`), "email": []byte(`"a@example.com"`)}}
}

func call(t *testing.T, b *backend) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/userinfo", http.NoBody)
	r.Header.Set("Authorization", "Bearer the-token")
	w := httptest.NewRecorder()
	userinfo.New(userinfo.Options{Backend: b, Users: people{}}).ServeHTTP(w, r)
	if b.sent == nil || b.sent.Token != "the-token" {
		t.Fatalf("the backend got %+v", b.sent)
	}
	return w
}

// TestClaims: exactly the claims that the backend names are sent to it, of the person whose token it is.
func TestClaims(t *testing.T) {
	t.Parallel()
	b := &backend{
		answer: authlete.UserInfoResponse{Action: authlete.UserInfoOK, Token: "canonical-token", Subject: "1001", Claims: []string{"name", "phone_number"}},
		issued: authlete.UserInfoIssueResponse{Action: authlete.UserInfoIssueJSON, ResponseContent: `{"sub":"1001"}`},
	}
	w := call(t, b)
	if w.Code != http.StatusOK || w.Body.String() != `{"sub":"1001"}` || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if b.sentIssue.Token != "canonical-token" || b.sentIssue.Claims != `{"name":"Alice"}` {
		t.Errorf("the backend got %+v", b.sentIssue)
	}
}

// TestConsentedClaims: where the front end that issued the token noted to which claims the person agreed, no others are
// given out.
func TestConsentedClaims(t *testing.T) {
	t.Parallel()
	for want, consented := range map[string][]string{
		`{"email":"a@example.com","name":"Alice"}`: nil, `{"name":"Alice"}`: {"name", "phone_number"}, "": {"phone_number"},
	} {
		b := &backend{
			answer: authlete.UserInfoResponse{
				Action: authlete.UserInfoOK, Subject: "1001", Claims: []string{"name", "email"}, ConsentedClaims: consented,
			},
			issued: authlete.UserInfoIssueResponse{Action: authlete.UserInfoIssueJSON, ResponseContent: `{}`},
		}
		call(t, b)
		if b.sentIssue == nil || b.sentIssue.Claims != want {
			t.Errorf("agreed to %q: the backend got %+v", consented, b.sentIssue)
		}
	}
}

// TestProofReachesTheBackend: with the scheme DPoP, what the request proves is part of the call, and challenges are of that
// scheme.
func TestProofReachesTheBackend(t *testing.T) {
	t.Parallel()
	b := &backend{answer: authlete.UserInfoResponse{Action: authlete.UserInfoOK, Subject: "1003", DPoPNonce: "next"}}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/inside", http.NoBody)
	r.Header.Set("Authorization", "DPoP the-token")
	r.Header.Set("DPoP", "the-proof")
	w := httptest.NewRecorder()
	binding := clientcall.Bindings{Base: "https://login.example.com"}.At("/api/userinfo")
	userinfo.New(userinfo.Options{Backend: b, Users: people{}, Binding: binding}).ServeHTTP(w, r)
	want := authlete.DPoPProof{DPoP: "the-proof", HTM: http.MethodGet, HTU: "https://login.example.com/api/userinfo"}
	if b.sent == nil || b.sent.Token != "the-token" || b.sent.DPoPProof != want {
		t.Errorf("the backend got %+v", b.sent)
	}
	if challenge := w.Header().Get("WWW-Authenticate"); !strings.HasPrefix(challenge, `DPoP error="invalid_token"`) || w.Header().Get("DPoP-Nonce") != "next" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// TestWhoIsGoneHasNoClaims: a valid token of a person who may not log in is worth nothing.
func TestWhoIsGoneHasNoClaims(t *testing.T) {
	t.Parallel()
	b := &backend{answer: authlete.UserInfoResponse{Action: authlete.UserInfoOK, Subject: "1003"}}
	w := call(t, b)
	if w.Code != http.StatusUnauthorized || !strings.Contains(w.Header().Get("WWW-Authenticate"), `error="invalid_token"`) || b.sentIssue != nil {
		t.Errorf("%d %v, issued %+v", w.Code, w.Header(), b.sentIssue)
	}
}

// TestActions: each action of both calls has its status; refusals go into the challenge.
func TestActions(t *testing.T) {
	t.Parallel()
	const challenge = `Bearer error="from-the-backend"`
	for action, status := range map[authlete.UserInfoAction]int{
		authlete.UserInfoBadRequest: 400, authlete.UserInfoUnauthorized: 401, authlete.UserInfoForbidden: 403,
		authlete.UserInfoInternalServerError: 500, "UNHEARD_OF": 500,
	} {
		w := call(t, &backend{answer: authlete.UserInfoResponse{Action: action, ResponseContent: challenge}})
		if w.Code != status || (w.Header().Get("WWW-Authenticate") == challenge) != (action != "UNHEARD_OF") {
			t.Errorf("%s: %d %v", action, w.Code, w.Header())
		}
	}
	for action, status := range map[authlete.UserInfoIssueAction]int{
		authlete.UserInfoIssueJSON: 200, authlete.UserInfoIssueJWT: 200, authlete.UserInfoIssueBadRequest: 400,
		authlete.UserInfoIssueUnauthorized: 401, authlete.UserInfoIssueForbidden: 403, authlete.UserInfoIssueInternalServerError: 500,
	} {
		w := call(t, &backend{
			answer: authlete.UserInfoResponse{Action: authlete.UserInfoOK, Subject: "1001"},
			issued: authlete.UserInfoIssueResponse{Action: action, ResponseContent: challenge},
		})
		if w.Code != status || (status >= 400) != (w.Header().Get("WWW-Authenticate") == challenge) {
			t.Errorf("%s: %d %v", action, w.Code, w.Header())
		}
		if jwt := w.Header().Get("Content-Type") == "application/jwt"; jwt != (action == authlete.UserInfoIssueJWT) {
			t.Errorf("%s: content type %q", action, w.Header().Get("Content-Type"))
		}
	}
	if w := call(t, &backend{err: context.DeadlineExceeded}); w.Code != http.StatusServiceUnavailable {
		t.Errorf("backend away: %d", w.Code)
	}
}

// TestWithoutToken: where no token is given, the backend is not asked and the challenge names no error (RFC 6750, section 3.1).
func TestWithoutToken(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*http.Request){
		"nothing":          func(*http.Request) {},
		"another scheme":   func(r *http.Request) { r.Header.Set("Authorization", "Basic YTpi") },
		"in the query":     func(r *http.Request) { r.URL.RawQuery = "access_token=t" },
		"scheme only":      func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") },
		"form without one": func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") },
	} {
		b := &backend{}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/userinfo", strings.NewReader(url.Values{"a": {"b"}}.Encode()))
		change(r)
		w := httptest.NewRecorder()
		userinfo.New(userinfo.Options{Backend: b, Users: people{}}).ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized || b.sent != nil || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("%s: %d %v, asked %v", name, w.Code, w.Header(), b.sent)
		}
	}
}
