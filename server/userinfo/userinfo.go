package userinfo

import (
	"context"
	"net/http"
	"slices"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/clientcall"
	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/users"
)

// Users finds people.
type Users interface {
	BySubject(subject string) *configv1alpha1.User
}

// Backend validates tokens, and says what it supports.
type Backend interface {
	authlete.UserInfoAPI
	ServiceConfiguration(ctx context.Context) ([]byte, error)
}

// Options configure the endpoint.
type Options struct {
	Backend Backend
	Users   Users
	// ScopeClaims says which claims scopes release: not every backend knows what the configuration says of them.
	ScopeClaims authlete.ScopeClaims
	// Binding is what proofs of possession are bound to.
	Binding clientcall.Binding
}

// handler serves the endpoint.
type handler struct {
	Options

	check reply.Table[authlete.UserInfoAction]
	issue reply.Table[authlete.UserInfoIssueAction]
}

// New returns the endpoint.
func New(opts Options) reply.Endpoint {
	h := &handler{
		Options: opts,
		check: reply.Table[authlete.UserInfoAction]{
			Call: "auth/userinfo", Rules: map[authlete.UserInfoAction]reply.Rule{
				authlete.UserInfoBadRequest:          {Status: http.StatusBadRequest, Challenge: true},
				authlete.UserInfoUnauthorized:        {Status: http.StatusUnauthorized, Challenge: true},
				authlete.UserInfoForbidden:           {Status: http.StatusForbidden, Challenge: true},
				authlete.UserInfoInternalServerError: {Status: http.StatusInternalServerError, Challenge: true},
			},
		},
		issue: reply.Table[authlete.UserInfoIssueAction]{
			Call: "auth/userinfo/issue", Rules: map[authlete.UserInfoIssueAction]reply.Rule{
				authlete.UserInfoIssueJSON:                {Status: http.StatusOK, ContentType: reply.JSON},
				authlete.UserInfoIssueJWT:                 {Status: http.StatusOK, ContentType: reply.JWT},
				authlete.UserInfoIssueBadRequest:          {Status: http.StatusBadRequest, Challenge: true},
				authlete.UserInfoIssueUnauthorized:        {Status: http.StatusUnauthorized, Challenge: true},
				authlete.UserInfoIssueForbidden:           {Status: http.StatusForbidden, Challenge: true},
				authlete.UserInfoIssueInternalServerError: {Status: http.StatusInternalServerError, Challenge: true},
			},
		},
	}
	return h.answer
}

// answer answers a userinfo request.
func (h *handler) answer(r *http.Request) reply.Answer {
	token, refusal := h.accessToken(r)
	if refusal != nil {
		return *refusal
	}
	proof, refusal := h.proof(r, token)
	if refusal != nil {
		return *refusal
	}
	certificate, refusal := h.Binding.Certificate(r)
	if refusal != nil {
		return *refusal
	}
	response, err := h.Backend.UserInfo(r.Context(), &authlete.UserInfoRequest{
		Token: token.token, ClientCertificate: certificate, DPoPProof: proof,
	})
	if err != nil {
		return reply.FailedBackend(err)
	}
	answer := h.react(r.Context(), response, token.scheme)
	answer.Log.Subject, answer.DPoPNonce = response.Subject, response.DPoPNonce
	return answer.Noting(reply.Outcome(string(response.Action), response.ResultCode))
}

// react answers with the claims. A person who is gone or disabled has none any more, and the token is worth nothing.
func (h *handler) react(ctx context.Context, response *authlete.UserInfoResponse, scheme string) reply.Answer {
	if response.Action != authlete.UserInfoOK {
		return h.check.Answer(response.Action, response.ResultCode, response.ResponseContent)
	}
	user := h.Users.BySubject(response.Subject)
	if user == nil {
		answer := reply.Error(http.StatusUnauthorized, "invalid_token", "The user is not active.")
		answer.Challenge = scheme + ` error="invalid_token",error_description="The user is not active."`
		return answer
	}
	claims, err := users.EncodeClaims(users.Claims(user, h.allowed(response), nil))
	if err != nil {
		return reply.FailedBackend(err)
	}
	issued, err := h.Backend.UserInfoIssue(ctx, &authlete.UserInfoIssueRequest{Token: response.Token, Claims: claims})
	if err != nil {
		return reply.FailedBackend(err)
	}
	return h.issue.Answer(issued.Action, issued.ResultCode, issued.ResponseContent)
}

// allowed are the claims to give out: those that the token and its scopes are for and, where another front end issued the
// token and noted to which of them the person agreed, no others.
func (h *handler) allowed(response *authlete.UserInfoResponse) []string {
	released := slices.Concat(response.Claims, h.ScopeClaims.Of(response.Scopes))
	if len(response.ConsentedClaims) == 0 {
		return released
	}
	return slices.DeleteFunc(released, func(claim string) bool { return !slices.Contains(response.ConsentedClaims, claim) })
}
