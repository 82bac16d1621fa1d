package authletebackend

import (
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/authserver-dev/operator/internal/authlete/httpclient"
)

// Direct makes calls reach a handler without a network, so that a test can turn the clock.
func (b *Backend) Direct(handler http.Handler) {
	b.client = httpclient.New(httpclient.Options{
		Credentials: b.read, Clock: time.Now, HTTP: &http.Client{Transport: direct{handler}},
	})
	b.Runtime, b.jwks.read, b.configuration.read = b.client, b.client.ServiceJWKS, b.client.ServiceConfiguration
	b.files = nil // who watches files waits for the system, which no test clock turns
}

type direct struct{ handler http.Handler }

// RoundTrip calls the handler.
func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	d.handler.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}
