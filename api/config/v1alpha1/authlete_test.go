package v1alpha1_test

import (
	"strings"
	"testing"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
)

// remote is the smallest valid configuration with Authlete.
func remote() *configv1alpha1.ServerConfig {
	c := minimal()
	c.Backend = configv1alpha1.Backend{
		Type: configv1alpha1.BackendAuthlete, Authlete: &configv1alpha1.AuthleteBackend{CredentialsDirectory: "authlete"},
	}
	configv1alpha1.Default(c)
	return c
}

func TestAuthlete(t *testing.T) {
	t.Parallel()
	c := remote()
	if errs := configv1alpha1.Validate(c); len(errs) != 0 {
		t.Fatalf("the minimal configuration is refused: %v", errs)
	}
	if a := c.Backend.Authlete; a.ConnectSeconds != 5 || a.RequestSeconds != 10 {
		t.Errorf("defaults are %d and %d seconds", a.ConnectSeconds, a.RequestSeconds)
	}
	type backend = configv1alpha1.AuthleteBackend
	for name, test := range map[string]struct {
		change func(*backend)
		want   string
	}{
		"no folder":             {func(a *backend) { a.CredentialsDirectory = "" }, "authlete.credentialsDirectory"},
		"no time to connect":    {func(a *backend) { a.ConnectSeconds = -1 }, "authlete.connectSeconds"},
		"no time for a call":    {func(a *backend) { a.RequestSeconds = -1 }, "authlete.requestSeconds"},
		"too long":              {func(a *backend) { a.RequestSeconds = 16 }, "between 1 and 15"},
		"proxy without scheme":  {func(a *backend) { a.ProxyURL = "proxy.example.com:3128" }, "authlete.proxyURL"},
		"proxy of another kind": {func(a *backend) { a.ProxyURL = "ftp://proxy.example.com" }, "authlete.proxyURL"},
		"half a certificate": {
			func(a *backend) { a.ClientCertificate = &configv1alpha1.TLSFiles{CertFile: "tls.crt"} }, "authlete.clientCertificate.keyFile",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := remote()
			test.change(c.Backend.Authlete)
			errs := configv1alpha1.Validate(c)
			if len(errs) == 0 || !strings.Contains(errs.ToAggregate().Error(), test.want) {
				t.Errorf("Validate = %v, want a word of %q", errs, test.want)
			}
		})
	}
	c.Backend.Authlete.ProxyURL = "http://user:do-not-tell-anybody@proxy.example.com"
	if errs := configv1alpha1.Validate(c); len(errs) != 1 || strings.Contains(errs.ToAggregate().Error(), "do-not-tell-anybody") {
		t.Errorf("a proxy with a password: %v", errs)
	}
}

// TestOneBackend: the member is the one that the type names.
func TestOneBackend(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		backend configv1alpha1.Backend
		want    string
	}{
		"Authlete without settings": {configv1alpha1.Backend{Type: configv1alpha1.BackendAuthlete}, "backend.authlete"},
		"Authlete and an engine": {
			configv1alpha1.Backend{Type: configv1alpha1.BackendAuthlete, Authlete: remote().Backend.Authlete, Embedded: minimal().Backend.Embedded},
			"backend.embedded",
		},
		"an engine and Authlete": {
			configv1alpha1.Backend{Type: configv1alpha1.BackendEmbedded, Authlete: remote().Backend.Authlete, Embedded: minimal().Backend.Embedded},
			"backend.authlete",
		},
	} {
		c := minimal()
		c.Backend = test.backend
		errs := configv1alpha1.Validate(c)
		if len(errs) != 1 || !strings.Contains(errs.ToAggregate().Error(), test.want) {
			t.Errorf("%s: Validate = %v, want %q", name, errs, test.want)
		}
	}
}
