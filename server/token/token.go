package token

import (
	"context"
	"errors"
	"net/http"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/password"
	"github.com/authserver-dev/operator/server/clientcall"
	"github.com/authserver-dev/operator/server/login"
	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/requestlog"
)

// Passwords checks the credentials of the password grant.
type Passwords interface {
	Check(ctx context.Context, attempt login.Attempt) (*configv1alpha1.User, error)
}

// Users finds people who may use the server.
type Users interface {
	BySubject(subject string) *configv1alpha1.User
}

// Options configure the endpoint.
type Options struct {
	Backend   authlete.TokenAPI
	Passwords Passwords
	Users     Users
	// Binding is what proofs of possession are bound to.
	Binding clientcall.Binding
}

// handler serves the endpoint.
type handler struct {
	Options

	calls clientcall.Reader
	token reply.Table[authlete.TokenAction]
	issue reply.Table[authlete.TokenIssueAction]
	fail  reply.Table[authlete.TokenFailAction]
}

// New returns the endpoint.
func New(opts Options) reply.Endpoint {
	h := &handler{
		Options: opts, calls: clientcall.NewReader("token", opts.Binding),
		token: reply.Table[authlete.TokenAction]{
			Call: "auth/token", Rules: map[authlete.TokenAction]reply.Rule{
				authlete.TokenOK:                  {Status: http.StatusOK, ContentType: reply.JSON},
				authlete.TokenIDTokenReissuable:   {Status: http.StatusOK, ContentType: reply.JSON},
				authlete.TokenBadRequest:          {Status: http.StatusBadRequest, ContentType: reply.JSON},
				authlete.TokenInvalidClient:       {Status: http.StatusUnauthorized, ContentType: reply.JSON},
				authlete.TokenInternalServerError: {Status: http.StatusInternalServerError, ContentType: reply.JSON},
			},
		},
		issue: reply.Table[authlete.TokenIssueAction]{
			Call: "auth/token/issue", Rules: map[authlete.TokenIssueAction]reply.Rule{
				authlete.TokenIssueOK:                  {Status: http.StatusOK, ContentType: reply.JSON},
				authlete.TokenIssueInternalServerError: {Status: http.StatusInternalServerError, ContentType: reply.JSON},
			},
		},
		fail: reply.Table[authlete.TokenFailAction]{
			Call: "auth/token/fail", Rules: map[authlete.TokenFailAction]reply.Rule{
				authlete.TokenFailBadRequest:          {Status: http.StatusBadRequest, ContentType: reply.JSON},
				authlete.TokenFailInternalServerError: {Status: http.StatusInternalServerError, ContentType: reply.JSON},
			},
		},
	}
	return h.answer
}

// answer answers a token request.
func (h *handler) answer(r *http.Request) reply.Answer {
	call, refusal := h.calls.Read(r)
	if refusal != nil {
		return *refusal
	}
	response, err := clientcall.Ask(r.Context(), &call, func(ctx context.Context, credentials clientcall.Credentials) (*authlete.TokenResponse, error) {
		return h.Backend.Token(ctx, &authlete.TokenRequest{
			Parameters: call.Parameters, ClientID: credentials.User, ClientSecret: credentials.Password, Proofs: call.Proofs,
		})
	}, func(response *authlete.TokenResponse) bool { return response.Action == authlete.TokenInvalidClient })
	if err != nil {
		return call.Complete(reply.FailedBackend(err))
	}
	entry := reply.Outcome(string(response.Action), response.ResultCode)
	entry.Client, entry.Subject = response.ClientIDAlias, response.Subject
	entry.Param("grantType", string(response.GrantType))
	answer := call.Complete(h.react(r.Context(), response).Noting(entry))
	answer.DPoPNonce, answer.AttestationChallenge = response.DPoPNonce, response.AttestationChallenge
	return answer
}

// react turns the backend's response into the answer.
func (h *handler) react(ctx context.Context, response *authlete.TokenResponse) reply.Answer {
	issued := response.Action == authlete.TokenOK || response.Action == authlete.TokenIDTokenReissuable
	if issued && response.Subject != "" && h.Users.BySubject(response.Subject) == nil {
		// The tokens that were issued are dropped: they reach no client.
		return reply.Error(http.StatusBadRequest, "invalid_grant", "The user is not active.")
	}
	switch response.Action {
	case authlete.TokenPassword:
		return h.password(ctx, response)
	case authlete.TokenExchange, authlete.TokenJWTBearer:
		return reply.Error(http.StatusBadRequest, "unsupported_grant_type", "This server does not support the grant type.")
	default:
		return h.token.Answer(response.Action, response.ResultCode, response.ResponseContent)
	}
}

// password completes a password grant.
func (h *handler) password(ctx context.Context, response *authlete.TokenResponse) reply.Answer {
	user, err := h.Passwords.Check(ctx, login.Attempt{
		Username: response.Username, Password: response.Password,
		Address: requestlog.From(ctx).Address, Shared: true, // the application's, which may serve many people
	})
	var throttled *login.ThrottledError
	switch {
	case err == nil:
		return h.issuePassword(ctx, response.Ticket, user.Subject)
	case errors.Is(err, login.ErrWrong), errors.As(err, &throttled):
		answer := h.failPassword(ctx, response.Ticket)
		if errors.Is(err, password.ErrFormat) {
			answer.Log.Problem("An account's password hash cannot be used", "error", err.Error())
		}
		return answer
	default:
		return reply.FailedBackend(err)
	}
}

func (h *handler) issuePassword(ctx context.Context, ticket, subject string) reply.Answer {
	response, err := h.Backend.TokenIssue(ctx, &authlete.TokenIssueRequest{Ticket: ticket, Subject: subject})
	if err != nil {
		return reply.FailedBackend(err)
	}
	answer := h.issue.Answer(response.Action, response.ResultCode, response.ResponseContent)
	answer.Log.Subject = subject
	return answer
}

func (h *handler) failPassword(ctx context.Context, ticket string) reply.Answer {
	response, err := h.Backend.TokenFail(ctx, &authlete.TokenFailRequest{
		Ticket: ticket, Reason: authlete.TokenFailInvalidResourceOwnerCredentials,
	})
	if err != nil {
		return reply.FailedBackend(err)
	}
	return h.fail.Answer(response.Action, response.ResultCode, response.ResponseContent)
}
