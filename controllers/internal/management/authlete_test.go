package management_test

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/credentials"
	"github.com/authserver-dev/operator/controllers/internal/management"
)

// service plays Authlete: it notes how it was called.
type service struct {
	*httptest.Server
	mu          sync.Mutex
	calls       []string
	connections atomic.Int64
	shown       atomic.Int64
}

func newService(t *testing.T, overTLS bool) *service {
	t.Helper()
	s := &service{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.calls = append(s.calls, r.URL.Path+" "+r.Header.Get("Authorization"))
		if r.TLS != nil {
			s.shown.Add(int64(len(r.TLS.PeerCertificates)))
		}
		_, _ = io.WriteString(w, "{}")
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	if overTLS {
		s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

func (s *service) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) == 0 {
		return ""
	}
	return s.calls[len(s.calls)-1]
}

// cluster returns a client of a cluster with the Secrets.
func cluster(t *testing.T, secrets map[string]map[string]string) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	builder := fake.NewClientBuilder().WithScheme(scheme)
	for name, content := range secrets {
		builder.WithObjects(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "identity"}, Data: bytesOf(content)})
	}
	return builder.Build()
}

func bytesOf(content map[string]string) map[string][]byte {
	data := map[string][]byte{}
	for key, value := range content {
		data[key] = []byte(value)
	}
	return data
}

func server(uid string, backend authv1alpha1.AuthleteBackend) *authv1alpha1.AuthorizationServer {
	backend.CredentialsSecretRef.Name = "authlete"
	backend.ConnectTimeoutSeconds, backend.RequestTimeoutSeconds = new(int32(15)), new(int32(15)) // the most that there is, for busy machines
	s := &authv1alpha1.AuthorizationServer{ObjectMeta: metav1.ObjectMeta{Name: "login", Namespace: "identity", UID: types.UID(uid)}}
	s.Spec.Backend = authv1alpha1.Backend{Type: authv1alpha1.BackendAuthlete, Authlete: &backend}
	return s
}

// list calls the service once.
func list(t *testing.T, c *management.Connector, as *authv1alpha1.AuthorizationServer) error {
	t.Helper()
	backend, err := c.Connect(t.Context(), as)
	if err != nil {
		return err
	}
	_, err = backend.ClientList(t.Context(), 0, 1)
	return err
}

func version3(base string) map[string]string {
	return map[string]string{"authlete.ini": "[authlete]\napi_version = V3\nbase_url = " + base + "\nservice.api_key = 42\nservice.access_token = first"}
}

// TestChangedCredentials: they are used with the next call, on the connection of before.
func TestChangedCredentials(t *testing.T) {
	t.Parallel()
	played := newService(t, false)
	api := cluster(t, map[string]map[string]string{"authlete": version3(played.URL)})
	connector := &management.Connector{Clock: time.Now, Client: api}
	as := server("1", authv1alpha1.AuthleteBackend{})
	for range 5 {
		if err := list(t, connector, as); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := played.last(), "/api/42/client/get/list Bearer first"; got != want {
		t.Errorf("called %q, want %q", got, want)
	}
	var secret corev1.Secret
	if err := api.Get(t.Context(), types.NamespacedName{Namespace: "identity", Name: "authlete"}, &secret); err != nil {
		t.Fatal(err)
	}
	secret.Data = bytesOf(map[string]string{"base_url": played.URL, "service.api_key": "42", "service.api_secret": "second"})
	if err := api.Update(t.Context(), &secret); err != nil {
		t.Fatal(err)
	}
	if err := list(t, connector, as); err != nil {
		t.Fatal(err)
	}
	if got, want := played.last(), "/api/client/get/list Basic "+base64.StdEncoding.EncodeToString([]byte("42:second")); got != want {
		t.Errorf("called %q, want %q", got, want)
	}
	if got := played.connections.Load(); got != 1 {
		t.Errorf("%d connections for six calls", got)
	}
}

// TestMissing: what is not there yet is waited for, and no value is told to anybody.
func TestMissing(t *testing.T) {
	t.Parallel()
	const secretValue = "do-not-tell-anybody"
	with := func(tls authv1alpha1.AuthleteTLS) authv1alpha1.AuthleteBackend {
		return authv1alpha1.AuthleteBackend{TLS: tls}
	}
	good := version3("http://127.0.0.1:1")
	authorities := with(authv1alpha1.AuthleteTLS{CASecretRef: &authv1alpha1.SecretKeyReference{Name: "ca"}})
	for name, test := range map[string]struct {
		backend authv1alpha1.AuthleteBackend
		secrets map[string]map[string]string
		waits   bool
	}{
		"no Secret":         {authv1alpha1.AuthleteBackend{}, nil, true},
		"no key":            {authv1alpha1.AuthleteBackend{}, map[string]map[string]string{"authlete": {"service.api_secret": secretValue}}, false},
		"no authorities":    {authorities, map[string]map[string]string{"authlete": good}, true},
		"empty authorities": {authorities, map[string]map[string]string{"authlete": good, "ca": {}}, true},
		"no certificate": {
			with(authv1alpha1.AuthleteTLS{ClientCertificateSecretRef: &authv1alpha1.SecretReference{Name: "client"}}),
			map[string]map[string]string{"authlete": good, "client": {"tls.key": secretValue}},
			true,
		},
		"a wrong certificate": {
			with(authv1alpha1.AuthleteTLS{ClientCertificateSecretRef: &authv1alpha1.SecretReference{Name: "client"}}),
			map[string]map[string]string{"authlete": good, "client": {"tls.crt": secretValue, "tls.key": secretValue}},
			false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := list(t, &management.Connector{Clock: time.Now, Client: cluster(t, test.secrets)}, server("1", test.backend))
			if err == nil || errors.Is(err, management.ErrNoCredentials) != test.waits || strings.Contains(err.Error(), secretValue) {
				t.Errorf("error: %v", err)
			}
		})
	}
}

// TestTLS: authorities, client certificate and proxy are those of the spec.
func TestTLS(t *testing.T) {
	t.Parallel()
	played := newService(t, true)
	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: played.Certificate().Raw}))
	secrets := map[string]map[string]string{"authlete": version3(played.URL), "ca": {"ca.crt": authority}, "client": clientCertificate(t)}
	connector := &management.Connector{Clock: time.Now, Client: cluster(t, secrets)}
	trusting := authv1alpha1.AuthleteTLS{
		CASecretRef: &authv1alpha1.SecretKeyReference{Name: "ca"}, ClientCertificateSecretRef: &authv1alpha1.SecretReference{Name: "client"},
	}
	if err := list(t, connector, server("1", authv1alpha1.AuthleteBackend{TLS: trusting})); err != nil || played.shown.Load() != 1 {
		t.Errorf("error %v, %d certificates shown", err, played.shown.Load())
	}
	var unknown *tls.CertificateVerificationError
	if err := list(t, connector, server("1", authv1alpha1.AuthleteBackend{})); !errors.As(err, &unknown) {
		t.Errorf("without the authority: %v", err)
	}
}

func TestProxy(t *testing.T) {
	t.Parallel()
	proxy := newService(t, false)
	connector := &management.Connector{Clock: time.Now, Client: cluster(t, map[string]map[string]string{"authlete": version3("http://authlete.testing.svc")})}
	if err := list(t, connector, server("1", authv1alpha1.AuthleteBackend{ProxyURL: proxy.URL})); err != nil {
		t.Fatal(err)
	}
	if got := proxy.last(); !strings.HasPrefix(got, "/api/42/") {
		t.Errorf("the proxy was asked for %q", got)
	}
}

// TestManyServers: transports are bounded, and a server that comes back gets a new one.
func TestManyServers(t *testing.T) {
	t.Parallel()
	played := newService(t, false)
	connector := &management.Connector{Clock: time.Now, Client: cluster(t, map[string]map[string]string{"authlete": version3(played.URL)})}
	first := server("first", authv1alpha1.AuthleteBackend{})
	if err := list(t, connector, first); err != nil {
		t.Fatal(err)
	}
	for i := range 600 {
		if _, err := connector.Connect(t.Context(), server(fmt.Sprint(i), authv1alpha1.AuthleteBackend{})); err != nil {
			t.Fatal(err)
		}
	}
	if err := list(t, connector, first); err != nil {
		t.Fatal(err)
	}
	if got := played.connections.Load(); got != 2 {
		t.Errorf("%d connections, want 2: the first one was to be closed", got)
	}
}

// clientCertificate returns a certificate with its key.
func clientCertificate(t *testing.T) map[string]string {
	t.Helper()
	maker := credentials.Maker{Rand: rand.Reader, Clock: time.Now}
	made, err := maker.Management(credentials.Existing{}, "", []string{"client.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"tls.crt": string(made["tls.crt"]), "tls.key": string(made["tls.key"])}
}
