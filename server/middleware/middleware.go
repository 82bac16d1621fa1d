// Package middleware surrounds the endpoints: request id, security headers,
// bounded bodies, metrics, the one log line per request, and recovery from
// panics.
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

	"github.com/authserver-dev/operator/server/audit"
	"github.com/authserver-dev/operator/server/reply"
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

// Wrap surrounds an endpoint that is mounted under the route.
func Wrap(opts Options, route string, next http.Handler) http.Handler {
	observer := opts.Metrics.route(route)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := opts.Clock()
		record := &audit.Record{}
		recorder := &responseRecorder{ResponseWriter: w}
		id := requestID(r)
		setHeaders(w.Header(), id, opts.HTTPS)
		if opts.Draining() {
			w.Header().Set("Connection", "close")
		}
		address := opts.Proxies.Client(r)
		ctx, cancel := context.WithTimeout(withAddress(audit.With(r.Context(), record), address), opts.Timeout)
		defer cancel()
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(recorder, r.Body, maxBody)
		}
		defer func() {
			if cause := recover(); cause != nil {
				recovered(recorder, record, cause)
			}
			took := opts.Clock().Sub(began)
			observer.observe(r.Method, recorder.status(), took)
			logLine(ctx, opts.Log, line{request: r, route: route, id: id, address: address, status: recorder.status(), took: took, record: record})
		}()
		next.ServeHTTP(recorder, r.WithContext(ctx))
	})
}

// recovered turns a panic into an error response and a line with the stack.
func recovered(w *responseRecorder, record *audit.Record, cause any) {
	record.Problem("Recovered from a panic", "panic", fmt.Sprint(cause)+"\n"+string(debug.Stack()))
	if w.code == 0 {
		reply.ServerError(w)
	}
}

// line is what the log says of a request.
type line struct {
	request            *http.Request
	route, id, address string
	status             int
	took               time.Duration
	record             *audit.Record
}

func logLine(ctx context.Context, log *slog.Logger, l line) {
	level := slog.LevelInfo
	if l.record.Failed() {
		level = slog.LevelError
	}
	if !log.Enabled(ctx, level) {
		return
	}
	var buf [16]slog.Attr
	attrs := append(buf[:0],
		slog.String("method", l.request.Method), slog.String("route", l.route), slog.Int("status", l.status),
		slog.Int64("durationMicros", l.took.Microseconds()), slog.String("requestId", l.id), slog.String("address", l.address))
	log.LogAttrs(ctx, level, "Request", l.record.Attrs(attrs)...)
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
	hsts        = []string{"max-age=31536000; includeSubDomains"}
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
