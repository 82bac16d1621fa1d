package authletebackend_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

// TestProxyIsUsed: the proxy of the configuration is asked, and nobody else.
func TestProxyIsUsed(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.String()
		_, _ = io.WriteString(w, `{"action":"OK"}`)
	}))
	t.Cleanup(proxy.Close)
	const nowhere = "http://10.255.255.1" // nothing answers there, in time or at all
	b := open(t, configv1alpha1.AuthleteBackend{CredentialsDirectory: folder(t, nowhere, "first"), ProxyURL: proxy.URL})
	if err := second(b.Token(t.Context(), &authlete.TokenRequest{})); err != nil {
		t.Fatal(err)
	}
	if got := <-asked; got != nowhere+"/api/1/auth/token" {
		t.Errorf("the proxy was asked for %s", got)
	}
}

// TestTimeoutsReachTheClient: a backend that does not answer, and one that does not speak TLS, are given up after the time
// that the configuration says for each. The other time is so long that the test would not end.
func TestTimeoutsReachTheClient(t *testing.T) {
	t.Parallel()
	const short, long = 1, 600
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the end of the connection would not be noticed
		<-r.Context().Done()
	}))
	t.Cleanup(silent.Close)
	noTLS, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0") // accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = noTLS.Close() })
	for name, test := range map[string]struct {
		base             string
		connect, request configv1alpha1.Seconds
	}{
		"no answer": {silent.URL, long, short},
		"no TLS":    {"https://" + noTLS.Addr().String(), short, long},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, configv1alpha1.AuthleteBackend{
				CredentialsDirectory: folder(t, test.base, "first"), ConnectSeconds: test.connect, RequestSeconds: test.request,
			})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // only keeps the test from hanging
			defer cancel()
			err := second(b.Token(ctx, &authlete.TokenRequest{}))
			var timeout net.Error
			if !errors.As(err, &timeout) || !timeout.Timeout() || ctx.Err() != nil {
				t.Errorf("error %v, the test's own %v", err, ctx.Err())
			}
		})
	}
}

// TestBackendHasNoPorts: Authlete is not managed here.
func TestBackendHasNoPorts(t *testing.T) {
	t.Parallel()
	a := newAuthlete()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	b := open(t, configv1alpha1.AuthleteBackend{CredentialsDirectory: folder(t, server.URL, "first")})
	if got := b.Ports(); len(got) != 0 {
		t.Errorf("ports: %v", got)
	}
}
