package serve_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/server/serve"
	"github.com/authserver-dev/operator/test/programtest"
)

// TestServeAuthlete: the program starts while Authlete is away, lives, and becomes ready by itself.
func TestServeAuthlete(t *testing.T) {
	t.Parallel()
	const secret = "secret-access-token"
	var there atomic.Bool
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !there.Load():
			panic(http.ErrAbortHandler)
		case strings.HasSuffix(r.URL.Path, "/service/configuration"):
			_, _ = io.WriteString(w, `{"issuer":"http://127.0.0.1:1"}`)
		default:
			_, _ = io.WriteString(w, `{"keys":[]}`)
		}
	}))
	t.Cleanup(api.Close)
	p := startAuthlete(t, api.URL, secret)
	if p.listen.Management != "" {
		t.Errorf("there is nothing to manage, but it listens at %s", p.listen.Management)
	}
	ask := func(address, path string) (int, string) {
		return programtest.Get(t, http.DefaultClient, "http://"+address+path)
	}
	for _, test := range []struct {
		address, path string
		status        int
	}{
		{p.listen.Metrics, "/healthz", http.StatusOK},
		{p.listen.Metrics, "/readyz", http.StatusServiceUnavailable},
		{p.listen.Public, "/.well-known/openid-configuration", http.StatusServiceUnavailable},
	} {
		if status, body := ask(test.address, test.path); status != test.status {
			t.Errorf("%s while Authlete is away: %d %s", test.path, status, body)
		}
	}
	there.Store(true)
	programtest.Await(t, "ready", func() bool { status, _ := ask(p.listen.Metrics, "/readyz"); return status == http.StatusOK })
	if status, body := ask(p.listen.Public, "/.well-known/openid-configuration"); status != http.StatusOK || !strings.Contains(body, "issuer") {
		t.Errorf("discovery: %d %s", status, body)
	}
	for _, metric := range []string{
		`authserver_backend_calls_total{call="service/configuration",result="answered"}`,
		`authserver_backend_document_age_seconds{document="jwks"}`, `authserver_files_healthy{files="authlete-credentials"} 1`,
	} {
		if _, body := ask(p.listen.Metrics, "/metrics"); !strings.Contains(body, metric) {
			t.Errorf("the metrics lack %s", metric)
		}
	}
	p.stop()
	if err := <-p.done; err != nil {
		t.Errorf("it ended with %v", err)
	}
	p.check(t, api.URL, secret)
}

// TestClientCertificateReachesAuthlete: what a client presents in the TLS handshake is part of the call.
func TestClientCertificateReachesAuthlete(t *testing.T) {
	t.Parallel()
	sent := make(chan string, 1)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/auth/token") {
			body, _ := io.ReadAll(r.Body) // a part of it is missed below
			sent <- string(body)
		}
		_, _ = io.WriteString(w, `{"issuer":"http://127.0.0.1:1","keys":[],"action":"OK","responseContent":"{}"}`)
	}))
	t.Cleanup(api.Close)
	certificate, key := programtest.Certificate(t)
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := configv1alpha1.TLSFiles{CertFile: filepath.Join(dir, "tls.crt"), KeyFile: filepath.Join(dir, "tls.key")}
	for path, data := range map[string][]byte{files.CertFile: certificate, files.KeyFile: key} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := startAuthlete(t, api.URL, "secret", func(c *configv1alpha1.ServerConfig) {
		c.TLS, c.ClientCertificates = &files, configv1alpha1.ClientCertificatesRequest
	})
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{pair}}, DisableKeepAlives: true,
	}}
	response, err := client.PostForm("https://"+p.listen.Public+"/api/token", url.Values{"grant_type": {"client_credentials"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	var members struct {
		Certificate string `json:"clientCertificate"`
	}
	if err := json.Unmarshal([]byte(<-sent), &members); err != nil || members.Certificate != string(certificate) {
		t.Errorf("%v: the call has %q, want %q", err, members.Certificate, certificate)
	}
	p.stop()
	if err := <-p.done; err != nil {
		t.Error(err)
	}
}

// authletes is the program with Authlete as its backend.
type authletes struct {
	*process

	out *programtest.Output
}

// startAuthlete starts the program with credentials of the API 3.0.
func startAuthlete(t *testing.T, base, secret string, changes ...func(*configv1alpha1.ServerConfig)) *authletes {
	t.Helper()
	folder := t.TempDir()
	ini := "[authlete]\napi_version = V3\nbase_url = " + base + "\nservice.api_key = 4711\nservice.access_token = " + secret + "\n"
	if err := os.WriteFile(filepath.Join(folder, "authlete.ini"), []byte(ini), 0o600); err != nil {
		t.Fatal(err)
	}
	file := configure(t, func(c *configv1alpha1.ServerConfig) {
		c.Backend = configv1alpha1.Backend{
			Type: configv1alpha1.BackendAuthlete, Authlete: &configv1alpha1.AuthleteBackend{CredentialsDirectory: folder},
		}
		c.Listen.Management = ""
		for _, change := range changes {
			change(c)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	p := &authletes{process: &process{stop: cancel, done: make(chan error, 1)}, out: &programtest.Output{}}
	go func() { p.done <- serve.Run(ctx, []string{"--config", file}, noEnv, p.out, p.out) }()
	programtest.Await(t, "serving", func() bool {
		select {
		case err := <-p.done:
			t.Fatalf("it ended at once with %v\n%s", err, p.out)
		default:
		}
		started := p.started()
		if started != nil {
			p.listen = started.Listen
		}
		return started != nil
	})
	return p
}

// startLine is what the log says at the start.
type startLine struct {
	Message    string                `json:"msg"`
	Backend    string                `json:"backend"`
	APIVersion string                `json:"apiVersion"`
	APIHost    string                `json:"apiHost"`
	Service    string                `json:"service"`
	Listen     configv1alpha1.Listen `json:"listen"`
}

func (p *authletes) started() *startLine {
	for line := range strings.Lines(p.out.String()) {
		entry := &startLine{}
		if json.Unmarshal([]byte(line), entry) == nil && entry.Message == "Serving" {
			return entry
		}
	}
	return nil
}

// check checks that the log says whom the server calls, but not its secret.
func (p *authletes) check(t *testing.T, base, secret string) {
	t.Helper()
	line := p.started()
	if line.Backend != "Authlete" || line.APIVersion != "V3" || line.APIHost != strings.TrimPrefix(base, "http://") || line.Service != "4711" {
		t.Errorf("the start line: %+v", line)
	}
	if strings.Contains(p.out.String(), secret) {
		t.Error("the secret is in the log")
	}
}
