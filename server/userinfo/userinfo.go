package userinfo

import (
	"context"
	"net/http"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/users"
)

// Users finds people.
type Users interface {
	BySubject(subject string) *configv1alpha1.User
}

// handler serves the endpoint.
type handler struct {
	backend authlete.UserInfoAPI
	users   Users
	check   reply.Table[authlete.UserInfoAction]
	issue   reply.Table[authlete.UserInfoIssueAction]
}

// New returns the endpoint.
func New(backend authlete.UserInfoAPI, directory Users) reply.Endpoint {
	h := &handler{
		backend: backend, users: directory,
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
	token, refusal := accessToken(r)
	if refusal != nil {
		return *refusal
	}
	response, err := h.backend.UserInfo(r.Context(), &authlete.UserInfoRequest{Token: token})
	if err != nil {
		return reply.FailedBackend(err)
	}
	answer := h.react(r.Context(), response)
	answer.Log.Subject = response.Subject
	return answer.Noting(reply.Outcome(string(response.Action), response.ResultCode))
}

// react answers with the claims. A person who is gone or disabled has none any more, and the token is worth nothing.
func (h *handler) react(ctx context.Context, response *authlete.UserInfoResponse) reply.Answer {
	if response.Action != authlete.UserInfoOK {
		return h.check.Answer(response.Action, response.ResultCode, response.ResponseContent)
	}
	user := h.users.BySubject(response.Subject)
	if user == nil {
		answer := reply.Error(http.StatusUnauthorized, "invalid_token", "The user is not active.")
		answer.Challenge = `Bearer error="invalid_token",error_description="The user is not active."`
		return answer
	}
	claims, err := users.EncodeClaims(users.Claims(user, response.Claims, nil))
	if err != nil {
		return reply.FailedBackend(err)
	}
	issued, err := h.backend.UserInfoIssue(ctx, &authlete.UserInfoIssueRequest{Token: response.Token, Claims: claims})
	if err != nil {
		return reply.FailedBackend(err)
	}
	return h.issue.Answer(issued.Action, issued.ResultCode, issued.ResponseContent)
}
