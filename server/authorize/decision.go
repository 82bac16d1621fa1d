package authorize

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/password"
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
	if err := r.ParseForm(); err != nil {
		return h.message(http.StatusBadRequest, web.MessagePage{
			Title: "The form could not be read", Text: "Go back to the application and try again.",
		})
	}
	in, ok := h.interaction(r)
	if !ok {
		return h.message(http.StatusBadRequest, in.wayBack(web.MessagePage{
			Title: "This page has expired", Text: "Go back to the application and start again.",
		}))
	}
	return h.decide(r, in).Noting(requestlog.Entry{Client: in.ClientID})
}

// decide does what the button says that was pressed.
func (h *Handler) decide(r *http.Request, in *Interaction) reply.Answer {
	s, user := h.Cookies.Current(r)
	switch {
	case r.PostForm.Has("denied"):
		return h.fail(r.Context(), in, authlete.AuthorizationFailDenied) // needs no login, and logs nobody in
	case r.PostForm.Has("switch"):
		in.FreshLogin, in.LoginHint = true, ""
		return h.page(in, view{status: http.StatusOK})
	case loginProblem(in, s, h.Clock()) == "":
		return h.grant(r, in, account{s, user})
	default:
		return h.login(r, in)
	}
}

// interaction opens the form's state and checks that it is recent and belongs to this browser. What belongs to this
// browser but is too old is returned for the way back.
func (h *Handler) interaction(r *http.Request) (in *Interaction, ok bool) {
	in = &Interaction{}
	if h.Sealer.Open(session.PurposeInteraction, r.PostForm.Get("interaction"), in) != nil || !h.Cookies.SameBrowser(r, in.Browser) {
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
func (h *Handler) login(r *http.Request, in *Interaction) reply.Answer {
	attempt := login.Attempt{
		Username: r.PostForm.Get("username"), Password: r.PostForm.Get("password"), Address: requestlog.Address(r.Context()),
	}
	again := view{username: attempt.Username, status: http.StatusForbidden, problem: textWrong}
	if strings.TrimSpace(attempt.Username) == "" || attempt.Password == "" {
		again.problem = textEnter
		return h.page(in, again)
	}
	user, err := h.Passwords.Check(r.Context(), attempt)
	if err != nil {
		return h.notLoggedIn(in, again, err)
	}
	if in.Subject != "" && user.Subject != in.Subject {
		again.problem = textOther
		return h.page(in, again)
	}
	in.FreshLogin = false
	// A new session with a new id, whatever there was before.
	return h.grant(r, in, account{h.Cookies.New(user), user})
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
func (h *Handler) grant(r *http.Request, in *Interaction, who account) reply.Answer {
	allowed := r.PostForm.Has("authorized")
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
	return h.issue(r.Context(), in, who).WithCookie(cookie)
}
