package token_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/password"
	"github.com/authserver-dev/operator/server/login"
	"github.com/authserver-dev/operator/server/requestlog"
	"github.com/authserver-dev/operator/server/token"
)

// backend answers as it is told and keeps what it was sent.
type backend struct {
	answer authlete.TokenResponse
	issued authlete.TokenIssueResponse
	failed authlete.TokenFailResponse
	err    error

	sent      *authlete.TokenRequest
	sentIssue *authlete.TokenIssueRequest
	sentFail  *authlete.TokenFailRequest
}

func (b *backend) Token(_ context.Context, request *authlete.TokenRequest) (*authlete.TokenResponse, error) {
	b.sent = request
	return &b.answer, b.err
}

func (b *backend) TokenIssue(_ context.Context, request *authlete.TokenIssueRequest) (*authlete.TokenIssueResponse, error) {
	b.sentIssue = request
	return &b.issued, b.err
}

func (b *backend) TokenFail(_ context.Context, request *authlete.TokenFailRequest) (*authlete.TokenFailResponse, error) {
	b.sentFail = request
	return &b.failed, b.err
}

// people are the subjects of people who may log in.
type people []string

func (p people) BySubject(subject string) *configv1alpha1.User {
	if !slices.Contains(p, subject) {
		return nil
	}
	return &configv1alpha1.User{Subject: subject}
}

// passwords answers as it is told and keeps the attempt.
type passwords struct {
	err     error
	attempt login.Attempt
}

func (p *passwords) Check(_ context.Context, attempt login.Attempt) (*configv1alpha1.User, error) {
	p.attempt = attempt
	if p.err != nil {
		return nil, p.err
	}
	return &configv1alpha1.User{Subject: "1001"}, nil
}

// call sends a token request from the address 192.0.2.7, with the client's credentials in the header.
func call(t *testing.T, b *backend, p *passwords) (*httptest.ResponseRecorder, requestlog.Entry) {
	t.Helper()
	form := url.Values{"grant_type": {"x"}, "scope": {"a b"}}.Encode()
	ctx := requestlog.With(t.Context(), &requestlog.Request{Address: "192.0.2.7"})
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/token", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("app", "secret")
	endpoint := token.New(token.Options{Backend: b, Passwords: p, Users: people{"1001"}})
	w := httptest.NewRecorder()
	endpoint.ServeHTTP(w, r)
	if b.sent == nil || b.sent.Parameters != form || b.sent.ClientID != "app" || b.sent.ClientSecret != "secret" {
		t.Fatalf("the backend got %+v", b.sent)
	}
	again := httptest.NewRequestWithContext(r.Context(), http.MethodPost, "/api/token", strings.NewReader(form))
	again.Header = r.Header
	return w, endpoint(again).Log
}

// TestActions: each action of the backend has its status, its content goes to the client, and the line in the log says
// who and what.
func TestActions(t *testing.T) {
	t.Parallel()
	for action, status := range map[authlete.TokenAction]int{
		authlete.TokenOK: 200, authlete.TokenIDTokenReissuable: 200, authlete.TokenBadRequest: 400, authlete.TokenInvalidClient: 401,
		authlete.TokenInternalServerError: 500, authlete.TokenExchange: 400, authlete.TokenJWTBearer: 400, "UNHEARD_OF": 500,
	} {
		b := &backend{answer: authlete.TokenResponse{
			Result: authlete.Result{ResultCode: "A1"}, Action: action, ResponseContent: `{"from":"backend"}`, GrantType: authlete.GrantRefreshToken,
			ClientIDAlias: "alias",
		}}
		w, entry := call(t, b, &passwords{})
		if w.Code != status {
			t.Errorf("%s: %d, want %d", action, w.Code, status)
		}
		own := action == "UNHEARD_OF" || action == authlete.TokenExchange || action == authlete.TokenJWTBearer
		if strings.Contains(w.Body.String(), "backend") == own {
			t.Errorf("%s: %s", action, w.Body)
		}
		if (w.Header().Get("WWW-Authenticate") != "") != (status == 401) {
			t.Errorf("%s: challenge %q", action, w.Header().Get("WWW-Authenticate"))
		}
		if entry.Action != string(action) || entry.Result != "A1" || entry.Client != "alias" {
			t.Errorf("%s: logged %+v", action, entry)
		}
		if !strings.Contains(fmt.Sprint(entry.Attrs(nil)), "grantType=REFRESH_TOKEN") {
			t.Errorf("%s: the grant type is not logged: %v", action, entry.Attrs(nil))
		}
	}
}

// TestNobodyGetsTokensWhoMayNotLogIn: for each action that hands out tokens, a person who is gone or disabled gets none; a
// client's own tokens are nobody's.
func TestNobodyGetsTokensWhoMayNotLogIn(t *testing.T) {
	t.Parallel()
	for _, action := range []authlete.TokenAction{authlete.TokenOK, authlete.TokenIDTokenReissuable} {
		for subject, status := range map[string]int{"1001": 200, "": 200, "1003": 400} {
			b := &backend{answer: authlete.TokenResponse{Action: action, Subject: subject, ResponseContent: `{"access_token":"secret-token"}`}}
			w, entry := call(t, b, &passwords{})
			if w.Code != status || entry.Subject != subject {
				t.Errorf("%s, subject %q: %d, logged %+v", action, subject, w.Code, entry)
			}
			if status == 400 && (strings.Contains(w.Body.String(), "secret-token") || !strings.Contains(w.Body.String(), `"invalid_grant"`)) {
				t.Errorf("%s: %s", action, w.Body)
			}
		}
	}
}

// TestPasswordGrant: the password is checked with the name, the password and the address of the request, and the ticket is
// either issued for who it was, or failed.
func TestPasswordGrant(t *testing.T) {
	t.Parallel()
	const ticket = "ticket-1"
	for name, test := range map[string]struct {
		err    error
		status int
		issue  bool
	}{
		"right":           {nil, 200, true},
		"wrong":           {login.ErrWrong, 400, false},
		"throttled":       {&login.ThrottledError{Wait: time.Second}, 400, false},
		"unusable hash":   {fmt.Errorf("%w: %w", login.ErrWrong, password.ErrFormat), 400, false},
		"no turn in time": {context.DeadlineExceeded, 503, false},
	} {
		p := &passwords{err: test.err}
		b := &backend{
			answer: authlete.TokenResponse{Action: authlete.TokenPassword, Ticket: ticket, Username: "alice", Password: "typed"},
			issued: authlete.TokenIssueResponse{Action: authlete.TokenIssueOK, ResponseContent: `{"access_token":"t"}`},
			failed: authlete.TokenFailResponse{Action: authlete.TokenFailBadRequest, ResponseContent: `{"error":"invalid_grant"}`},
		}
		w, entry := call(t, b, p)
		if w.Code != test.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if diff := cmp.Diff(login.Attempt{Username: "alice", Password: "typed", Address: "192.0.2.7", Shared: true}, p.attempt); diff != "" {
			t.Errorf("%s: attempt (-want +got):\n%s", name, diff)
		}
		if (b.sentIssue != nil) != test.issue || (b.sentFail != nil) != (test.status == 400) {
			t.Errorf("%s: issue %+v, fail %+v", name, b.sentIssue, b.sentFail)
		}
		if test.issue && (b.sentIssue.Ticket != ticket || b.sentIssue.Subject != "1001" || entry.Subject != "1001") {
			t.Errorf("%s: issued %+v, logged %+v", name, b.sentIssue, entry)
		}
		if b.sentFail != nil && (b.sentFail.Ticket != ticket || b.sentFail.Reason != authlete.TokenFailInvalidResourceOwnerCredentials) {
			t.Errorf("%s: failed %+v", name, b.sentFail)
		}
		if unusable := errors.Is(test.err, password.ErrFormat); unusable != (entry.Failed() && test.status == 400) {
			t.Errorf("%s: logged as a problem: %v", name, entry.Failed())
		}
	}
}

// TestPasswordGrantOfABrokenBackend: answers of issue and fail have their own tables.
func TestPasswordGrantOfABrokenBackend(t *testing.T) {
	t.Parallel()
	for _, wrong := range []error{nil, login.ErrWrong} {
		b := &backend{
			answer: authlete.TokenResponse{Action: authlete.TokenPassword},
			issued: authlete.TokenIssueResponse{Action: authlete.TokenIssueInternalServerError},
			failed: authlete.TokenFailResponse{Action: authlete.TokenFailInternalServerError},
		}
		if w, _ := call(t, b, &passwords{err: wrong}); w.Code != http.StatusInternalServerError {
			t.Errorf("%v: %d", wrong, w.Code)
		}
	}
	if w, _ := call(t, &backend{err: context.DeadlineExceeded}, &passwords{}); w.Code != http.StatusServiceUnavailable {
		t.Errorf("backend away: %d", w.Code)
	}
}
