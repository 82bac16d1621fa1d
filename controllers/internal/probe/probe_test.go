package probe_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/probe"
)

const issuer = "https://login.example.com/tenant"

func TestDiscovery(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, body)
		}
	}
	tests := map[string]struct {
		handler  http.HandlerFunc
		tls      bool
		ok       bool
		mismatch bool
	}{
		"served":           {answer(http.StatusOK, `{"issuer":"`+issuer+`"}`), false, true, false},
		"served over TLS":  {answer(http.StatusOK, `{"issuer":"`+issuer+`"}`), true, true, false},
		"another issuer":   {answer(http.StatusOK, `{"issuer":"https://other.example.com"}`), false, false, true},
		"no issuer":        {answer(http.StatusOK, `{}`), false, false, true},
		"not found":        {answer(http.StatusNotFound, `{"issuer":"`+issuer+`"}`), false, false, false},
		"not JSON":         {answer(http.StatusOK, `<html>`), false, false, false},
		"endless":          {answer(http.StatusOK, `{"x":"`+strings.Repeat("x", 2<<20)+`","issuer":"`+issuer+`"}`), false, false, false},
		"sends us away":    {http.RedirectHandler("https://elsewhere.example.com", http.StatusFound).ServeHTTP, false, false, false},
		"wrong host asked": {nil, false, true, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.handler == nil {
				tt.handler = func(w http.ResponseWriter, r *http.Request) {
					if r.Host != "login.example.com" || r.URL.Path != "/tenant/.well-known/openid-configuration" {
						t.Errorf("asked %s%s", r.Host, r.URL.Path)
					}
					_, _ = fmt.Fprint(w, `{"issuer":"`+issuer+`"}`)
				}
			}
			server := &authv1alpha1.AuthorizationServer{
				ObjectMeta: metav1.ObjectMeta{Name: "login", Namespace: "identity"}, Spec: authv1alpha1.AuthorizationServerSpec{Issuer: issuer},
			}
			start, address := httptest.NewServer, "login.identity.svc:80"
			if tt.tls {
				start, address = httptest.NewTLSServer, "login.identity.svc:443"
				server.Spec.TLS = &authv1alpha1.TLS{}
			}
			played := start(tt.handler)
			t.Cleanup(played.Close)
			prober := probe.HTTP{Dial: func(ctx context.Context, network, to string) (net.Conn, error) {
				if to != address {
					return nil, fmt.Errorf("dialed %s", to)
				}
				return (&net.Dialer{}).DialContext(ctx, network, played.Listener.Addr().String())
			}}
			err := prober.Discovery(t.Context(), server)
			if (err == nil) != tt.ok || errors.Is(err, probe.ErrMismatch) != tt.mismatch {
				t.Errorf("error %v; want none: %v, a mismatch: %v", err, tt.ok, tt.mismatch)
			}
		})
	}
}
