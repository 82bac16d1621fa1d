package authorize

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/requestlog"
	"github.com/authserver-dev/operator/server/users"
	"github.com/authserver-dev/operator/server/web"
)

// issue asks the backend for the response to the client.
func (h *Handler) issue(w http.ResponseWriter, r *http.Request, in *Interaction, who account) {
	requestlog.From(r.Context()).Subject = who.session.Subject
	if err := h.Cookies.Touch(w, who.session); err != nil {
		h.internal(w, r, "Sealing a session failed", err)
		return
	}
	claims, err := users.EncodeClaims(users.Claims(who.user, in.Claims, in.ClaimsLocales))
	if err != nil {
		h.internal(w, r, "Encoding claims failed", err)
		return
	}
	response, err := h.Backend.AuthorizationIssue(r.Context(), &authlete.AuthorizationIssueRequest{
		Ticket: in.Ticket, Subject: who.session.Subject, AuthTime: who.session.AuthTime, Claims: claims,
	})
	if err != nil {
		h.backendError(w, r, err)
		return
	}
	reply.Note(r.Context(), string(response.Action), response.ResultCode)
	if response.Action == authlete.AuthorizationIssueBadRequest {
		h.used(w, r, in)
		return
	}
	h.end(w, r, answer{"auth/authorization/issue", string(response.Action), response.ResponseContent})
}

// fail asks the backend for the refusal to the client.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, in *Interaction, reason authlete.AuthorizationFailReason) {
	requestlog.From(r.Context()).Param("reason", string(reason))
	response, err := h.Backend.AuthorizationFail(r.Context(), &authlete.AuthorizationFailRequest{Ticket: in.Ticket, Reason: reason})
	if err != nil {
		h.backendError(w, r, err)
		return
	}
	reply.Note(r.Context(), string(response.Action), response.ResultCode)
	if response.Action == authlete.AuthorizationFailActionBadRequest {
		h.used(w, r, in)
		return
	}
	h.end(w, r, answer{"auth/authorization/fail", string(response.Action), response.ResponseContent})
}

// answer is what a call of the backend came to.
type answer struct{ call, action, content string }

// end sends the client what the backend made for it. Its calls share the names of these actions.
func (h *Handler) end(w http.ResponseWriter, r *http.Request, a answer) {
	sends := a.action == string(authlete.AuthorizationLocation) || a.action == string(authlete.AuthorizationForm)
	if sends && a.content == "" {
		reply.NoContent(r.Context(), a.call)
		h.Failure(w)
		return
	}
	switch a.action {
	case string(authlete.AuthorizationLocation):
		reply.Location(w, r, a.content)
	case string(authlete.AuthorizationForm):
		h.Pages.FormPost(w, a.content)
	case string(authlete.AuthorizationInternalServerError):
		reply.InternalAction(r.Context(), a.call)
		h.Failure(w)
	default:
		reply.UnknownAction(r.Context(), a.call)
		h.Failure(w)
	}
}

// used says that a decision was made before: the ticket is gone. Nothing happens twice.
func (h *Handler) used(w http.ResponseWriter, r *http.Request, in *Interaction) {
	h.message(w, r, http.StatusBadRequest, in.wayBack(web.MessagePage{
		Title: "This page was used already",
		Text:  "Your decision has been sent to the application before, or it came too late. Go back to the application and start again if you need to.",
	}))
}

// refused shows why a request cannot be processed; it must not be sent to an unproven redirect URI.
func (h *Handler) refused(w http.ResponseWriter, r *http.Request, content string) {
	var refusal struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal([]byte(content), &refusal); err != nil {
		requestlog.From(r.Context()).Problem("The backend's refusal is not JSON", "error", err.Error())
		h.Failure(w)
		return
	}
	if strings.Contains(r.Header.Get("Accept"), reply.JSON) {
		reply.Send(w, http.StatusBadRequest, reply.JSON, content)
		return
	}
	h.message(w, r, http.StatusBadRequest, web.MessagePage{
		Title:  "The request cannot be processed",
		Text:   "The application sent a request that this server cannot accept. Go back to the application and start again, or tell its developers.",
		Detail: strings.TrimSuffix(refusal.Error+": "+refusal.Description, ": "),
	})
}

// message shows one sentence.
func (h *Handler) message(w http.ResponseWriter, r *http.Request, status int, page web.MessagePage) {
	page.Service = h.Service
	if err := h.Pages.Message(w, status, page); err != nil {
		h.internal(w, r, "Rendering a page failed", err)
	}
}

// backendError says that the server cannot serve at the moment; the cause goes to the log only.
func (h *Handler) backendError(w http.ResponseWriter, r *http.Request, err error) {
	reply.NoteBackendError(r.Context(), err)
	retry, ok := reply.Unavailable(err)
	if !ok {
		h.Failure(w)
		return
	}
	w.Header().Set("Retry-After", strconv.Itoa(int(retry.Seconds())))
	h.message(w, r, http.StatusServiceUnavailable, web.MessagePage{
		Title: "Please try again later", Text: "The server cannot process requests at the moment.",
	})
}

// internal notes a failure of our own and tells the browser no more than that.
func (h *Handler) internal(w http.ResponseWriter, r *http.Request, problem string, err error) {
	requestlog.From(r.Context()).Problem(problem, "error", err.Error())
	h.Failure(w)
}

// Failure shows that something went wrong inside, and nothing more.
func (h *Handler) Failure(w http.ResponseWriter) {
	page := web.MessagePage{
		Service: h.Service, Title: "Something went wrong", Text: "The server could not process the request. Please try again later.",
	}
	if err := h.Pages.Message(w, http.StatusInternalServerError, page); err != nil {
		reply.ServerError(w)
	}
}
