package middleware_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/authserver-dev/operator/server/middleware"
	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/requestlog"
)

// wrapped is an endpoint with the middleware around it, and what is seen of it.
type wrapped struct {
	handler  http.Handler
	log      bytes.Buffer
	registry *prometheus.Registry
	draining bool
}

func wrap(t *testing.T, https bool, endpoint middleware.Endpoint) *wrapped {
	t.Helper()
	w := &wrapped{registry: prometheus.NewRegistry()}
	proxies, err := middleware.NewProxies([]string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	endpoint.Route = "/route"
	w.handler = middleware.Wrap(middleware.Options{
		Log: slog.New(slog.NewJSONHandler(&w.log, nil)), Metrics: middleware.NewMetrics(w.registry), Clock: time.Now, HTTPS: https, Proxies: proxies,
		Timeout: time.Second, Draining: func() bool { return w.draining },
	}, endpoint)
	return w
}

// line returns the one line of the log.
func (w *wrapped) line(t *testing.T) map[string]any {
	t.Helper()
	line := map[string]any{}
	if err := json.Unmarshal(w.log.Bytes(), &line); err != nil {
		t.Fatalf("not one line: %v in %q", err, w.log.String())
	}
	return line
}

func empty(*http.Request) reply.Answer { return reply.Answer{Status: http.StatusNoContent} }

func TestRequest(t *testing.T) {
	t.Parallel()
	var address string
	w := wrap(t, true, middleware.Endpoint{Answer: func(r *http.Request) reply.Answer {
		address = requestlog.From(r.Context()).Address
		if _, ok := r.Context().Deadline(); !ok {
			t.Error("the request has no deadline")
		}
		answer := reply.Answer{Status: http.StatusTeapot}
		answer.Log.Param("scope", "openid")
		return answer
	}})
	w.draining = true
	r := httptest.NewRequest(http.MethodPost, "/route?code=secret-code", strings.NewReader("password=secret-password"))
	r.RemoteAddr = "10.1.2.3:4"
	r.Header.Set("X-Forwarded-For", "192.0.2.7, 10.9.9.9")
	r.Header.Set("X-Request-Id", "abc-123")
	r.Header.Set("Authorization", "Basic secret-header")
	r.Header.Set("Cookie", "secret=cookie")
	response := httptest.NewRecorder()
	w.handler.ServeHTTP(response, r)
	for name, want := range map[string]string{
		"X-Request-Id": "abc-123", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Strict-Transport-Security": "max-age=31536000", "Connection": "close",
	} {
		if got := response.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	line := w.line(t)
	for key, want := range map[string]any{
		"level": "INFO", "msg": "Request", "method": "POST", "route": "/route", "status": float64(418), "requestId": "abc-123",
		"address": "192.0.2.7", "scope": "openid",
	} {
		if line[key] != want {
			t.Errorf("%s: %v, want %v", key, line[key], want)
		}
	}
	if strings.Contains(w.log.String(), "secret") {
		t.Errorf("a secret is in the log: %s", w.log.String())
	}
	if address != "192.0.2.7" {
		t.Errorf("the endpoint sees the address %q", address)
	}
	metrics := httptest.NewRecorder()
	promhttp.HandlerFor(w.registry, promhttp.HandlerOpts{}).ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	for _, want := range []string{
		`authserver_http_requests_in_flight 0`, `authserver_http_requests_total{method="POST",route="/route",status="418"} 1`,
		`authserver_http_request_duration_seconds_count{route="/route"} 1`,
	} {
		if !strings.Contains(metrics.Body.String(), want+"\n") {
			t.Errorf("the metrics lack %s:\n%s", want, metrics.Body.String())
		}
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	w := wrap(t, false, middleware.Endpoint{Answer: empty})
	seen := map[string]bool{}
	for _, id := range []string{"", "", "a b", "a\nb", strings.Repeat("x", 65), "<script>", "fine_1.2-3"} {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.Header.Set("X-Request-Id", id)
		response := httptest.NewRecorder()
		w.handler.ServeHTTP(response, r)
		got := response.Header().Get("X-Request-Id")
		if (got == id) != (id == "fine_1.2-3") || got == "" || seen[got] {
			t.Errorf("X-Request-Id %q became %q", id, got)
		}
		seen[got] = true
		if response.Header().Get("Strict-Transport-Security") != "" {
			t.Error("HSTS over plain HTTP")
		}
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	page := func(_ *http.Request, status int) reply.Answer { return reply.Page(status, "<h1>", "") }
	inside := func(*http.Request) reply.Answer { panic("inside") }
	for name, test := range map[string]struct {
		endpoint middleware.Endpoint
		status   int
		body     string
	}{
		"JSON": {middleware.Endpoint{Answer: inside}, 500, `"server_error"`},
		"page": {middleware.Endpoint{Answer: inside, Failure: page}, 500, "<h1>"},
	} {
		w := wrap(t, false, test.endpoint)
		response := httptest.NewRecorder()
		w.handler.ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		if response.Code != test.status || !strings.Contains(response.Body.String(), test.body) || strings.Contains(response.Body.String(), "inside") {
			t.Errorf("%s: %d %q", name, response.Code, response.Body.String())
		}
		line := w.line(t)
		if line["level"] != "ERROR" || line["problem"] != "Recovered from a panic" || !strings.Contains(line["panic"].(string), "middleware_test.go") {
			t.Errorf("%s: line %v", name, line)
		}
	}
}

// TestAbort: a handler that gives the connection up has its way, and a line.
func TestAbort(t *testing.T) {
	t.Parallel()
	w := wrap(t, false, middleware.Endpoint{Answer: func(*http.Request) reply.Answer { panic(http.ErrAbortHandler) }})
	defer func() {
		if cause := recover(); cause != http.ErrAbortHandler { //nolint:errorlint // a panic value
			t.Errorf("recovered %v", cause)
		}
		w.line(t)
	}()
	w.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
}

func TestBodyIsBounded(t *testing.T) {
	t.Parallel()
	var read int
	var err error
	w := wrap(t, false, middleware.Endpoint{Answer: func(r *http.Request) reply.Answer {
		var data []byte
		data, err = io.ReadAll(r.Body)
		read = len(data)
		return empty(r)
	}})
	w.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", 1<<20))))
	if err == nil || read > 64<<10 {
		t.Errorf("read %d bytes, %v", read, err)
	}
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	trusted := []string{"10.0.0.0/8", "fd00::/8"}
	for name, test := range map[string]struct {
		trusted   []string
		peer      string
		forwarded []string
		want      string
		shared    bool
	}{
		"nobody is trusted":        {nil, "10.0.0.1:1", []string{"192.0.2.1"}, "10.0.0.1", true},
		"a public peer":            {nil, "192.0.2.9:1", nil, "192.0.2.9", false},
		"an unnamed proxy":         {nil, "192.0.2.9:1", []string{"192.0.2.1"}, "192.0.2.9", true},
		"a node":                   {nil, "10.0.0.1:1", nil, "10.0.0.1", true},
		"a gateway of a carrier":   {nil, "100.64.3.1:1", nil, "100.64.3.1", true},
		"loopback":                 {nil, "[::1]:1", nil, "::1", true},
		"a private IPv6 network":   {nil, "[fd12::1]:1", nil, "fd12::1", true},
		"peer is not trusted":      {trusted, "192.0.2.9:1", []string{"192.0.2.1"}, "192.0.2.9", false},
		"one proxy":                {trusted, "10.0.0.1:1", []string{"192.0.2.1"}, "192.0.2.1", false},
		"forged beginning":         {trusted, "10.0.0.1:1", []string{"1.1.1.1, 192.0.2.1"}, "192.0.2.1", false},
		"two proxies, two headers": {trusted, "10.0.0.1:1", []string{"192.0.2.1", "10.0.0.2"}, "192.0.2.1", false},
		"only proxies":             {trusted, "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3", false},
		"nonsense":                 {trusted, "10.0.0.1:1", []string{"192.0.2.1, nonsense"}, "10.0.0.1", true},
		"unknown (RFC 7239)":       {trusted, "10.0.0.1:1", []string{"unknown"}, "10.0.0.1", true},
		"no header":                {trusted, "10.0.0.1:1", nil, "10.0.0.1", true},
		"IPv6":                     {trusted, "[fd00::1]:1", []string{"2001:db8::1"}, "2001:db8::1", false},
		"IPv4 within IPv6":         {trusted, "[::ffff:10.0.0.1]:1", []string{"192.0.2.1"}, "192.0.2.1", false},
		"IPv4 with a port":         {trusted, "10.0.0.1:1", []string{"203.0.113.7:51234"}, "203.0.113.7", false},
		"IPv6 with a port":         {trusted, "10.0.0.1:1", []string{"[2001:db8::1]:51234"}, "2001:db8::1", false},
		"IPv6 in brackets":         {trusted, "10.0.0.1:1", []string{"[2001:db8::1]"}, "2001:db8::1", false},
		"IPv6 in quotes":           {trusted, "10.0.0.1:1", []string{`"[2001:db8::1]:4711"`}, "2001:db8::1", false},
		"a proxy with a port":      {trusted, "10.0.0.1:1", []string{"203.0.113.7:1, 10.0.0.2:443"}, "203.0.113.7", false},
		"IPv6 with a zone":         {trusted, "10.0.0.1:1", []string{"fe80::1%eth0"}, "fe80::1%eth0", false},
		"peer without port":        {trusted, "@", nil, "@", true},
	} {
		proxies, err := middleware.NewProxies(test.trusted)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.RemoteAddr = test.peer
		for _, value := range test.forwarded {
			r.Header.Add("X-Forwarded-For", value)
		}
		if got, shared := proxies.Client(r); got != test.want || shared != test.shared {
			t.Errorf("%s: %q, shared %v, want %q, %v", name, got, shared, test.want, test.shared)
		}
	}
	if _, err := middleware.NewProxies([]string{"x"}); err == nil {
		t.Error("NewProxies accepted nonsense")
	}
}

// TestUnnamedProxy: behind a proxy that is not configured, the address is shared, and the log says so once.
func TestUnnamedProxy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		trusted   []string
		forwarded string
		want      bool
		warnings  int
	}{
		"a proxy":           {nil, "192.0.2.1", true, 1},
		"no proxy":          {nil, "", false, 0},
		"only a pretension": {[]string{"172.16.0.0/12"}, "192.0.2.1", false, 0},
	} {
		proxies, err := middleware.NewProxies(test.trusted)
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		var got requestlog.Request
		handler := middleware.Wrap(middleware.Options{
			Log: slog.New(slog.NewTextHandler(&log, nil)), Metrics: middleware.NewMetrics(prometheus.NewRegistry()), Clock: time.Now,
			Proxies: proxies, Timeout: time.Minute, Draining: func() bool { return false },
		}, middleware.Endpoint{Answer: func(r *http.Request) reply.Answer {
			got = *requestlog.From(r.Context())
			return empty(r)
		}})
		for range 2 {
			r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			r.RemoteAddr = "203.0.113.9:1"
			if test.forwarded != "" {
				r.Header.Set("X-Forwarded-For", test.forwarded)
			}
			handler.ServeHTTP(httptest.NewRecorder(), r)
		}
		warnings := strings.Count(log.String(), "trustedProxies")
		if got.Address != "203.0.113.9" || got.Shared != test.want || warnings != test.warnings {
			t.Errorf("%s: address %q, shared %v, %d warnings", name, got.Address, got.Shared, warnings)
		}
	}
}

// FuzzClientAddress: whatever the header holds, an untrusted peer is never believed and nothing panics.
func FuzzClientAddress(f *testing.F) {
	f.Add("192.0.2.1, 10.0.0.2", "10.0.0.1:1")
	f.Add(",,", "192.0.2.1:5")
	proxies, err := middleware.NewProxies([]string{"10.0.0.0/8"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, forwarded, peer string) {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.RemoteAddr = peer
		r.Header["X-Forwarded-For"] = []string{forwarded}
		got, _ := proxies.Client(r)
		untrusted := !strings.Contains(peer, "10.")
		if untrusted && forwarded != "" && got == forwarded && !strings.Contains(peer, forwarded) {
			t.Errorf("peer %q made us believe %q", peer, forwarded)
		}
	})
}

// nowhere takes lines that were encoded in full, which is what the benchmark wants to see.
type nowhere struct{}

func (*nowhere) Write(data []byte) (int, error) { return len(data), nil }

// BenchmarkWrap shows what the middleware costs a request.
func BenchmarkWrap(b *testing.B) {
	proxies, err := middleware.NewProxies(nil)
	if err != nil {
		b.Fatal(err)
	}
	handler := middleware.Wrap(middleware.Options{
		Log: slog.New(slog.NewJSONHandler(&nowhere{}, nil)), Metrics: middleware.NewMetrics(prometheus.NewRegistry()), Clock: time.Now, HTTPS: true,
		Proxies: proxies, Timeout: time.Second, Draining: func() bool { return false },
	}, middleware.Endpoint{Route: "/route", Answer: empty})
	r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
	b.ReportAllocs()
	for b.Loop() {
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
}
