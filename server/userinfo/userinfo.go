package userinfo

import (
	"net/http"
	"strings"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/requestlog"
	"github.com/authserver-dev/operator/server/users"
)

// Users finds people.
type Users interface {
	BySubject(subject string) *configv1alpha1.User
}

// Handler serves the endpoint.
type Handler struct {
	backend authlete.UserInfoAPI
	users   Users
	check   reply.Table[authlete.UserInfoAction]
	issue   reply.Table[authlete.UserInfoIssueAction]
}

// New returns the handler.
func New(backend authlete.UserInfoAPI, directory Users) *Handler {
	return &Handler{
		backend: backend, users: directory,
		check: reply.Table[authlete.UserInfoAction]{
			Call: "auth/userinfo", Rules: map[authlete.UserInfoAction]reply.Rule{
				authlete.UserInfoBadRequest:          {Status: http.StatusBadRequest, Challenge: reply.Content},
				authlete.UserInfoUnauthorized:        {Status: http.StatusUnauthorized, Challenge: reply.Content},
				authlete.UserInfoForbidden:           {Status: http.StatusForbidden, Challenge: reply.Content},
				authlete.UserInfoInternalServerError: {Status: http.StatusInternalServerError, Challenge: reply.Content},
			},
		},
		issue: reply.Table[authlete.UserInfoIssueAction]{
			Call: "auth/userinfo/issue", Rules: map[authlete.UserInfoIssueAction]reply.Rule{
				authlete.UserInfoIssueJSON:                {Status: http.StatusOK, ContentType: reply.JSON},
				authlete.UserInfoIssueJWT:                 {Status: http.StatusOK, ContentType: reply.JWT},
				authlete.UserInfoIssueBadRequest:          {Status: http.StatusBadRequest, Challenge: reply.Content},
				authlete.UserInfoIssueUnauthorized:        {Status: http.StatusUnauthorized, Challenge: reply.Content},
				authlete.UserInfoIssueForbidden:           {Status: http.StatusForbidden, Challenge: reply.Content},
				authlete.UserInfoIssueInternalServerError: {Status: http.StatusInternalServerError, Challenge: reply.Content},
			},
		},
	}
}

// ServeHTTP serves a userinfo request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := bearer(r)
	if token == "" {
		w.Header().Set("WWW-Authenticate", `Bearer realm="userinfo"`)
		reply.Error(w, http.StatusUnauthorized, "invalid_token", "An access token is required.")
		return
	}
	response, err := h.backend.UserInfo(r.Context(), &authlete.UserInfoRequest{Token: token})
	if err != nil {
		reply.BackendError(w, r, err)
		return
	}
	record := requestlog.From(r.Context())
	reply.Note(r.Context(), string(response.Action), response.ResultCode)
	record.Subject = response.Subject
	if response.Action != authlete.UserInfoOK {
		h.check.Write(w, r, response.Action, response.ResponseContent)
		return
	}
	h.answer(w, r, response)
}

// answer sends the claims. A person who is gone or disabled has none any more, and the token is worth nothing.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, response *authlete.UserInfoResponse) {
	user := h.users.BySubject(response.Subject)
	if user == nil {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token",error_description="The user is not active."`)
		reply.Error(w, http.StatusUnauthorized, "invalid_token", "The user is not active.")
		return
	}
	claims, err := users.EncodeClaims(users.Claims(user, response.Claims, nil))
	if err != nil {
		reply.BackendError(w, r, err)
		return
	}
	issued, err := h.backend.UserInfoIssue(r.Context(), &authlete.UserInfoIssueRequest{Token: response.Token, Claims: claims})
	if err != nil {
		reply.BackendError(w, r, err)
		return
	}
	reply.Note(r.Context(), string(issued.Action), issued.ResultCode)
	h.issue.Write(w, r, issued.Action, issued.ResponseContent)
}

// bearer returns the access token of the header, or of a form body (RFC 6750, section 2).
func bearer(r *http.Request) string {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		return ""
	}
	return r.PostForm.Get("access_token")
}
