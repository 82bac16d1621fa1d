package middleware

import (
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the server's metrics.
type Metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
	logins   *prometheus.CounterVec
}

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "authserver_http_requests_total", Help: "HTTP requests by route, method and status.",
		}, []string{"route", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "authserver_http_request_duration_seconds", Help: "Time taken by HTTP requests by route.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route"}),
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "authserver_login_attempts_total", Help: "Password checks by result: success, wrong, throttled or error.",
		}, []string{"result"}),
	}
	m.inFlight = prometheus.NewGauge(prometheus.GaugeOpts{Name: "authserver_http_requests_in_flight", Help: "HTTP requests that are being served."})
	registry.MustRegister(m.requests, m.duration, m.logins, m.inFlight)
	return m
}

// Login counts an attempt to log in.
func (m *Metrics) Login(result string) { m.logins.WithLabelValues(result).Inc() }

// observer counts the requests of one route. Counters are looked up once per method and status.
type observer struct {
	metrics  *Metrics
	route    string
	duration prometheus.Observer
	counters sync.Map // of outcome to prometheus.Counter
}

type outcome struct {
	method string
	status int
}

func (m *Metrics) route(route string) *observer {
	return &observer{metrics: m, route: route, duration: m.duration.WithLabelValues(route)}
}

func (o *observer) begin() { o.metrics.inFlight.Inc() }

func (o *observer) end(method string, status int, took time.Duration) {
	key := outcome{knownMethod(method), status}
	counter, ok := o.counters.Load(key)
	if !ok {
		counter = o.metrics.requests.WithLabelValues(o.route, key.method, strconv.Itoa(status))
		o.counters.Store(key, counter)
	}
	counter.(prometheus.Counter).Inc() //nolint:forcetypeassert // only counters are stored
	o.duration.Observe(took.Seconds())
	o.metrics.inFlight.Dec()
}

// knownMethod keeps callers from inventing label values.
func knownMethod(method string) string {
	switch method {
	case "GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE":
		return method
	default:
		return "other"
	}
}
