package authorize

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/interaction"
	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/requestlog"
	"github.com/authserver-dev/operator/server/users"
	"github.com/authserver-dev/operator/server/web"
)

// issue asks the backend for the response to the client.
func (h *Handler) issue(ctx context.Context, in *interaction.Interaction, who account) reply.Answer {
	cookie, err := h.Cookies.Touch(who.session)
	if err != nil {
		return reply.Failed("Sealing a session failed", "error", err.Error())
	}
	claims, err := users.EncodeClaims(users.Claims(who.user, in.IDTokenClaims(), in.ClaimsLocales))
	if err != nil {
		return reply.Failed("Encoding claims failed", "error", err.Error())
	}
	request := &authlete.AuthorizationIssueRequest{
		Ticket: in.Ticket, Subject: who.session.Subject, AuthTime: who.session.AuthTime, Claims: claims,
	}
	if in.AcrAsked {
		request.Acr = h.Rules.Class
	}
	response, err := h.Backend.AuthorizationIssue(ctx, request)
	if err != nil {
		return about(reply.FailedBackend(err), who).WithCookie(cookie)
	}
	if response.Action == authlete.AuthorizationIssueBadRequest {
		answer := h.used(in).Noting(reply.Outcome(string(response.Action), response.ResultCode))
		return about(answer, who).WithCookie(cookie)
	}
	return about(toClient(h.issued.Answer(response.Action, response.ResultCode, response.ResponseContent)), who).WithCookie(cookie)
}

// toClient marks an answer that the browser carries to the client.
func toClient(answer reply.Answer) reply.Answer {
	answer.ToClient = !answer.Log.Failed()
	return answer
}

// about notes whose request is answered.
func about(answer reply.Answer, who account) reply.Answer {
	answer.Log.Subject = who.session.Subject
	return answer
}

// fail asks the backend for the refusal to the client.
func (h *Handler) fail(ctx context.Context, in *interaction.Interaction, reason authlete.AuthorizationFailReason) reply.Answer {
	answer := h.failure(ctx, in, reason)
	answer.Log.Param("reason", string(reason))
	return answer
}

func (h *Handler) failure(ctx context.Context, in *interaction.Interaction, reason authlete.AuthorizationFailReason) reply.Answer {
	req := &authlete.AuthorizationFailRequest{Ticket: in.Ticket, Reason: reason}
	if reason == in.Refused {
		req.Description = in.Why
	}
	response, err := h.Backend.AuthorizationFail(ctx, req)
	if err != nil {
		return reply.FailedBackend(err)
	}
	if response.Action == authlete.AuthorizationFailActionBadRequest {
		return h.used(in).Noting(reply.Outcome(string(response.Action), response.ResultCode))
	}
	return toClient(h.failed.Answer(response.Action, response.ResultCode, response.ResponseContent))
}

// formPost answers with the page that the backend made to send its parameters by a form.
// Its bytes are the backend's own affair: the parameters are taken out of it, and sent by a page of this server.
func (h *Handler) formPost(content string) reply.Answer {
	form, err := parseForm(content)
	if err != nil {
		return reply.Failed("The backend's form cannot be read", "error", err.Error())
	}
	form.Service = h.Service
	page, err := h.Pages.FormPost(form)
	if err != nil {
		return reply.Failed("Rendering a page failed", "error", err.Error())
	}
	return reply.Page(http.StatusOK, page.HTML, page.Policy)
}

// used says that a decision was made before: the ticket is gone. Nothing happens twice.
func (h *Handler) used(in *interaction.Interaction) reply.Answer {
	return h.message(http.StatusBadRequest, wayBack(in, web.MessagePage{
		Title: "This page was used already",
		Text:  "Your decision has been sent to the application before, or it came too late. Go back to the application and start again if you need to.",
	}))
}

// expired says that a page is too old, or not one of this browser's.
func (h *Handler) expired() reply.Answer {
	return h.message(http.StatusBadRequest, web.MessagePage{
		Title: "This page has expired", Text: "Go back to the application and start again.",
	})
}

// wayBack adds where the person can go on: the application's home page, or the site that the request came from.
func wayBack(in *interaction.Interaction, page web.MessagePage) web.MessagePage {
	page.BackURI, page.BackName = in.ClientURI, in.ClientName
	if page.BackURI == "" {
		page.BackURI = origin(in.RedirectURI)
	}
	return page
}

// origin is the site of a redirect URI; "" if it has none.
func origin(redirectURI string) string {
	parsed, err := url.Parse(redirectURI)
	if err != nil || (parsed.Scheme != "https" && parsed.Scheme != "http") || parsed.Host == "" {
		return ""
	}
	return parsed.Scheme + "://" + parsed.Host + "/"
}

// refused shows why a request cannot be processed; it must not be sent to an unproven redirect URI. That URI is the most
// frequent reason: it is in the log, and the page names the line.
func (h *Handler) refused(r *http.Request, content, parameters string) reply.Answer {
	answer := h.refusal(r, content)
	if values, err := url.ParseQuery(parameters); err == nil {
		answer.Log.Param("redirectUri", printable(values.Get("redirect_uri")))
	}
	return answer
}

// printable writes a value of a stranger so that it cannot look like anything else in a log: in ASCII, escaped.
func printable(value string) string {
	const enough = 512 // the log has a bound of its own
	quoted := strconv.QuoteToASCII(value[:min(len(value), enough)])
	return quoted[1 : len(quoted)-1]
}

func (h *Handler) refusal(r *http.Request, content string) reply.Answer {
	var refusal struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal([]byte(content), &refusal); err != nil {
		return reply.Failed("The backend's refusal is not JSON", "error", err.Error())
	}
	if reply.PrefersJSON(r) {
		return reply.Content(http.StatusBadRequest, reply.JSON, content)
	}
	return h.message(http.StatusBadRequest, web.MessagePage{
		Title:  "The request cannot be processed",
		Text:   "The application sent a request that this server cannot accept. Go back to the application and start again, or tell its developers.",
		Detail: strings.TrimSuffix(refusal.Error+": "+refusal.Description, ": "), Reference: requestlog.From(r.Context()).RequestID,
	})
}

// message shows one sentence.
func (h *Handler) message(status int, page web.MessagePage) reply.Answer {
	page.Service = h.Service
	rendered, err := h.Pages.Message(page)
	if err != nil {
		return reply.Failed("Rendering a page failed", "error", err.Error())
	}
	return reply.Page(status, rendered.HTML, rendered.Policy)
}

// NotFound is the page of people who are at an address that is not for them.
func (h *Handler) NotFound(status int) reply.Answer {
	return h.message(status, web.MessagePage{
		Title: "There is no page here", Text: "Go back to the application and start again, or check the address.",
	})
}

// Failure is the page that says that something went wrong inside, or that the server cannot serve at the moment.
func (h *Handler) Failure(r *http.Request, status int) reply.Answer {
	page := web.MessagePage{Title: "Something went wrong", Text: "The server could not process the request. Please try again later."}
	if status == http.StatusServiceUnavailable {
		page = web.MessagePage{Title: "Please try again later", Text: "The server cannot process requests at the moment."}
	}
	page.Reference = requestlog.From(r.Context()).RequestID
	return h.message(status, page).Render(r, reply.FailureJSON)
}
