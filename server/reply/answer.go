package reply

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/authserver-dev/operator/server/requestlog"
)

// Content types.
const (
	JSON = "application/json"
	JWT  = "application/jwt"
	HTML = "text/html; charset=utf-8"
)

// Endpoint answers requests of one kind.
type Endpoint func(r *http.Request) Answer

// Answer is what a request is answered with. No cache may keep it unless it says so.
type Answer struct {
	// Status is the HTTP status; a redirect has none, because it depends on the method of the request.
	Status int
	// ContentType is that of the content; without one, the body is empty.
	ContentType string
	// Content is the body, unless Document is: bytes that are shared between answers.
	Content  string
	Document []byte
	// Location is where a redirect leads.
	Location string
	// Challenge is the WWW-Authenticate value.
	Challenge string
	// DPoPNonce is the nonce that the next DPoP proof must have (RFC 9449, section 8).
	DPoPNonce string
	// AttestationChallenge is the challenge that the next attestation of the client must have.
	AttestationChallenge string
	// Allow names the methods that a resource takes.
	Allow string
	// Cache is the Cache-Control value of what caches may keep.
	Cache string
	// RetryAfter is after how long the client should try again.
	RetryAfter time.Duration
	// Policy is the Content-Security-Policy of a page.
	Policy string
	// Preflight is what scripts of other sites may do (Fetch standard, CORS protocol).
	Preflight *Preflight
	// Cookies are set in the browser.
	Cookies []*http.Cookie
	// ToClient says that the browser carries the answer to a client: the request is done, whoever sends it again.
	ToClient bool
	// Log is what the line of the request says about the answer.
	Log requestlog.Entry

	// failure says that the content is still to be made: as JSON or as a page, which the place where the endpoint is
	// mounted knows.
	failure bool
}

// Preflight names the methods and the request headers that scripts of other sites may use.
type Preflight struct{ Methods, Headers string }

// Content answers with content.
func Content(status int, contentType, content string) Answer {
	return Answer{Status: status, ContentType: contentType, Content: content}
}

// Page answers with a page and its Content-Security-Policy.
func Page(status int, html, policy string) Answer {
	return Answer{Status: status, ContentType: HTML, Content: html, Policy: policy}
}

// Document answers with bytes that nobody changes; cache is their Cache-Control value.
func Document(contentType string, document []byte, cache string) Answer {
	return Answer{Status: http.StatusOK, ContentType: contentType, Document: document, Cache: cache}
}

// Redirect sends the browser elsewhere: with 302 after a GET and with 303 after a POST, since a 307 would send the form,
// password included, to the client (RFC 9700, section 4.12).
func Redirect(location string) Answer { return Answer{Location: location} }

// Error answers with an OAuth error body (RFC 6749, section 5.2). Both texts are constants of the code.
func Error(status int, code, description string) Answer {
	return Content(status, JSON, `{"error":`+strconv.Quote(code)+`,"error_description":`+strconv.Quote(description)+`}`)
}

// WithCookie adds a cookie; nil adds none.
func (a Answer) WithCookie(cookie *http.Cookie) Answer {
	if cookie != nil {
		a.Cookies = append(slices.Clip(a.Cookies), cookie)
	}
	return a
}

// Noting completes the log entry with what was known before the answer.
func (a Answer) Noting(earlier requestlog.Entry) Answer {
	a.Log.Add(earlier)
	return a
}
