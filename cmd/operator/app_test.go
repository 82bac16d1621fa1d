package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestVersionGoesToStdout(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), []string{"--version"}, streams{nil, &stdout, &stderr}); err != nil {
		t.Fatal(err)
	}
	if stdout.Len() == 0 || stderr.Len() != 0 {
		t.Errorf("stdout %q, stderr %q", &stdout, &stderr)
	}
}

func TestImportDjango(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("../../internal/django/testdata/dump.golden.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const dump = "../../internal/django/testdata/dump.json"
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), []string{"import-django", "--server", "login", "--namespace=people", dump}, streams{nil, &stdout, &stderr}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stdout.Bytes(), want) {
		t.Errorf("manifests differ from the golden file:\n%s", &stdout)
	}
	if !strings.Contains(stderr.String(), "6 users, 6 written, 5 with a password") || !strings.Contains(stderr.String(), `"frank": no usable password`) {
		t.Errorf("stderr = %s", &stderr)
	}
	for name, args := range map[string][]string{
		"no server": {"import-django", dump}, "no file": {"import-django", "--server=a", "absent"}, "no dump": {"import-django", "--server=a"},
	} {
		if err := run(t.Context(), args, streams{strings.NewReader("{}"), io.Discard, io.Discard}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestImportAuthlete: clients of a service become manifests; no client secret and no credential is in what is written.
func TestImportAuthlete(t *testing.T) {
	t.Parallel()
	const token, secret = "the-service-access-token", "the-secret-of-the-client"
	var calls []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls = append(calls, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
		_, _ = io.WriteString(w, `{"totalCount":2,"clients":[
			{"clientId":1,"clientIdAlias":"shop","clientIdAliasEnabled":true,"clientSecret":"`+secret+`","clientType":"CONFIDENTIAL","grantTypes":["CIBA"]},
			{"clientId":2,"clientName":"Till","attributes":[{"key":"authserver.dev/owner","value":"apps/till/uid"}]}]}`)
	}))
	t.Cleanup(server.Close)
	folder := t.TempDir()
	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	ini := "[authlete]\napi_version = V3\nbase_url = " + server.URL + "\nservice.api_key = 42\nservice.access_token = " + token + "\n"
	for name, value := range map[string]string{"authlete.ini": ini, "ca.pem": authority} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, from := range []string{folder, filepath.Join(folder, "authlete.ini")} {
		var stdout, stderr bytes.Buffer
		args := []string{"import-authlete", "--server=login", "--ca-file=" + filepath.Join(folder, "ca.pem"), from}
		if err := run(t.Context(), args, streams{nil, &stdout, &stderr}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"client: \"1\"", "management: Observe", "deletionPolicy: Retain", "# client 1: spec.grantTypes was left out"} {
			if !strings.Contains(stdout.String(), want) {
				t.Errorf("%q is not in\n%s", want, &stdout)
			}
		}
		for _, want := range []string{"2 clients, 1 written", "apps/till/uid", "client 1: spec.grantTypes"} {
			if !strings.Contains(stderr.String(), want) {
				t.Errorf("%q is not in\n%s", want, &stderr)
			}
		}
		if text := stdout.String() + stderr.String(); strings.Contains(text, token) || strings.Contains(text, secret) {
			t.Errorf("a secret is in\n%s", text)
		}
	}
	if want := []string{"GET /api/42/client/get/list Bearer " + token, "GET /api/42/client/get/list Bearer " + token}; !slices.Equal(calls, want) {
		t.Errorf("calls %q, want %q", calls, want)
	}
	for name, args := range map[string][]string{
		"no server": {folder}, "no credentials": {"--server=a"}, "absent": {"--server=a", "absent"}, "an empty directory": {"--server=a", t.TempDir()},
		"no authorities": {"--server=a", "--ca-file=" + filepath.Join(folder, "authlete.ini"), folder},
	} {
		if err := run(t.Context(), append([]string{"import-authlete"}, args...), streams{nil, io.Discard, io.Discard}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRequestToken(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, secret, _ := r.BasicAuth()
		if asked.Add(1) == 1 || user != "app" || secret != "se%3Acret" {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"error":"temporarily_unavailable"}`)
			return
		}
		_, _ = io.WriteString(w, `{"access_token":"THE-TOKEN","expires_in":60}`)
	}))
	t.Cleanup(server.Close)
	folder := t.TempDir()
	for name, value := range map[string]string{"client_id": "app", "client_secret": "se:cret\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var stdout bytes.Buffer
	if err := run(t.Context(), []string{"request-token", "--url", server.URL, "--client", folder}, streams{nil, &stdout, io.Discard}); err != nil {
		t.Fatal(err)
	}
	if asked.Load() != 2 || strings.Contains(stdout.String(), "THE-TOKEN") || !strings.Contains(stdout.String(), "60 s") {
		t.Errorf("%d requests, stdout %q", asked.Load(), &stdout)
	}
	err := run(t.Context(), []string{"request-token", "--url", server.URL, "--client", "/absent", "--timeout=1ms"}, streams{nil, io.Discard, io.Discard})
	if err == nil || !strings.Contains(err.Error(), "credentials") {
		t.Errorf("no credentials: %v", err)
	}
}

func TestNeedsAnImage(t *testing.T) {
	t.Setenv(serverImageEnv, "")
	err := run(t.Context(), nil, streams{nil, io.Discard, io.Discard})
	if err == nil || !strings.Contains(err.Error(), serverImageEnv) {
		t.Errorf("error = %v", err)
	}
}

// TestLivesWithoutAnAPIServer: during an outage the kubelet must not restart an operator that waits.
func TestLivesWithoutAnAPIServer(t *testing.T) {
	address := closedPort(t)
	t.Setenv("KUBECONFIG", kubeconfig(t, closedPort(t)))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		args := []string{"--server-image=server", "--metrics-bind-address=0", "--health-probe-bind-address=" + address}
		ended <- run(ctx, args, streams{nil, io.Discard, io.Discard})
	}()
	for path, want := range map[string]int{"/healthz": http.StatusOK, "/readyz": http.StatusServiceUnavailable} {
		if got := status(t, "http://"+address+path); got != want {
			t.Errorf("%s: status %d, want %d", path, got, want)
		}
	}
	cancel()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "creating the manager") {
		t.Errorf("error = %v", err)
	}
}

// status asks until there is an answer.
func status(t *testing.T, address string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // only keeps the test from hanging
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			response.Body.Close()
			return response.StatusCode
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// closedPort returns an address at which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func kubeconfig(t *testing.T, server string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	content := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://%s"}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
users: [{name: u, user: {}}]
current-context: c
`, server)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
