package authorizationserver

import (
	"strings"
	"testing"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

// TestDatabaseCertificates: what is wrong with the files for TLS towards the database is said before pods fail because of it.
func TestDatabaseCertificates(t *testing.T) {
	t.Parallel()
	certificate, key := pair(t)
	other, _ := pair(t)
	storage := authv1alpha1.Storage{Type: authv1alpha1.StoragePostgreSQL, PostgreSQL: &authv1alpha1.PostgreSQLStorage{
		ConnectionSecretRef: authv1alpha1.SecretKeyReference{Name: "database"},
		TLS: authv1alpha1.PostgreSQLTLS{
			CASecretRef:                &authv1alpha1.SecretKeyReference{Name: "ca"},
			ClientCertificateSecretRef: &authv1alpha1.SecretReference{Name: "client"},
		},
	}}
	good := map[string]string{"tls.crt": certificate, "tls.key": key}
	for name, test := range map[string]struct {
		ca, client     map[string]string
		reason, naming string
	}{
		"good":           {map[string]string{"ca.crt": other}, good, "", ""},
		"no authorities": {map[string]string{"x": other}, good, "SecretKeyMissing", "postgresql.tls.caSecretRef"},
		"not PEM":        {map[string]string{"ca.crt": "x"}, good, "SecretInvalid", "postgresql.tls.caSecretRef"},
		"no key":         {map[string]string{"ca.crt": other}, map[string]string{"tls.crt": certificate}, "SecretKeyMissing", "tls.key"},
		"another key": {
			map[string]string{"ca.crt": other},
			map[string]string{"tls.crt": other, "tls.key": key},
			"SecretInvalid", "postgresql.tls.clientCertificateSecretRef",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			backend := authv1alpha1.Backend{Type: authv1alpha1.BackendEmbedded, Embedded: &authv1alpha1.EmbeddedBackend{Storage: storage}}
			s := readServer(t, backend, map[string]map[string]string{"ca": test.ca, "client": test.client, "database": {"url": "postgres://"}})
			switch {
			case test.reason == "" && s.problem == nil:
				if string(s.input.PostgreSQLURL) != "postgres://" {
					t.Error("the connection string is not in the input")
				}
			case s.problem == nil || s.problem.reason != test.reason || !strings.Contains(s.problem.message, test.naming):
				t.Errorf("problem: %+v, want %s", s.problem, test.reason)
			}
			for secret, want := range map[string]bool{"ca": true, "client": true, "database": true, "other": false} {
				if got := refersTo(s.server, secret); got != want {
					t.Errorf("refers to %s: %t", secret, got)
				}
			}
		})
	}
}
