package middleware

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/requestlog"
)

// maxBody bounds request bodies.
const maxBody = 64 << 10

// Options configure the middleware.
type Options struct {
	Log     *slog.Logger
	Metrics *Metrics
	Clock   func() time.Time
	// HTTPS says that clients reach the server by HTTPS, directly or through a proxy.
	HTTPS bool
	// Proxies knows which peers may speak for others.
	Proxies Proxies
	// Timeout bounds the work on one request.
	Timeout time.Duration
	// Draining says that the server is about to stop: responses then ask clients to open a new connection next time, which
	// leads them to another replica before this one closes its connections.
	Draining func() bool
}

// Endpoint is what is surrounded.
type Endpoint struct {
	// Route names it in metrics and the log.
	Route string
	// AnyOrigin lets scripts of any site read the answers. It is for what works without cookies.
	AnyOrigin bool
	// Failure makes the content of its failures; an OAuth error in JSON if nil.
	Failure reply.Renderer
	Answer  reply.Endpoint
}

// call is what is kept during a request, in one piece of memory.
type call struct {
	request requestlog.Request
	entry   requestlog.Entry
	began   time.Time
	status  int
}

// Wrap surrounds an endpoint: it writes the answer and the line in the log.
func Wrap(opts Options, endpoint Endpoint) http.Handler {
	observer := opts.Metrics.route(endpoint.Route)
	if endpoint.Failure == nil {
		endpoint.Failure = reply.FailureJSON
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{began: opts.Clock(), status: http.StatusOK}
		c.request.RequestID = requestID(r)
		c.request.TraceParent, c.request.TraceState = trace(r.Header)
		c.request.Address, c.request.Shared = opts.Proxies.Client(r)
		if opts.Proxies.unnamed(r) {
			opts.Proxies.warn(r.Context(), opts.Log, c.request.Address)
		}
		setHeaders(w.Header(), &opts, &endpoint, c.request.RequestID)
		ctx, cancel := context.WithTimeout(requestlog.With(r.Context(), &c.request), opts.Timeout)
		defer cancel()
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
		observer.begin()
		defer func() {
			took := opts.Clock().Sub(c.began)
			observer.end(r.Method, c.status, took)
			c.log(ctx, opts.Log, r.Method, endpoint.Route, took)
		}()
		answer := c.answer(&endpoint, r.WithContext(ctx))
		c.entry = answer.Log
		c.status = reply.Write(w, r, answer)
	})
}

// answer asks the endpoint. A panic becomes a failure, and a line with the stack; http.ErrAbortHandler goes on, after a
// line.
func (c *call) answer(endpoint *Endpoint, r *http.Request) (answer reply.Answer) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		answer = reply.Failed("Recovered from a panic", "panic", fmt.Sprint(cause)+"\n"+string(debug.Stack())).Render(r, endpoint.Failure)
		if cause == http.ErrAbortHandler { //nolint:errorlint // a panic value, compared as net/http does
			c.entry = answer.Log
			panic(cause)
		}
	}()
	return endpoint.Answer(r).Render(r, endpoint.Failure)
}

// log writes the one line of the request.
func (c *call) log(ctx context.Context, log *slog.Logger, method, route string, took time.Duration) {
	level := slog.LevelInfo
	if c.entry.Failed() {
		level = slog.LevelError
	}
	if !log.Enabled(ctx, level) {
		return
	}
	var buf [16]slog.Attr
	attrs := append(buf[:0],
		slog.String("method", method), slog.String("route", route), slog.Int("status", c.status),
		slog.Int64("durationMicros", took.Microseconds()), slog.String("requestId", c.request.RequestID), slog.String("address", c.request.Address))
	log.LogAttrs(ctx, level, "Request", c.entry.Attrs(attrs)...)
}

// setHeaders sets what every response carries. Pages have a Content-Security-Policy of their own.
func setHeaders(header http.Header, opts *Options, endpoint *Endpoint, id string) {
	header["X-Request-Id"] = []string{id}
	header["X-Content-Type-Options"] = nosniff
	header["Referrer-Policy"] = noReferrer
	header["X-Frame-Options"] = deny
	header["Content-Security-Policy"] = emptyPolicy
	if opts.HTTPS {
		header["Strict-Transport-Security"] = hsts
	}
	if opts.Draining() {
		header["Connection"] = closing
	}
	if endpoint.AnyOrigin {
		header["Access-Control-Allow-Origin"] = anyOrigin
		header["Access-Control-Expose-Headers"] = exposed
	}
}

// Header values that are shared between responses; net/http does not change them.
//
//nolint:gochecknoglobals // constants in the form that http.Header takes
var (
	nosniff     = []string{"nosniff"}
	noReferrer  = []string{"no-referrer"}
	deny        = []string{"DENY"}
	emptyPolicy = []string{"default-src 'none'; frame-ancestors 'none'"}
	hsts        = []string{"max-age=31536000"} // this host only: what else lies below it is not ours to decide
	closing     = []string{"close"}
	anyOrigin   = []string{"*"}
	exposed     = []string{"WWW-Authenticate, Retry-After, DPoP-Nonce, OAuth-Client-Attestation-Challenge"}
)

// requestID takes over a sensible X-Request-Id or makes one.
func requestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); id != "" && len(id) <= 64 && strings.IndexFunc(id, notIDChar) < 0 {
		return id
	}
	var buf [8]byte
	_, _ = rand.Read(buf[:]) // crypto/rand ends the program where it cannot deliver
	return hex.EncodeToString(buf[:])
}

func notIDChar(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.'
}
