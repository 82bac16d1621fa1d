package authorize

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/password"
	"github.com/authserver-dev/operator/server/clientcall"
	"github.com/authserver-dev/operator/server/login"
	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/requestlog"
	"github.com/authserver-dev/operator/server/session"
	"github.com/authserver-dev/operator/server/web"
)

// What a person reads. None of it tells whether an account exists.
const (
	textWrong     = "The login ID or the password is not correct."
	textOther     = "The application asks for another account. Please log in with that one."
	textEnter     = "Please enter your login ID and password."
	textThrottled = "Too many attempts. Please wait %d seconds and try again."
)

// Decide answers the page's form.
func (h *Handler) Decide(r *http.Request) reply.Answer {
	text, err := clientcall.Form(r)
	if err != nil {
		return h.unreadable(err)
	}
	form, err := url.ParseQuery(text)
	if err != nil {
		return h.unreadable(err)
	}
	in, ok := h.interaction(r, form)
	if !ok {
		return h.message(http.StatusBadRequest, in.wayBack(web.MessagePage{
			Title: "This page has expired", Text: "Go back to the application and start again.",
		}))
	}
	return h.decide(r, in, form).Noting(requestlog.Entry{Client: in.ClientID})
}

// decide does what the button says that was pressed.
func (h *Handler) decide(r *http.Request, in *Interaction, form url.Values) reply.Answer {
	s, user := h.Cookies.Current(r)
	switch {
	case form.Has("denied"):
		return h.fail(r.Context(), in, authlete.AuthorizationFailDenied) // needs no login, and logs nobody in
	case form.Has("switch"):
		in.FreshLogin, in.LoginHint = true, ""
		return h.page(in, view{status: http.StatusOK})
	case loginProblem(in, s, h.Clock()) == "":
		return h.grant(r.Context(), in, account{s, user}, form)
	default:
		return h.login(r.Context(), in, form)
	}
}

// interaction opens the form's state and checks that it is recent and belongs to this browser. What belongs to this
// browser but is too old is returned for the way back.
func (h *Handler) interaction(r *http.Request, form url.Values) (in *Interaction, ok bool) {
	in = &Interaction{}
	if h.Sealer.Open(session.PurposeInteraction, form.Get("interaction"), in) != nil || !h.Cookies.SameBrowser(r, in.Browser) {
		return nil, false
	}
	return in, h.Clock().Sub(time.Unix(in.Created, 0)) <= h.Lifetime
}

// wayBack adds the application's home page, where it is known.
func (in *Interaction) wayBack(page web.MessagePage) web.MessagePage {
	if in != nil && in.ClientURI != "" {
		page.BackURI, page.BackName = in.ClientURI, in.ClientName
	}
	return page
}

// login checks the password and goes on with the decision, or shows the page again.
func (h *Handler) login(ctx context.Context, in *Interaction, form url.Values) reply.Answer {
	attempt := login.Attempt{
		Username: form.Get("username"), Password: form.Get("password"), Address: requestlog.Address(ctx),
	}
	again := view{username: attempt.Username, status: http.StatusForbidden, problem: textWrong}
	if strings.TrimSpace(attempt.Username) == "" || attempt.Password == "" {
		again.problem = textEnter
		return h.page(in, again)
	}
	user, err := h.Passwords.Check(ctx, attempt)
	if err != nil {
		return h.notLoggedIn(in, again, err)
	}
	if in.Subject != "" && user.Subject != in.Subject {
		again.problem = textOther
		return h.page(in, again)
	}
	in.FreshLogin = false
	// A new session with a new id, whatever there was before.
	return h.grant(ctx, in, account{h.Cookies.New(user), user}, form)
}

// notLoggedIn shows the page again, or says that the server is too busy to check passwords.
func (h *Handler) notLoggedIn(in *Interaction, again view, err error) reply.Answer {
	if throttled, ok := errors.AsType[*login.ThrottledError](err); ok {
		seconds := throttled.Seconds()
		again.status, again.problem = http.StatusTooManyRequests, fmt.Sprintf(textThrottled, seconds)
		answer := h.page(in, again)
		answer.Log.Action, answer.RetryAfter = "LOGIN_THROTTLED", time.Duration(seconds)*time.Second
		return answer
	}
	if !errors.Is(err, login.ErrWrong) {
		return reply.FailedBackend(err)
	}
	answer := h.page(in, again)
	answer.Log.Action = "LOGIN_FAILED"
	if errors.Is(err, password.ErrFormat) {
		answer.Log.Problem("An account's password hash cannot be used", "error", err.Error())
	}
	return answer
}

// grant issues what the person has allowed and remembers it.
func (h *Handler) grant(ctx context.Context, in *Interaction, who account, form url.Values) reply.Answer {
	allowed := form.Has("authorized")
	if allowed {
		who.session.Remember(in.consent())
	}
	who.session.LastSeen = h.Clock().Unix()
	cookie, err := h.Cookies.Cookie(who.session)
	if err != nil {
		return reply.Failed("Sealing a session failed", "error", err.Error())
	}
	if !allowed { // no button was pressed
		return h.page(in, view{account: who, status: http.StatusOK}).WithCookie(cookie)
	}
	return h.issue(ctx, in, who).WithCookie(cookie)
}
