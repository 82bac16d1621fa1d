package reply

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/requestlog"
)

// Content types.
const (
	JSON = "application/json"
	JWT  = "application/jwt"
	HTML = "text/html; charset=utf-8"
)

// Rule is how one action is answered.
type Rule struct {
	// Status is the HTTP status.
	Status int
	// ContentType is that of the response content; empty sends no body.
	ContentType string
	// Challenge is the WWW-Authenticate value; "content" means the response content.
	Challenge string
}

// Content is the challenge of actions whose response content is a WWW-Authenticate value.
const Content = "content"

// Table answers the actions of one API call.
type Table[A ~string] struct {
	// Call names the API in the log, e.g. "auth/token".
	Call string
	// Rules are how actions are answered.
	Rules map[A]Rule
}

// Write answers an action. One that the table lacks is an internal error, and so is missing content; the log names the call.
func (t Table[A]) Write(w http.ResponseWriter, r *http.Request, action A, content string) {
	rule, ok := t.Rules[action]
	if !ok {
		UnknownAction(r.Context(), t.Call)
		ServerError(w)
		return
	}
	if rule.ContentType != "" && content == "" { // no client could make anything of it
		NoContent(r.Context(), t.Call)
		ServerError(w)
		return
	}
	if rule.Status == http.StatusInternalServerError {
		InternalAction(r.Context(), t.Call)
	}
	header := w.Header()
	NoStore(header)
	if rule.Challenge == Content {
		header.Set("WWW-Authenticate", content)
	} else if rule.Challenge != "" {
		header.Set("WWW-Authenticate", rule.Challenge)
	}
	if rule.ContentType == "" {
		header.Set("Content-Length", "0")
		w.WriteHeader(rule.Status)
		return
	}
	Send(w, rule.Status, rule.ContentType, content)
}

// Send writes content that no cache may keep.
func Send(w http.ResponseWriter, status int, contentType, content string) {
	header := w.Header()
	NoStore(header)
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, content) // the client is gone if this fails
}

// NoStore keeps a response out of every cache (RFC 6749, section 5.1).
func NoStore(header http.Header) {
	header["Cache-Control"] = noStore
	header["Pragma"] = noCache
}

// Header values that are shared between responses; net/http does not change them.
var noStore, noCache = []string{"no-store"}, []string{"no-cache"} //nolint:gochecknoglobals // constants in the form that http.Header takes

// Error writes an OAuth error body (RFC 6749, section 5.2). Both texts are constants of the code.
func Error(w http.ResponseWriter, status int, code, description string) {
	Send(w, status, JSON, `{"error":`+strconv.Quote(code)+`,"error_description":`+strconv.Quote(description)+`}`)
}

// ServerError says that something went wrong inside, and nothing more.
func ServerError(w http.ResponseWriter) {
	Error(w, http.StatusInternalServerError, "server_error", "The server could not process the request.")
}

// defaultRetry is how long a client should wait when the backend does not say.
const defaultRetry = 5 * time.Second

// BackendError answers a request whose backend call failed: temporarily_unavailable where trying again may help. The
// cause goes to the log only.
func BackendError(w http.ResponseWriter, r *http.Request, err error) {
	NoteBackendError(r.Context(), err)
	if retry, ok := Unavailable(err); ok {
		w.Header().Set("Retry-After", strconv.Itoa(int(retry.Seconds())))
		Error(w, http.StatusServiceUnavailable, "temporarily_unavailable", "The server cannot process requests at the moment.")
		return
	}
	ServerError(w)
}

// NoteBackendError puts the cause of a failed backend call into the request's line. A caller who went away is not a
// failure.
func NoteBackendError(ctx context.Context, err error) {
	if errors.Is(err, context.Canceled) {
		requestlog.From(ctx).Note("CANCELED", "")
		return
	}
	requestlog.From(ctx).Problem("Calling the backend failed", "error", cause(err))
}

// Unavailable says whether a backend error may go away by itself, and when to try again.
func Unavailable(err error) (time.Duration, bool) {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return defaultRetry, true
	}
	var refused *authlete.Error
	if !errors.As(err, &refused) {
		return defaultRetry, true // the embedded engine's store
	}
	switch refused.Status {
	case 0, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return max(refused.RetryAfter, defaultRetry), true
	default:
		return 0, false
	}
}

// Location redirects with 302 after a GET and with 303 after a POST: a 307 would send the form, password included, to
// the client (RFC 9700, section 4.12).
func Location(w http.ResponseWriter, r *http.Request, location string) {
	NoStore(w.Header())
	// http.Redirect would clean the path of the URL, which must arrive as registered. net/http takes line ends out.
	w.Header().Set("Location", location)
	status := http.StatusFound
	if r.Method == http.MethodPost {
		status = http.StatusSeeOther
	}
	w.WriteHeader(status)
}
