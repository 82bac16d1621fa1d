package ports_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/server/ports"
	"github.com/authserver-dev/operator/test/programtest"
)

const local = "127.0.0.1:0"

func open(t *testing.T, list ...ports.Port) []*ports.Listener {
	t.Helper()
	listeners, err := ports.Open(list, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return listeners
}

// TestStop: the ports drain, then answer what they have begun to answer; tasks run until that is done.
func TestStop(t *testing.T) {
	t.Parallel()
	begun, proceed, draining := make(chan struct{}), make(chan struct{}), make(chan struct{})
	listeners := open(t, ports.Port{Name: "slow", Address: local, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-proceed
		_, _ = io.WriteString(w, "done")
	})}, ports.Port{Name: "other", Address: local, Handler: http.NotFoundHandler()})
	ctx, cancel := context.WithCancel(t.Context())
	taskDone, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- ports.Serve(ctx, listeners, ports.Stop{Finish: time.Minute, Draining: func() { close(draining) }}, func(ctx context.Context) {
			<-ctx.Done()
			close(taskDone)
		})
	}()
	answer := make(chan string, 1)
	go func() {
		_, body := programtest.Get(t, http.DefaultClient, "http://"+listeners[0].Address())
		answer <- body
	}()
	<-begun
	cancel()
	<-draining
	programtest.Await(t, "no new connections", func() bool {
		connection, err := net.Dial("tcp", listeners[1].Address())
		if err == nil {
			connection.Close()
		}
		return err != nil
	})
	select {
	case <-taskDone:
		t.Error("the task ended before the last answer")
	default:
	}
	close(proceed)
	if body := <-answer; body != "done" {
		t.Errorf("the request under way was answered with %q", body)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	<-taskDone
}

// TestFinishIsBounded: a request that does not end does not keep the program.
func TestFinishIsBounded(t *testing.T) {
	t.Parallel()
	begun, proceed := make(chan struct{}), make(chan struct{})
	listeners := open(t, ports.Port{Name: "stuck", Address: local, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(begun)
		<-proceed
	})})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- ports.Serve(ctx, listeners, ports.Stop{Finish: time.Millisecond}) }()
	asked := make(chan struct{})
	go func() { defer close(asked); programtest.Get(t, http.DefaultClient, "http://"+listeners[0].Address()) }()
	<-begun
	cancel()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "stuck port") {
		t.Errorf("Serve = %v", err)
	}
	close(proceed)
	<-asked
}

// TestOpenLeavesNothing: a port that cannot be opened is named, and those before it are closed.
func TestOpenLeavesNothing(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", local)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	free, err := net.Listen("tcp", local)
	if err != nil {
		t.Fatal(err)
	}
	first := free.Addr().String()
	free.Close()
	_, err = ports.Open([]ports.Port{{Name: "first", Address: first}, {Name: "second", Address: taken.Addr().String()}}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "opening the second port") {
		t.Fatalf("Open = %v", err)
	}
	if again, err := net.Listen("tcp", first); err != nil {
		t.Errorf("the first port is still open: %v", err)
	} else {
		again.Close()
	}
}

// TestClientCertificates: a port that asks for certificates takes any, and callers without one; another port asks nobody.
func TestClientCertificates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := configv1alpha1.TLSFiles{CertFile: filepath.Join(dir, "tls.crt"), KeyFile: filepath.Join(dir, "tls.key")}
	certificate, key := programtest.Certificate(t)
	for path, data := range map[string][]byte{files.CertFile: certificate, files.KeyFile: key} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	presented := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strconv.Itoa(len(r.TLS.PeerCertificates)))
	})
	listeners := open(t, ports.Port{Name: "asks", Address: local, Handler: presented, TLS: &files, ClientCertificates: true},
		ports.Port{Name: "asks-nobody", Address: local, Handler: presented, TLS: &files})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- ports.Serve(ctx, listeners, ports.Stop{Finish: time.Minute}) }()
	with, without := &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{pair}}, &tls.Config{InsecureSkipVerify: true}
	for _, test := range []struct {
		listener *ports.Listener
		config   *tls.Config
		want     string
	}{{listeners[0], with, "1"}, {listeners[0], without, "0"}, {listeners[1], with, "0"}} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: test.config, DisableKeepAlives: true}}
		if _, got := programtest.Get(t, client, "https://"+test.listener.Address()); got != test.want {
			t.Errorf("%s: %s certificates, want %s", test.listener.Name(), got, test.want)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestCertificateFollowsItsFiles, which are of bounded size.
func TestCertificateFollowsItsFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := configv1alpha1.TLSFiles{CertFile: filepath.Join(dir, "tls.crt"), KeyFile: filepath.Join(dir, "tls.key")}
	write := func() string {
		certificate, key := programtest.Certificate(t)
		for path, data := range map[string][]byte{files.CertFile: certificate, files.KeyFile: key} {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		block, _ := pem.Decode(certificate)
		return string(block.Bytes)
	}
	write()
	listeners := open(t, ports.Port{Name: "public", Address: local, Handler: http.NotFoundHandler(), TLS: &files})
	if got := listeners[0].Files(); len(got) != 1 || got[0].Name() != "public-certificate" || !got[0].Healthy() {
		t.Errorf("files: %v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- ports.Serve(ctx, listeners, ports.Stop{Finish: time.Minute}) }()
	renewed := write()
	programtest.Await(t, "the renewed certificate", func() bool {
		connection, err := tls.Dial("tcp", listeners[0].Address(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = connection.Close() }()
		return string(connection.ConnectionState().PeerCertificates[0].Raw) == renewed
	})
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := os.Truncate(files.CertFile, 2<<20); err != nil {
		t.Fatal(err)
	}
	if _, err := ports.Listen(ports.Port{Name: "public", Address: local, TLS: &files}, slog.New(slog.DiscardHandler)); err == nil ||
		!strings.Contains(err.Error(), "larger than") {
		t.Errorf("a large certificate file: %v", err)
	}
}
