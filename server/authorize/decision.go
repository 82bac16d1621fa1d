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
	"github.com/authserver-dev/operator/server/interaction"
	"github.com/authserver-dev/operator/server/login"
	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/requestlog"
	"github.com/authserver-dev/operator/server/session"
)

// What a person reads. None of it tells whether an account exists.
const (
	textWrong     = "The login ID or the password is not correct."
	textOther     = "The application asks for another account. Please log in with that one."
	textEnter     = "Please enter your login ID and password."
	textThrottled = "Too many attempts. Please wait %d seconds and try again."
	textExpired   = "The page that you sent had expired. Please try again."
)

// submission is a form that came back.
type submission struct {
	in   *interaction.Interaction
	form url.Values
	// old is who is logged in at this moment.
	old account
	// browser says who logged in there before.
	browser login.Browser
}

// Decide answers the page's form. A form that is sent twice, by a double click for example, gets the same answer again.
func (h *Handler) Decide(r *http.Request) reply.Answer {
	text, err := clientcall.Form(r)
	if err != nil {
		return h.unreadable(err)
	}
	form, err := url.ParseQuery(text)
	if err != nil {
		return h.unreadable(err)
	}
	answered := h.granted
	if form.Has("denied") { // anybody can deny: what strangers fill is kept apart
		answered = h.denied
	}
	ctx, cancel := detached(r.Context())
	defer cancel()
	r = r.WithContext(ctx)
	return answered.do(ctx, h.Cookies.KnownBrowser(r)+"\n"+text, func() reply.Answer { return h.submitted(r, form) })
}

// detached returns a context that lives on when the caller hangs up: a browser drops the first request of a double click,
// and wants its answer for the second.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	return context.WithDeadline(context.WithoutCancel(ctx), deadline)
}

// submitted opens the form and does what it says.
func (h *Handler) submitted(r *http.Request, form url.Values) reply.Answer {
	in := &interaction.Interaction{}
	if h.Sealer.Open(session.PurposeInteraction, form.Get("interaction"), in) != nil || !h.Cookies.SameBrowser(r, in.Browser) {
		return h.expired()
	}
	entry := requestlog.Entry{Client: in.ClientID}
	s, user := h.Cookies.Current(r)
	sub := submission{in, form, account{s, user}, login.Browser(h.Cookies.History(r))}
	if h.Clock().Sub(time.Unix(in.Created, 0)) > h.Lifetime {
		return h.renew(r, sub).Noting(entry)
	}
	return h.decide(r.Context(), sub).Noting(entry)
}

// decide does what the button says that was pressed. Credentials that were typed are checked, whoever is logged in.
func (h *Handler) decide(ctx context.Context, sub submission) reply.Answer {
	username, typed := sub.form.Get("username"), sub.form.Get("password")
	switch {
	case sub.form.Has("denied"):
		return h.fail(ctx, sub.in, authlete.AuthorizationFailDenied) // needs no login, and logs nobody in
	case sub.form.Has("switch"):
		sub.in.Switch()
		return h.page(sub.in, view{status: http.StatusOK})
	case strings.TrimSpace(username) != "" && typed != "":
		request := requestlog.From(ctx)
		return h.login(ctx, sub, login.Attempt{
			Username: username, Password: typed, Address: request.Address, Shared: request.Shared, Browser: sub.browser,
		})
	case strings.TrimSpace(username) != "" || typed != "" || sub.old.session == nil:
		return h.page(sub.in, view{account: sub.old, username: username, status: http.StatusForbidden, problem: textEnter, logIn: true})
	default:
		return h.proceed(ctx, sub, sub.old, false)
	}
}

// login checks the password and goes on with the decision, or shows the page again.
func (h *Handler) login(ctx context.Context, sub submission, attempt login.Attempt) reply.Answer {
	again := view{account: sub.old, username: attempt.Username, status: http.StatusForbidden, problem: textWrong, logIn: true}
	user, err := h.Passwords.Check(ctx, attempt)
	if err != nil {
		return h.notLoggedIn(sub.in, again, err)
	}
	if sub.in.Subject != "" && user.Subject != sub.in.Subject {
		again.problem = textOther
		return h.page(sub.in, again)
	}
	// A new session with a new id, whatever there was before. Consents are a person's, and stay with that person.
	who := account{h.Cookies.New(user), user}
	if sub.old.session != nil && sub.old.session.Subject == user.Subject {
		who.session.Consents = sub.old.session.Consents
	}
	history, err := h.Cookies.HistoryCookie(session.History(sub.browser), user.Subject)
	if err != nil {
		return reply.Failed("Sealing the history of a browser failed", "error", err.Error())
	}
	return h.proceed(ctx, sub, who, true).WithCookie(history)
}

// notLoggedIn shows the page again, or says that the server is too busy to check passwords.
func (h *Handler) notLoggedIn(in *interaction.Interaction, again view, err error) reply.Answer {
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

// proceed grants what the person has allowed and remembers it, or shows what is still needed.
func (h *Handler) proceed(ctx context.Context, sub submission, who account, loggedIn bool) reply.Answer {
	step := sub.in.Decide(interaction.Submission{LoggedIn: loggedIn, Authorized: sub.form.Has("authorized")}, who.session, h.Rules, h.Clock())
	sub.in.Remember(who.session)
	who.session.LastSeen = h.Clock().Unix()
	cookie, err := h.Cookies.Cookie(who.session)
	if err != nil {
		return reply.Failed("Sealing a session failed", "error", err.Error())
	}
	switch step.Kind {
	case interaction.Issue:
		return h.issue(ctx, sub.in, who).WithCookie(cookie)
	case interaction.Refuse:
		return h.fail(ctx, sub.in, step.Reason).WithCookie(cookie)
	case interaction.LogIn:
		return h.page(sub.in, view{account: who, status: http.StatusForbidden, problem: textEnter}).WithCookie(cookie)
	default:
		return h.page(sub.in, view{account: who, status: http.StatusOK}).WithCookie(cookie)
	}
}

// renew begins the request of a page again that has expired, where it is known.
func (h *Handler) renew(r *http.Request, sub submission) reply.Answer {
	if sub.in.Parameters == "" {
		return h.expired()
	}
	response, err := h.Backend.Authorization(r.Context(), &authlete.AuthorizationRequest{Parameters: sub.in.Parameters})
	if err != nil {
		return reply.FailedBackend(err)
	}
	if response.Action != authlete.AuthorizationInteraction {
		return h.react(r, response, sub.in.Parameters)
	}
	again := view{account: sub.old, username: sub.form.Get("username"), status: http.StatusBadRequest, problem: textExpired}
	answer := h.show(r, interaction.New(response, sub.in.Parameters, h.Clock()), again)
	return answer.Noting(reply.Outcome(string(response.Action), response.ResultCode))
}
