package standin

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/internal/authlete/httpclient"
	"github.com/authserver-dev/operator/test/programtest"
)

func noEnv(string) string { return "" }

// standInProcess is a running stand-in.
type standInProcess struct {
	url  string
	stop context.CancelFunc
	done chan error
	out  *programtest.Output
}

// startStandIn runs the stand-in on a free port until the test ends, or until end.
func startStandIn(t *testing.T, args ...string) *standInProcess {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	p := &standInProcess{stop: cancel, done: make(chan error, 1), out: &programtest.Output{}}
	go func() {
		p.done <- Run(ctx, append([]string{"--listen", "127.0.0.1:0"}, args...), noEnv, p.out, p.out)
	}()
	address := regexp.MustCompile(`msg="Serving the engine".* url=(\S+)`)
	programtest.Await(t, "serving", func() bool {
		select {
		case err := <-p.done:
			t.Fatalf("it ended at once with %v", err)
		default:
		}
		if found := address.FindStringSubmatch(p.out.String()); found != nil {
			p.url = found[1]
		}
		return p.url != ""
	})
	return p
}

// end stops it as Kubernetes does.
func (p *standInProcess) end(t *testing.T) {
	t.Helper()
	p.stop()
	if err := <-p.done; err != nil {
		t.Fatalf("it ended with %v", err)
	}
}

// client calls it with the credentials of a file.
func (p *standInProcess) client(t *testing.T, file string) *httpclient.Client {
	t.Helper()
	data, err := credentialData(file)
	if err != nil {
		t.Fatal(err)
	}
	as, err := credentials.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	as.BaseURL = p.url
	insecure := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(insecure.CloseIdleConnections)
	return httpclient.New(httpclient.Options{
		Clock: time.Now, Credentials: func() *credentials.Credentials { return as }, HTTP: &http.Client{Transport: insecure},
	})
}

// write makes a file of the test.
func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestArguments(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	strict := write(t, filepath.Join(dir, "strict.json"), `{"singleAccessTokenPerSubject":true}`)
	wrong := write(t, filepath.Join(dir, "wrong.ini"), "[authlete]\nservice.api_key = 1\n")
	good := write(t, filepath.Join(dir, "good.ini"), "[authlete]\nservice.api_key = 1\nservice.api_secret = secret\n")
	for name, test := range map[string]struct {
		args         []string
		fails        bool
		says, itsErr string
	}{
		"help":              {args: []string{"--help"}, says: "stand-in for Authlete"},
		"version":           {args: []string{"--version"}, says: "\n"},
		"no credentials":    {fails: true, itsErr: "--credentials"},
		"argument":          {args: []string{"now"}, fails: true, itsErr: "now"},
		"unknown flag":      {args: []string{"--port=1"}, fails: true, itsErr: "port"},
		"half TLS":          {args: []string{"--credentials", good, "--tls-cert", good}, fails: true, itsErr: "--tls-key"},
		"algorithm":         {args: []string{"--credentials", good, "--signing-algorithm", "HS256"}, fails: true, itsErr: "HS256"},
		"API version":       {args: []string{"--credentials", good, "--api-version", "V4"}, fails: true, itsErr: "V4"},
		"log format":        {args: []string{"--credentials", good, "--log-format", "xml"}, fails: true, itsErr: "xml"},
		"missing file":      {args: []string{"--credentials", "/does/not/exist"}, fails: true, itsErr: "/does/not/exist"},
		"wrong credentials": {args: []string{"--credentials", wrong}, fails: true, itsErr: "service.api_secret"},
		"missing settings":  {args: []string{"--credentials", good, "--settings", "/does/not/exist"}, fails: true, itsErr: "/does/not/exist"},
		"settings not kept": {args: []string{"--credentials", good, "--settings", strict}, fails: true, itsErr: "singleAccessTokenPerSubject"},
		"wrong settings":    {args: []string{"--credentials", good, "--settings", wrong}, fails: true, itsErr: "wrong.ini"},
		"address":           {args: []string{"--credentials", good, "--listen", "nowhere"}, fails: true, itsErr: "opening the engine port"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			args := append([]string{"--listen", "127.0.0.1:0"}, test.args...)
			err := Run(t.Context(), args, noEnv, &out, &out)
			if (err != nil) != test.fails || !strings.Contains(out.String(), test.says) {
				t.Errorf("Run = %v, output %q", err, out.String())
			}
			if err != nil && !strings.Contains(err.Error(), test.itsErr) {
				t.Errorf("the error %v does not name %q", err, test.itsErr)
			}
		})
	}
}

// TestFirstStart: one command is enough to have something to call, in both dialects.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	for _, version := range []credentials.Version{credentials.V2, credentials.V3} {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "authlete.ini")
			p := startStandIn(t, "--write-ini", file, "--api-version", string(version), "--issuer", "https://login.example.com/")
			info, err := os.Stat(file)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Fatalf("credentials: %v, %v", info, err)
			}
			content, err := os.ReadFile(file)
			if err != nil || !strings.Contains(string(content), "base_url = "+p.url) || !strings.Contains(p.out.String(), file) {
				t.Errorf("%v\n%s\n%s", err, content, p.out.String())
			}
			programtest.Await(t, "health", func() bool {
				status, _ := programtest.Get(t, http.DefaultClient, p.url+"/healthz")
				return status == http.StatusOK
			})
			service, err := p.client(t, file).ServiceGet(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			key := "service.api_key = " + strconv.FormatInt(service.APIKey, 10)
			if service.TokenEndpoint != "https://login.example.com/api/token" || !strings.Contains(string(content), key) {
				t.Errorf("settings %+v", service)
			}
			for _, scope := range service.SupportedScopes {
				if scope.Description == "" {
					t.Errorf("pages have no words for the scope %s", scope.Name)
				}
			}
			p.end(t)
			startStandIn(t, "--write-ini", file).end(t)
			if again, err := os.ReadFile(file); err != nil || !bytes.Equal(again, content) {
				t.Errorf("the credentials were overwritten: %v", err)
			}
			for _, secret := range regexp.MustCompile(`(?:secret|token) = (\S+)`).FindAllStringSubmatch(string(content), -1) {
				if strings.Contains(p.out.String(), secret[1]) {
					t.Error("a secret is in the log")
				}
			}
		})
	}
}

// TestRestart: what is in a database outlives the process, settings changed over the API included.
func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "authlete.ini")
	settings := write(t, filepath.Join(dir, "service.json"),
		`{"serviceName":"From a file","issuer":"https://file.example.com","idTokenDuration":0,"supportedDocuments":["X"],"jwks":"{}","apiSecret":"s"}`)
	args := []string{"--write-ini", file, "--sqlite", filepath.Join(dir, "engine.db"), "--settings", settings}
	p := startStandIn(t, args...)
	api := p.client(t, file)
	service, err := api.ServiceGet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if service.Issuer != "https://file.example.com" || service.IDTokenDuration <= 0 || len(service.SupportedScopes) != 7 ||
		string(service.Other["supportedDocuments"]) != `["X"]` || len(service.Other) != 1 {
		t.Errorf("settings %+v", service)
	}
	service.ServiceName, service.AccessTokenDuration = "Changed", 77
	if service, err = api.ServiceUpdate(t.Context(), service); err != nil {
		t.Fatal(err)
	}
	created, err := api.ClientCreate(t.Context(), &authlete.Client{ClientIDAlias: "app"})
	if err != nil {
		t.Fatal(err)
	}
	p.end(t)
	again := startStandIn(t, append(args, "--issuer", "https://another.example.com")...)
	api = again.client(t, file)
	got, err := api.ServiceGet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(service, got); diff != "" {
		t.Errorf("settings after a restart (-before +after):\n%s", diff)
	}
	client, err := api.ClientGet(t.Context(), "app")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(created, client); diff != "" {
		t.Errorf("client after a restart (-before +after):\n%s", diff)
	}
	for _, name := range []string{"engine.db.key", "engine.db.service.json"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// TestCredentials: several may call, in both dialects, and a change needs no restart.
func TestCredentials(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	properties := write(t, filepath.Join(dir, "three.properties"),
		"api_version=V3\nbase_url=http://127.0.0.1\nservice.api_key=12345\nservice.access_token=three\n")
	folder := filepath.Join(dir, "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{
		credentials.KeyServiceID: "12345", credentials.KeyAPISecret: "two", credentials.KeyOwnerKey: "1", credentials.KeyOwnerSecret: "owner", "..data": "link",
	} {
		write(t, filepath.Join(folder, key), value)
	}
	p := startStandIn(t, "--credentials", properties, "--credentials", folder)
	for _, file := range []string{properties, folder} {
		if service, err := p.client(t, file).ServiceGet(t.Context()); err != nil || service.APIKey != 12345 {
			t.Errorf("%s: %v, %v", file, service, err)
		}
	}
	before := p.client(t, folder)
	write(t, filepath.Join(folder, credentials.KeyOwnerSecret), "changed")
	after := p.client(t, folder)
	programtest.Await(t, "the changed credentials", func() bool {
		_, err := after.ServiceGet(t.Context())
		return err == nil
	})
	if _, err := before.ServiceGet(t.Context()); err == nil {
		t.Error("the old credentials still work")
	}
}

// TestTLS: it serves HTTPS, and takes a renewed certificate over.
func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	renew := func() []byte {
		cert, key := programtest.Certificate(t)
		write(t, certFile, string(cert))
		write(t, keyFile, string(key))
		block, _ := pem.Decode(cert)
		return block.Bytes
	}
	renew()
	file := filepath.Join(dir, "authlete.ini")
	p := startStandIn(t, "--write-ini", file, "--tls-cert", certFile, "--tls-key", keyFile)
	if !strings.HasPrefix(p.url, "https://") {
		t.Fatalf("url %s", p.url)
	}
	if _, err := p.client(t, file).ServiceGet(t.Context()); err != nil {
		t.Error(err)
	}
	renewed := renew()
	dialer := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
	programtest.Await(t, "the renewed certificate", func() bool {
		connection, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(p.url, "https://"))
		if err != nil {
			return false
		}
		defer connection.Close()
		secured, ok := connection.(*tls.Conn)
		return ok && bytes.Equal(secured.ConnectionState().PeerCertificates[0].Raw, renewed)
	})
}

// TestPortInUse: a port that is taken ends the program.
func TestPortInUse(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "authlete.ini")
	p := startStandIn(t, "--write-ini", file)
	err := Run(t.Context(), []string{"--credentials", file, "--listen", strings.TrimPrefix(p.url, "http://")}, noEnv, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "opening the engine port") {
		t.Errorf("Run = %v", err)
	}
}
