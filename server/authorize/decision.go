package authorize

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/password"
	"github.com/authserver-dev/operator/server/login"
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

// Decide serves the page's form.
func (h *Handler) Decide(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		h.message(w, r, http.StatusBadRequest, web.MessagePage{
			Title: "The form could not be read", Text: "Go back to the application and try again.",
		})
		return
	}
	in, ok := h.interaction(r)
	if !ok {
		h.message(w, r, http.StatusBadRequest, in.wayBack(web.MessagePage{
			Title: "This page has expired", Text: "Go back to the application and start again.",
		}))
		return
	}
	requestlog.From(r.Context()).Client = in.ClientID
	s, user := h.Cookies.Current(r)
	switch {
	case r.PostForm.Has("denied"):
		h.fail(w, r, in, authlete.AuthorizationFailDenied) // needs no login, and logs nobody in
	case r.PostForm.Has("switch"):
		in.FreshLogin, in.LoginHint = true, ""
		h.page(w, r, in, view{status: http.StatusOK})
	case loginProblem(in, s, h.Clock()) == "":
		h.grant(w, r, in, account{s, user})
	default:
		h.login(w, r, in)
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
func (h *Handler) login(w http.ResponseWriter, r *http.Request, in *Interaction) {
	attempt := login.Attempt{
		Username: r.PostForm.Get("username"), Password: r.PostForm.Get("password"), Address: requestlog.Address(r.Context()),
	}
	again := view{username: attempt.Username, status: http.StatusForbidden, problem: textWrong}
	if strings.TrimSpace(attempt.Username) == "" || attempt.Password == "" {
		again.problem = textEnter
		h.page(w, r, in, again)
		return
	}
	user, err := h.Passwords.Check(r.Context(), attempt)
	if err != nil {
		h.notLoggedIn(w, r, in, again, err)
		return
	}
	if in.Subject != "" && user.Subject != in.Subject {
		again.problem = textOther
		h.page(w, r, in, again)
		return
	}
	in.FreshLogin = false
	// A new session with a new id, whatever there was before.
	h.grant(w, r, in, account{h.Cookies.New(user), user})
}

// notLoggedIn shows the page again, or says that the server is too busy to check passwords.
func (h *Handler) notLoggedIn(w http.ResponseWriter, r *http.Request, in *Interaction, again view, err error) {
	record := requestlog.From(r.Context())
	if throttled, ok := errors.AsType[*login.ThrottledError](err); ok {
		record.Note("LOGIN_THROTTLED", "")
		seconds := throttled.Seconds()
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		again.status, again.problem = http.StatusTooManyRequests, fmt.Sprintf(textThrottled, seconds)
		h.page(w, r, in, again)
		return
	}
	if !errors.Is(err, login.ErrWrong) {
		h.backendError(w, r, err)
		return
	}
	record.Note("LOGIN_FAILED", "")
	if errors.Is(err, password.ErrFormat) {
		record.Problem("An account's password hash cannot be used", "error", err.Error())
	}
	h.page(w, r, in, again)
}

// grant issues what the person has allowed and remembers it.
func (h *Handler) grant(w http.ResponseWriter, r *http.Request, in *Interaction, who account) {
	allowed := r.PostForm.Has("authorized")
	if allowed {
		who.session.Remember(in.consent())
	}
	who.session.LastSeen = h.Clock().Unix()
	if err := h.Cookies.Write(w, who.session); err != nil {
		h.internal(w, r, "Sealing a session failed", err)
		return
	}
	if !allowed { // no button was pressed
		h.page(w, r, in, view{account: who, status: http.StatusOK})
		return
	}
	h.issue(w, r, in, who)
}
