package authletebackend

import (
	"context"
	"errors"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/httpclient"
)

// metrics are those of calls.
type metrics struct {
	calls       *prometheus.CounterVec
	seconds     *prometheus.HistogramVec
	connections prometheus.Counter
}

func newMetrics() *metrics {
	return &metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "authserver_backend_calls_total", Help: "Calls of Authlete's API by how they ended: answered, refused, limited, unavailable, open or canceled.",
		}, []string{"call", "result"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "authserver_backend_call_seconds", Help: "Duration of calls of Authlete's API, repetitions included.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20},
		}, []string{"call"}),
		connections: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "authserver_backend_connections_total", Help: "Connections that were made to Authlete.",
		}),
	}
}

func (m *metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.calls, m.seconds, m.connections}
}

func (m *metrics) observe(o httpclient.Outcome) {
	m.calls.WithLabelValues(o.Call, result(o.Err)).Inc()
	m.seconds.WithLabelValues(o.Call).Observe(o.Duration.Seconds())
}

// result names how a call ended.
func result(err error) string {
	refused, ok := errors.AsType[*authlete.Error](err)
	switch {
	case err == nil:
		return "answered"
	case errors.Is(err, httpclient.ErrCircuitOpen):
		return "open"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case ok && refused.Status == http.StatusTooManyRequests:
		return "limited"
	case ok && refused.Status >= 300 && refused.Status < 500:
		return "refused"
	default:
		return "unavailable"
	}
}

// circuit is the metric of the circuit breaker.
func (b *Backend) circuit() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "authserver_backend_circuit_open", Help: "1 while Authlete is not called because calls failed in a row.",
	}, func() float64 {
		if b.client.Open() {
			return 1
		}
		return 0
	})
}
