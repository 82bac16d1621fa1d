package serve_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/server/serve"
	"github.com/authserver-dev/operator/test/programtest"
)

func noEnv(string) string { return "" }

func TestArguments(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(broken, []byte("isuer: x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args         []string
		fails        bool
		says, itsErr string
	}{
		"version":         {args: []string{"--version"}, says: "\n"},
		"help":            {args: []string{"--help"}, says: "configuration"},
		"unknown flag":    {args: []string{"--port=1"}, fails: true, itsErr: "port"},
		"unknown command": {args: []string{"destroy"}, fails: true, itsErr: "destroy"},
		"no file":         {args: []string{"--config", "/does/not/exist"}, fails: true, itsErr: "/does/not/exist"},
		"unknown field":   {args: []string{"--config", broken}, fails: true, itsErr: "isuer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			err := serve.Run(t.Context(), test.args, noEnv, &out, &out)
			if (err != nil) != test.fails || !strings.Contains(out.String(), test.says) {
				t.Errorf("run = %v, output %q", err, out.String())
			}
			if err != nil && !strings.Contains(err.Error(), test.itsErr) {
				t.Errorf("the error %v does not name %q", err, test.itsErr)
			}
		})
	}
}

// TestServe starts the whole program on free ports, asks each of them, and ends it as Kubernetes does.
func TestServe(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	insecure := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	for name, test := range map[string]struct {
		client *http.Client
		url    string
		status int
		says   string
	}{
		"discovery":  {http.DefaultClient, "http://" + p.listen.Public + "/.well-known/openid-configuration", 200, `"issuer":"http://127.0.0.1:1"`},
		"health":     {http.DefaultClient, "http://" + p.listen.Public + "/healthz", 200, "ok"},
		"readiness":  {http.DefaultClient, "http://" + p.listen.Metrics + "/readyz", 200, "ok"},
		"metrics":    {http.DefaultClient, "http://" + p.listen.Metrics + "/metrics", 200, `authserver_files_healthy{files="management-certificate"} 1`},
		"management": {insecure, "https://" + p.listen.Management + "/api/1/service/get", 401, ""},
	} {
		status, body := programtest.Get(t, test.client, test.url)
		if status != test.status || !strings.Contains(body, test.says) {
			t.Errorf("%s: status %d, body %.300s", name, status, body)
		}
	}
	p.stop()
	programtest.Await(t, "not ready while it still serves", func() bool {
		status, _ := programtest.Get(t, http.DefaultClient, "http://"+p.listen.Metrics+"/readyz")
		return status == http.StatusServiceUnavailable
	})
	if status, _ := programtest.Get(t, http.DefaultClient, "http://"+p.listen.Public+"/.well-known/openid-configuration"); status != http.StatusOK {
		t.Errorf("draining, it answers %d", status)
	}
	if err := <-p.done; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// TestPortInUse: a port that is taken ends the program with an error that names it.
func TestPortInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := configure(t, func(c *configv1alpha1.ServerConfig) { c.Listen.Metrics = taken.Addr().String() })
	err = serve.Run(t.Context(), []string{"--config", file}, noEnv, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "metrics port") {
		t.Errorf("run = %v", err)
	}
}

// TestMissingFiles: each file that the configuration names is needed, and named where it is missing.
func TestMissingFiles(t *testing.T) {
	t.Parallel()
	const missing = "/does/not/exist"
	for name, change := range map[string]func(*configv1alpha1.ServerConfig){
		"key encryption key": func(c *configv1alpha1.ServerConfig) { c.Backend.Embedded.KeyEncryptionKeyFile = missing },
		"key ring":           func(c *configv1alpha1.ServerConfig) { c.Session.KeyRingFile = missing },
		"users":              func(c *configv1alpha1.ServerConfig) { c.Users.Directory = missing },
		"management token":   func(c *configv1alpha1.ServerConfig) { c.Backend.Embedded.Management.TokenFile = missing },
		"certificate":        func(c *configv1alpha1.ServerConfig) { c.Backend.Embedded.Management.TLS.CertFile = missing },
		"caller": func(c *configv1alpha1.ServerConfig) {
			c.Introspection.Callers = []configv1alpha1.IntrospectionCaller{{Name: "api", SecretFile: missing}}
		},
		"connection": func(c *configv1alpha1.ServerConfig) {
			c.Backend.Embedded.Storage = configv1alpha1.Storage{
				Type: configv1alpha1.StoragePostgreSQL, PostgreSQL: &configv1alpha1.PostgreSQLStorage{ConnectionFile: missing},
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := serve.Run(t.Context(), []string{"--config", configure(t, change)}, noEnv, io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), missing) {
				t.Errorf("run = %v", err)
			}
		})
	}
}

// process is a running server.
type process struct {
	stop   context.CancelFunc
	done   chan error
	listen configv1alpha1.Listen
}

// start runs the program until the test ends, or until stop.
func start(t *testing.T, change func(*configv1alpha1.ServerConfig)) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	out := &programtest.Output{}
	p := &process{stop: cancel, done: make(chan error, 1)}
	file := configure(t, change)
	go func() { p.done <- serve.Run(ctx, []string{"--config", file}, noEnv, out, out) }()
	programtest.Await(t, "serving", func() bool {
		select {
		case err := <-p.done:
			t.Fatalf("it ended at once with %v", err)
		default:
		}
		for line := range strings.Lines(out.String()) {
			var entry struct {
				Message string                `json:"msg"`
				Listen  configv1alpha1.Listen `json:"listen"`
			}
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Message == "Serving" {
				p.listen = entry.Listen
				return true
			}
		}
		return false
	})
	return p
}

// configure writes a configuration on free ports, with everything that it names, and returns its path.
func configure(t *testing.T, change func(*configv1alpha1.ServerConfig)) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	encoded := base64.StdEncoding.EncodeToString(key)
	certificate, private := programtest.Certificate(t)
	users := filepath.Join(dir, "users")
	if err := os.Mkdir(users, 0o755); err != nil {
		t.Fatal(err)
	}
	c := &configv1alpha1.ServerConfig{
		Issuer: "http://127.0.0.1:1",
		Listen: configv1alpha1.Listen{Public: "127.0.0.1:0", Management: "127.0.0.1:0", Metrics: "127.0.0.1:0"},
		Backend: configv1alpha1.Backend{Type: configv1alpha1.BackendEmbedded, Embedded: &configv1alpha1.EmbeddedBackend{
			Storage: configv1alpha1.Storage{Type: configv1alpha1.StorageMemory}, KeyEncryptionKeyFile: write("kek", []byte(encoded)),
			Signing: configv1alpha1.Signing{Algorithm: configv1alpha1.SigningES256},
			Management: &configv1alpha1.Management{
				TokenFile: write("token", []byte("management-token")),
				TLS:       configv1alpha1.TLSFiles{CertFile: write("tls.crt", certificate), KeyFile: write("tls.key", private)},
			},
		}},
		Session: configv1alpha1.Session{KeyRingFile: write("keyring.json", []byte(`{"keys":[{"id":"a","key":"`+encoded+`"}]}`))},
		Users:   configv1alpha1.Users{Directory: users}, Shutdown: configv1alpha1.Shutdown{DrainSeconds: new(configv1alpha1.Seconds(1))},
	}
	configv1alpha1.Default(c)
	if change != nil {
		change(c)
	}
	data, err := json.Marshal(c) // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	return write("config.yaml", data)
}
