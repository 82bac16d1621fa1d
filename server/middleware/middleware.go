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
	// Failure answers for it after a panic; an OAuth error in JSON if nil.
	Failure func(w http.ResponseWriter)
	Handler http.Handler
}

// call is what is kept during a request, in one piece of memory.
type call struct {
	record   requestlog.Record
	recorder responseRecorder
	began    time.Time
}

// Wrap surrounds an endpoint.
func Wrap(opts Options, endpoint Endpoint) http.Handler {
	observer := opts.Metrics.route(endpoint.Route)
	if endpoint.Failure == nil {
		endpoint.Failure = reply.ServerError
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{began: opts.Clock(), recorder: responseRecorder{ResponseWriter: w}}
		c.record.RequestID = requestID(r)
		c.record.TraceParent, c.record.TraceState = trace(r.Header)
		c.record.Address, c.record.Shared = opts.Proxies.Client(r), opts.Proxies.Shared(r)
		if c.record.Shared {
			opts.Proxies.warn(r.Context(), opts.Log, c.record.Address)
		}
		setHeaders(w.Header(), c.record.RequestID, opts.HTTPS)
		if opts.Draining() {
			w.Header()["Connection"] = closing
		}
		ctx, cancel := context.WithTimeout(requestlog.With(r.Context(), &c.record), opts.Timeout)
		defer cancel()
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
		observer.begin()
		defer func() {
			cause := recover()
			if cause != nil {
				c.recovered(cause, endpoint.Failure)
			}
			took := opts.Clock().Sub(c.began)
			observer.end(r.Method, c.recorder.status(), took)
			c.log(ctx, opts.Log, r.Method, endpoint.Route, took)
			if cause == http.ErrAbortHandler { //nolint:errorlint // a panic value, compared as net/http does
				panic(cause)
			}
		}()
		endpoint.Handler.ServeHTTP(&c.recorder, r.WithContext(ctx))
	})
}

// recovered turns a panic into an error response, where it is not too late, and a line with the stack.
func (c *call) recovered(cause any, failure func(http.ResponseWriter)) {
	c.record.Problem("Recovered from a panic", "panic", fmt.Sprint(cause)+"\n"+string(debug.Stack()))
	if c.recorder.code == 0 {
		failure(&c.recorder)
	}
}

// log writes the one line of the request.
func (c *call) log(ctx context.Context, log *slog.Logger, method, route string, took time.Duration) {
	level := slog.LevelInfo
	if c.record.Failed() {
		level = slog.LevelError
	}
	if !log.Enabled(ctx, level) {
		return
	}
	var buf [16]slog.Attr
	attrs := append(buf[:0],
		slog.String("method", method), slog.String("route", route), slog.Int("status", c.recorder.status()),
		slog.Int64("durationMicros", took.Microseconds()), slog.String("requestId", c.record.RequestID), slog.String("address", c.record.Address))
	log.LogAttrs(ctx, level, "Request", c.record.Attrs(attrs)...)
}

// setHeaders sets what every response carries. Pages add their own Content-Security-Policy.
func setHeaders(header http.Header, id string, https bool) {
	header["X-Request-Id"] = []string{id}
	header["X-Content-Type-Options"] = nosniff
	header["Referrer-Policy"] = noReferrer
	header["X-Frame-Options"] = deny
	header["Content-Security-Policy"] = emptyPolicy
	if https {
		header["Strict-Transport-Security"] = hsts
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

// responseRecorder remembers the status.
type responseRecorder struct {
	http.ResponseWriter

	code int
}

func (w *responseRecorder) WriteHeader(code int) {
	if w.code == 0 {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *responseRecorder) Write(data []byte) (int, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	return w.ResponseWriter.Write(data)
}

// Unwrap lets http.ResponseController and http.MaxBytesReader reach the connection.
func (w *responseRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *responseRecorder) status() int {
	if w.code == 0 {
		return http.StatusOK
	}
	return w.code
}
