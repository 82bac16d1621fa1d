package authorizationserver

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/credentials"
	"github.com/authserver-dev/operator/controllers/internal/desired"
	authletecredentials "github.com/authserver-dev/operator/internal/authlete/credentials"
)

// clusterOf returns a client of a cluster with Secrets in the namespace identity.
func clusterOf(t *testing.T, secrets map[string]map[string]string) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, authv1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	builder := fake.NewClientBuilder().WithScheme(scheme)
	for name, content := range secrets {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "identity"}, Data: map[string][]byte{}}
		for key, value := range content {
			secret.Data[key] = []byte(value)
		}
		builder.WithObjects(secret)
	}
	return builder.Build()
}

// readWith returns what an operator reads for a server with Authlete.
func readWith(t *testing.T, backend authv1alpha1.AuthleteBackend, secrets map[string]map[string]string) *scope {
	t.Helper()
	backend.CredentialsSecretRef.Name = "authlete"
	return readServer(t, authv1alpha1.Backend{Type: authv1alpha1.BackendAuthlete, Authlete: &backend}, secrets)
}

// readServer reads what a server with the backend refers to.
func readServer(t *testing.T, backend authv1alpha1.Backend, secrets map[string]map[string]string) *scope {
	t.Helper()
	server := &authv1alpha1.AuthorizationServer{ObjectMeta: metav1.ObjectMeta{Name: "login", Namespace: "identity", UID: "1"}}
	server.Spec.Backend = backend
	s := &scope{server: server, input: desired.Input{Server: server}}
	r := &Reconciler{Client: clusterOf(t, secrets)}
	if goOn, err := r.readReferences(t.Context(), s); err != nil || !goOn {
		t.Fatalf("goes on: %t, error: %v", goOn, err)
	}
	return s
}

// TestAuthleteCredentials: what is wrong is named by its key, and no value is told to anybody.
func TestAuthleteCredentials(t *testing.T) {
	t.Parallel()
	const secretValue = "do-not-tell-anybody"
	version2 := "[authlete]\nservice.api_key = 42\nservice.api_secret = " + secretValue + "\n"
	version3 := "[authlete]\napi_version = V3\nbase_url = https://us.authlete.com\nservice.api_key = 42\nservice.access_token = " + secretValue + "\n"
	none, missing, invalid := authv1alpha1.ManagementNone, authv1alpha1.ReasonSecretKeyMissing, authv1alpha1.ReasonSecretInvalid
	for name, test := range map[string]struct {
		management     authv1alpha1.AuthleteManagement
		data           map[string]string
		reason, naming string
	}{
		"no Secret":               {"", nil, authv1alpha1.ReasonSecretNotFound, "does not exist"},
		"nothing in it":           {"", map[string]string{}, missing, "service.api_key"},
		"a file for 3.0":          {"", map[string]string{"authlete.ini": version3}, "", ""},
		"2.x, settings unmanaged": {none, map[string]string{"authlete.ini": version2}, "", ""},
		"2.x, no owner":           {"", map[string]string{"authlete.ini": version2}, missing, "service_owner.api_key"},
		"2.x, an owner": {
			"", map[string]string{"authlete.ini": version2, "service_owner.api_key": "7", "service_owner.api_secret": secretValue}, "", "",
		},
		"2.x, an owner in the file": {
			"", map[string]string{"authlete.ini": version2 + "service_owner.api_key = 7\nservice_owner.api_secret = " + secretValue}, "", "",
		},
		"half an owner": {"", map[string]string{"authlete.ini": version2, "service_owner.api_key": "7"}, missing, "service_owner.api_secret"},
		"an owner in two places": {
			"",
			map[string]string{"authlete.ini": version2 + "service_owner.api_key = 7", "service_owner.api_secret": secretValue},
			invalid, "both in the file",
		},
		"no token": {
			"", map[string]string{"api_version": "V3", "base_url": "https://us.authlete.com", "service.api_key": "42"}, missing, "service.access_token",
		},
		"no host for 3.0": {"", map[string]string{"api_version": "V3", "service.api_key": "42", "service.access_token": secretValue}, missing, "base_url"},
		"another version": {"", map[string]string{"authlete.ini": version3, "api_version": secretValue}, invalid, "api_version"},
		"no number":       {"", map[string]string{"authlete.ini": version3, "service.api_key": secretValue}, invalid, "service.api_key"},
		"no URL":          {"", map[string]string{"authlete.ini": version3, "base_url": secretValue}, invalid, "base_url"},
		"no INI file":     {"", map[string]string{"authlete.ini": secretValue}, invalid, "authlete.ini"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secrets := map[string]map[string]string{}
			if test.data != nil {
				secrets["authlete"] = test.data
			}
			s := readWith(t, authv1alpha1.AuthleteBackend{Management: test.management}, secrets)
			if test.reason == "" {
				if s.problem != nil {
					t.Errorf("problem: %+v", s.problem)
				}
				return
			}
			if s.problem == nil || s.problem.reason != test.reason {
				t.Fatalf("problem: %+v, want %s", s.problem, test.reason)
			}
			for _, part := range []string{test.naming, `"authlete"`, "spec.backend.authlete.credentialsSecretRef"} {
				if !strings.Contains(s.problem.message, part) {
					t.Errorf("%q does not name %s", s.problem.message, part)
				}
			}
			if strings.Contains(s.problem.message, secretValue) {
				t.Errorf("%q tells a value", s.problem.message)
			}
		})
	}
}

// TestRefreshedKeys: pods are told of keys that they see.
func TestRefreshedKeys(t *testing.T) {
	t.Parallel()
	s := readWith(t, authv1alpha1.AuthleteBackend{}, map[string]map[string]string{"authlete": {
		"api_version": "V2", "service.api_key": "42", "service.api_secret": "s", "service_owner.api_key": "7", "service_owner.api_secret": "o", "note": "x",
	}})
	if len(s.reloaded) != 3 || string(s.reloaded["authlete/service.api_secret"]) != "s" {
		t.Errorf("reloaded are %d values", len(s.reloaded))
	}
}

func TestAuthleteCertificates(t *testing.T) {
	t.Parallel()
	certificate, key := pair(t)
	other, _ := pair(t)
	backend := authv1alpha1.AuthleteBackend{TLS: authv1alpha1.AuthleteTLS{
		CASecretRef:                &authv1alpha1.SecretKeyReference{Name: "ca", Key: "bundle.pem"},
		ClientCertificateSecretRef: &authv1alpha1.SecretReference{Name: "client"},
	}}
	for name, test := range map[string]struct {
		ca, client     map[string]string
		reason, naming string
	}{
		"good":           {map[string]string{"bundle.pem": other}, map[string]string{"tls.crt": certificate, "tls.key": key}, "", ""},
		"no authorities": {map[string]string{"ca.crt": other}, map[string]string{"tls.crt": certificate, "tls.key": key}, "SecretKeyMissing", "bundle.pem"},
		"not PEM":        {map[string]string{"bundle.pem": "x"}, map[string]string{"tls.crt": certificate, "tls.key": key}, "SecretInvalid", "caSecretRef"},
		"no key":         {map[string]string{"bundle.pem": other}, map[string]string{"tls.crt": certificate}, "SecretKeyMissing", "tls.key"},
		"another key":    {map[string]string{"bundle.pem": other}, map[string]string{"tls.crt": other, "tls.key": key}, "SecretInvalid", "clientCert"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := readWith(t, backend, map[string]map[string]string{"ca": test.ca, "client": test.client, "authlete": {
				"api_version": "V3", "base_url": "https://us.authlete.com", "service.api_key": "42", "service.access_token": "t",
			}})
			switch {
			case test.reason == "" && s.problem == nil:
				if string(s.input.AuthleteCA) != other {
					t.Error("the authorities are not in the input")
				}
			case s.problem == nil || s.problem.reason != test.reason || !strings.Contains(s.problem.message, test.naming):
				t.Errorf("problem: %+v, want %s", s.problem, test.reason)
			}
		})
	}
}

// TestKeysInPods: pods see every key of the credentials, except for the owner's.
func TestKeysInPods(t *testing.T) {
	t.Parallel()
	want := []string{
		authletecredentials.FileINI, authletecredentials.FileProperties, authletecredentials.KeyAPIVersion, authletecredentials.KeyBaseURL,
		authletecredentials.KeyServiceID, authletecredentials.KeyAPISecret, authletecredentials.KeyAccessToken,
	}
	if diff := cmp.Diff(want, desired.AuthleteKeys()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

// TestRefersTo: a change of any Secret for Authlete is looked at.
func TestRefersTo(t *testing.T) {
	t.Parallel()
	server := &authv1alpha1.AuthorizationServer{}
	server.Spec.Backend.Authlete = &authv1alpha1.AuthleteBackend{
		CredentialsSecretRef: authv1alpha1.SecretReference{Name: "authlete"},
		TLS: authv1alpha1.AuthleteTLS{
			CASecretRef: &authv1alpha1.SecretKeyReference{Name: "ca"}, ClientCertificateSecretRef: &authv1alpha1.SecretReference{Name: "client"},
		},
	}
	for name, want := range map[string]bool{"authlete": true, "ca": true, "client": true, "other": false} {
		if got := refersTo(server, name); got != want {
			t.Errorf("refers to %s: %t", name, got)
		}
	}
}

// pair returns a certificate with its key, in PEM.
func pair(t *testing.T) (certificate, key string) {
	t.Helper()
	maker := credentials.Maker{Rand: rand.Reader, Clock: time.Now}
	made, err := maker.Management(credentials.Existing{}, "", []string{"client.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	return string(made["tls.crt"]), string(made["tls.key"])
}
