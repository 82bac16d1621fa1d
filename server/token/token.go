package token

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/password"
	"github.com/authserver-dev/operator/server/basicauth"
	"github.com/authserver-dev/operator/server/form"
	"github.com/authserver-dev/operator/server/login"
	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/requestlog"
)

const challenge = `Basic realm="token"`

// Passwords checks the credentials of the password grant.
type Passwords interface {
	Check(ctx context.Context, attempt login.Attempt) (*configv1alpha1.User, error)
}

// Users finds people who may use the server.
type Users interface {
	BySubject(subject string) *configv1alpha1.User
}

// Options configure a Handler.
type Options struct {
	Backend   authlete.TokenAPI
	Passwords Passwords
	Users     Users
}

// Handler serves the endpoint.
type Handler struct {
	Options

	withHeader, withoutHeader reply.Table[authlete.TokenAction]
	issue                     reply.Table[authlete.TokenIssueAction]
	fail                      reply.Table[authlete.TokenFailAction]
}

// New returns the handler.
func New(opts Options) *Handler {
	// A client that used the Authorization header gets 401 with a challenge, another one 400 (RFC 6749, section 5.2).
	table := func(invalidClient reply.Rule) reply.Table[authlete.TokenAction] {
		return reply.Table[authlete.TokenAction]{
			Call: "auth/token", Rules: map[authlete.TokenAction]reply.Rule{
				authlete.TokenOK:                  {Status: http.StatusOK, ContentType: reply.JSON},
				authlete.TokenIDTokenReissuable:   {Status: http.StatusOK, ContentType: reply.JSON},
				authlete.TokenBadRequest:          {Status: http.StatusBadRequest, ContentType: reply.JSON},
				authlete.TokenInvalidClient:       invalidClient,
				authlete.TokenInternalServerError: {Status: http.StatusInternalServerError, ContentType: reply.JSON},
			},
		}
	}
	return &Handler{
		Options:       opts,
		withHeader:    table(reply.Rule{Status: http.StatusUnauthorized, ContentType: reply.JSON, Challenge: challenge}),
		withoutHeader: table(reply.Rule{Status: http.StatusBadRequest, ContentType: reply.JSON}),
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
}

// ServeHTTP serves a token request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := form.Read(w, r)
	if !ok {
		return
	}
	credentials, found := basicauth.Parse(r)
	if found == basicauth.Malformed {
		w.Header().Set("WWW-Authenticate", challenge)
		reply.Error(w, http.StatusUnauthorized, "invalid_client", "The Authorization header is malformed.")
		return
	}
	response, err := h.Backend.Token(r.Context(), &authlete.TokenRequest{
		Parameters: body, ClientID: credentials.User, ClientSecret: credentials.Password,
	})
	if err != nil {
		reply.BackendError(w, r, err)
		return
	}
	note(r, response, credentials.User)
	issued := response.Action == authlete.TokenOK || response.Action == authlete.TokenIDTokenReissuable
	if issued && response.Subject != "" && h.Users.BySubject(response.Subject) == nil {
		// The tokens that were issued are forgotten here: nobody gets to know them.
		reply.Error(w, http.StatusBadRequest, "invalid_grant", "The user is not active.")
		return
	}
	switch response.Action {
	case authlete.TokenPassword:
		h.password(w, r, response)
	case authlete.TokenExchange, authlete.TokenJWTBearer:
		reply.Error(w, http.StatusBadRequest, "unsupported_grant_type", "This server does not support the grant type.")
	default:
		table := h.withoutHeader
		if found == basicauth.Present {
			table = h.withHeader
		}
		table.Write(w, r, response.Action, response.ResponseContent)
	}
}

// note puts what may be logged into the request's line. claimed is the client that the header names, authenticated or not.
func note(r *http.Request, response *authlete.TokenResponse, claimed string) {
	record := requestlog.From(r.Context())
	reply.Note(r.Context(), string(response.Action), response.ResultCode)
	record.Client, record.Subject = cmp.Or(response.ClientIDAlias, claimed), response.Subject
	record.Param("grantType", string(response.GrantType))
}

// password completes a password grant.
func (h *Handler) password(w http.ResponseWriter, r *http.Request, response *authlete.TokenResponse) {
	user, err := h.Passwords.Check(r.Context(), login.Attempt{
		Username: response.Username, Password: response.Password, Address: requestlog.Address(r.Context()),
	})
	var throttled *login.ThrottledError
	switch {
	case err == nil:
		h.issuePassword(w, r, response.Ticket, user.Subject)
	case errors.Is(err, login.ErrWrong), errors.As(err, &throttled):
		if errors.Is(err, password.ErrFormat) {
			requestlog.From(r.Context()).Problem("An account's password hash cannot be used", "error", err.Error())
		}
		h.failPassword(w, r, response.Ticket)
	default:
		reply.BackendError(w, r, err)
	}
}

func (h *Handler) issuePassword(w http.ResponseWriter, r *http.Request, ticket, subject string) {
	response, err := h.Backend.TokenIssue(r.Context(), &authlete.TokenIssueRequest{Ticket: ticket, Subject: subject})
	if err != nil {
		reply.BackendError(w, r, err)
		return
	}
	reply.Note(r.Context(), string(response.Action), response.ResultCode)
	requestlog.From(r.Context()).Subject = subject
	h.issue.Write(w, r, response.Action, response.ResponseContent)
}

func (h *Handler) failPassword(w http.ResponseWriter, r *http.Request, ticket string) {
	response, err := h.Backend.TokenFail(r.Context(), &authlete.TokenFailRequest{
		Ticket: ticket, Reason: authlete.TokenFailInvalidResourceOwnerCredentials,
	})
	if err != nil {
		reply.BackendError(w, r, err)
		return
	}
	reply.Note(r.Context(), string(response.Action), response.ResultCode)
	h.fail.Write(w, r, response.Action, response.ResponseContent)
}
