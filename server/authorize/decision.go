package authorize

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/audit"
	"github.com/authserver-dev/operator/server/login"
	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/session"
	"github.com/authserver-dev/operator/server/users"
	"github.com/authserver-dev/operator/server/web"
)

// What a person reads. None of it tells whether an account exists.
const (
	textWrong     = "The login ID or the password is not correct."
	textOther     = "The application asks for another account. Please log in with that one."
	textEnter     = "Please enter your login ID and password."
	textThrottled = "Too many attempts. Please wait %d seconds and try again."
)

// Decide serves the page's form.
func (h *Handler) Decide(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		h.message(w, r, http.StatusBadRequest, "The form could not be read", "Go back to the application and try again.")
		return
	}
	in, ok := h.interaction(r)
	if !ok {
		h.message(w, r, http.StatusBadRequest, "This page has expired", "Go back to the application and start again.")
		return
	}
	audit.From(r.Context()).Client = in.ClientID
	s, user := h.Cookies.Current(r)
	switch {
	case r.PostForm.Has("denied"):
		h.fail(w, r, in, authlete.AuthorizationFailDenied) // needs no login, and logs nobody in
	case r.PostForm.Has("switch"):
		in.FreshLogin, in.LoginHint = true, ""
		h.page(w, r, in, view{status: http.StatusOK})
	case loginProblem(in, s, h.Clock()) == "":
		h.grant(w, r, in, s, user)
	default:
		h.login(w, r, in)
	}
}

// interaction opens the form's state and checks that it is recent and belongs to this browser.
func (h *Handler) interaction(r *http.Request) (*Interaction, bool) {
	in := &Interaction{}
	if h.Sealer.Open(session.PurposeInteraction, r.PostForm.Get("interaction"), in) != nil {
		return nil, false
	}
	age := h.Clock().Sub(time.Unix(in.Created, 0))
	return in, age <= h.Lifetime && in.Browser != "" && h.Cookies.SameBrowser(r, in.Browser)
}

// login checks the password and goes on with the decision, or shows the page again.
func (h *Handler) login(w http.ResponseWriter, r *http.Request, in *Interaction) {
	attempt := login.Attempt{Username: r.PostForm.Get("username"), Password: r.PostForm.Get("password"), Address: h.Address(r.Context())}
	again := view{username: attempt.Username, status: http.StatusForbidden, problem: textWrong}
	if strings.TrimSpace(attempt.Username) == "" || attempt.Password == "" {
		again.problem = textEnter
		h.page(w, r, in, again)
		return
	}
	user, err := h.Passwords.Check(r.Context(), attempt)
	var throttled *login.ThrottledError
	switch {
	case errors.As(err, &throttled):
		seconds := int(throttled.Wait/time.Second) + 1
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		again.status, again.problem = http.StatusTooManyRequests, fmt.Sprintf(textThrottled, seconds)
		h.page(w, r, in, again)
	case errors.Is(err, login.ErrWrong):
		h.page(w, r, in, again)
	case err != nil:
		h.internal(w, r, "Checking a password failed", err)
	case in.Subject != "" && user.Subject != in.Subject:
		again.problem = textOther
		h.page(w, r, in, again)
	default:
		h.loggedIn(w, r, in, user)
	}
}

// loggedIn starts a session, with a new id whatever there was before.
func (h *Handler) loggedIn(w http.ResponseWriter, r *http.Request, in *Interaction, user *configv1alpha1.User) {
	h.grant(w, r, in, h.Cookies.New(user), user)
}

// grant issues what the person has allowed and remembers it.
func (h *Handler) grant(w http.ResponseWriter, r *http.Request, in *Interaction, s *session.Session, user *configv1alpha1.User) {
	if !r.PostForm.Has("authorized") {
		h.page(w, r, in, view{session: s, user: user, status: http.StatusOK})
		return
	}
	s.Remember(in.consent())
	s.LastSeen = h.Clock().Unix()
	if err := h.Cookies.Write(w, s); err != nil {
		h.internal(w, r, "Sealing a session failed", err)
		return
	}
	h.issue(w, r, in, s, user)
}

// issue asks the backend for the response to the client.
func (h *Handler) issue(w http.ResponseWriter, r *http.Request, in *Interaction, s *session.Session, user *configv1alpha1.User) {
	audit.From(r.Context()).Subject = s.Subject
	if err := h.Cookies.Touch(w, s); err != nil {
		h.internal(w, r, "Sealing a session failed", err)
		return
	}
	claims, err := users.EncodeClaims(users.Claims(user, in.Claims, in.ClaimsLocales))
	if err != nil {
		h.internal(w, r, "Encoding claims failed", err)
		return
	}
	response, err := h.Backend.AuthorizationIssue(r.Context(), &authlete.AuthorizationIssueRequest{
		Ticket: in.Ticket, Subject: s.Subject, AuthTime: s.AuthTime, Claims: claims,
	})
	if err != nil {
		h.backendError(w, r, err)
		return
	}
	audit.From(r.Context()).Note(string(response.Action), response.ResultCode)
	h.end(w, r, string(response.Action), response.ResponseContent)
}

// fail asks the backend for the refusal to the client.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, in *Interaction, reason authlete.AuthorizationFailReason) {
	response, err := h.Backend.AuthorizationFail(r.Context(), &authlete.AuthorizationFailRequest{Ticket: in.Ticket, Reason: reason})
	if err != nil {
		h.backendError(w, r, err)
		return
	}
	audit.From(r.Context()).Note(string(response.Action), response.ResultCode)
	audit.From(r.Context()).Param("reason", string(reason))
	h.end(w, r, string(response.Action), response.ResponseContent)
}

// refused shows why a request cannot be processed; it must not be sent to an unproven redirect URI.
func (h *Handler) refused(w http.ResponseWriter, r *http.Request, content string) {
	var refusal struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal([]byte(content), &refusal) != nil || strings.Contains(r.Header.Get("Accept"), "application/json") {
		reply.NoStore(w.Header())
		w.Header().Set("Content-Type", reply.JSON)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(content)) // the client is gone if this fails
		return
	}
	page := web.MessagePage{
		Title: "The request cannot be processed", ServiceName: h.ServiceName,
		Text:   "The application sent a request that this server cannot accept, or the page was used already. Go back to the application and start again.",
		Detail: refusal.Error + ": " + refusal.Description,
	}
	if err := h.Pages.Message(w, http.StatusBadRequest, page); err != nil {
		h.internal(w, r, "Rendering a page failed", err)
	}
}

// message shows one sentence.
func (h *Handler) message(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	if err := h.Pages.Message(w, status, web.MessagePage{Title: title, ServiceName: h.ServiceName, Text: text}); err != nil {
		h.internal(w, r, "Rendering a page failed", err)
	}
}

// backendError says that the server cannot serve at the moment; the cause goes to the log only.
func (h *Handler) backendError(w http.ResponseWriter, r *http.Request, err error) {
	audit.From(r.Context()).Problem("Calling the backend failed", "error", err.Error())
	status := http.StatusInternalServerError
	if retry, ok := reply.Unavailable(err); ok {
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", strconv.Itoa(int(retry.Seconds())))
	}
	h.message(w, r, status, "Please try again later", "The server cannot process requests at the moment.")
}

// internal notes a failure of our own and tells the browser no more than that.
func (h *Handler) internal(w http.ResponseWriter, r *http.Request, problem string, err error) {
	audit.From(r.Context()).Problem(problem, "error", err.Error())
	reply.ServerError(w)
}
