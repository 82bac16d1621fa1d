package authletebackend

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/internal/authlete/httpclient"
	"github.com/authserver-dev/operator/server/livefile"
	"github.com/authserver-dev/operator/server/ports"
	"github.com/authserver-dev/operator/server/requestlog"
)

// Options configure a Backend. All are required.
type Options struct {
	Config *configv1alpha1.AuthleteBackend
	// Issuer is what the service at Authlete must have as its issuer.
	Issuer string
	Log    *slog.Logger
	Clock  func() time.Time
}

// Backend calls Authlete.
type Backend struct {
	authlete.Runtime

	client        *httpclient.Client
	transport     *http.Transport
	files         []livefile.File
	metrics       *metrics
	jwks          *document
	configuration *document
	read          func() *credentials.Credentials
}

// Open reads the files that the configuration names. It does not call Authlete: a server starts while that is away.
func Open(opts Options) (*Backend, error) {
	b := &Backend{metrics: newMetrics()}
	if err := b.open(opts); err != nil {
		return nil, err
	}
	b.client = httpclient.New(httpclient.Options{
		Credentials: b.read, Clock: opts.Clock, Breaker: true, Headers: headers, Observe: b.metrics.observe,
		HTTP: httpclient.NewHTTPClient(b.transport, opts.Config.RequestSeconds.Duration()),
	})
	b.Runtime = b.client
	b.jwks = newDocument("jwks", opts, b.client.ServiceJWKS, checkJWKS)
	b.configuration = newDocument("configuration", opts, b.client.ServiceConfiguration, checkConfiguration(opts.Issuer))
	return b, nil
}

// headers are sent along with a call: the ID of the request that it is made for, and its trace context.
func headers(ctx context.Context) http.Header {
	record, header := requestlog.From(ctx), http.Header{}
	for name, value := range map[string]string{
		"X-Request-Id": record.RequestID, "Traceparent": record.TraceParent, "Tracestate": record.TraceState,
	} {
		if value != "" {
			header[name] = []string{value}
		}
	}
	return header
}

// ServiceJWKS returns the JWK Set as it was read last.
func (b *Backend) ServiceJWKS(context.Context) ([]byte, error) { return b.jwks.get() }

// ServiceConfiguration returns the discovery document as it was read last.
func (b *Backend) ServiceConfiguration(context.Context) ([]byte, error) { return b.configuration.get() }

// Ready says whether the documents were read once. That Authlete is away later does not make the server not ready: nobody
// could read the documents any more.
func (b *Backend) Ready(context.Context) error {
	return errors.Join(b.configuration.ready(), b.jwks.ready())
}

// Run keeps files and documents up to date until the context ends.
func (b *Backend) Run(ctx context.Context) {
	var group sync.WaitGroup
	for _, file := range b.files {
		group.Go(func() { file.Run(ctx) })
	}
	for _, d := range []*document{b.configuration, b.jwks} {
		group.Go(func() { d.run(ctx) })
	}
	group.Wait()
}

// Files returns the files that Run keeps up to date.
func (b *Backend) Files() []livefile.File { return b.files }

// Collectors returns the metrics of the backend.
func (b *Backend) Collectors() []prometheus.Collector {
	return append(b.metrics.collectors(), b.configuration.age(), b.jwks.age(), b.circuit())
}

// Attributes describe the backend in the log.
func (b *Backend) Attributes() []any {
	as := b.read()
	host := ""
	if base, err := url.Parse(as.BaseURL); err == nil {
		host = base.Host
	}
	return []any{"backend", string(configv1alpha1.BackendAuthlete), "apiVersion", string(as.Version), "apiHost", host, "service", as.ServiceID}
}

// Ports returns the ports of the backend: none.
func (*Backend) Ports() []ports.Port { return nil }

// Close closes the connections that are not in use.
func (b *Backend) Close() error {
	b.transport.CloseIdleConnections()
	return nil
}
