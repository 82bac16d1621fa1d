package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

// callers are those of the measurement with a backend that takes its time.
const (
	callers        = 1000
	backendLatency = 20 * time.Millisecond
)

// standIn is a running stand-in for Authlete.
type standIn struct{ address string }

// authlete measures what the server itself adds to a call of Authlete: token requests by way of the server beside calls
// that go to the stand-in directly, then a thousand callers and a backend that takes its time.
func (b *bench) authlete(ctx context.Context) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	// The stand-in is on the core of the load, so that the server has its own.
	backend, err := startOn(loadCore, dialable(address), filepath.Join(b.dir, "standin.log"), filepath.Join(b.dir, "bench"), "-stand-in", address)
	if err != nil {
		return err
	}
	defer backend.stop()
	s := standIn{address}
	t, err := b.prepare("authlete", s.configure)
	if err != nil {
		return err
	}
	if _, err := s.get(ctx, standInIssuer+"?set="+url.QueryEscape("http://"+t.public)); err != nil {
		return err
	}
	p, err := start(t.ready(ctx), filepath.Join(t.dir, "log"), b.binary, "--config", filepath.Join(t.dir, "config.yaml"))
	if err != nil {
		return err
	}
	defer p.stop()
	fmt.Printf("%-44s %10.1f ms\n", "authlete: start to ready", float64(p.ready.Microseconds())/1000)
	if err := b.added(ctx, s, t, p); err != nil {
		return err
	}
	return b.crowd(ctx, s, t, p)
}

// configure writes the credentials and points the server at them.
func (s standIn) configure(t *target, c *configv1alpha1.ServerConfig) error {
	folder := filepath.Join(t.dir, "authlete")
	c.Backend = configv1alpha1.Backend{Type: configv1alpha1.BackendAuthlete, Authlete: &configv1alpha1.AuthleteBackend{CredentialsDirectory: folder}}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	ini := "[authlete]\napi_version = V3\nbase_url = http://" + s.address + "\nservice.api_key = 1\nservice.access_token = bench\n"
	return os.WriteFile(filepath.Join(folder, "authlete.ini"), []byte(ini), 0o600)
}

// get reads or sets a value of the stand-in.
func (s standIn) get(ctx context.Context, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+path, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("the stand-in answers %s with status %d", path, response.StatusCode)
	}
	return string(body), err
}

// clientCredentials is a token request of the client "app".
func clientCredentials() requests {
	return repeated(wire(http.MethodPost, "/api/token", "grant_type=client_credentials", http.Header{"Authorization": {basic("app", "secret-of-app")}}))
}

// direct is the call that the server makes for such a request.
func direct() (requests, error) {
	body, err := json.Marshal(authlete.TokenRequest{Parameters: "grant_type=client_credentials", ClientID: "app", ClientSecret: "secret-of-app"})
	if err != nil {
		return nil, err
	}
	request := wire(http.MethodPost, "/api/1/auth/token", string(body), http.Header{"Authorization": {"Bearer bench"}})
	return repeated(bytes.Replace(request, []byte("application/x-www-form-urlencoded"), []byte("application/json"), 1)), nil
}

// added measures one caller alone, so that latencies are those of the work and not of a queue.
func (b *bench) added(ctx context.Context, s standIn, t *target, p *process) error {
	call, err := direct()
	if err != nil {
		return err
	}
	if _, err := measure(ctx, s.address, 1, b.duration/4, call); err != nil {
		return fmt.Errorf("warming up the stand-in: %w", err)
	}
	directly, err := measure(ctx, s.address, 1, b.duration, call)
	if err != nil {
		return fmt.Errorf("calling the stand-in: %w", err)
	}
	if _, err := measure(ctx, t.public, 1, b.duration/4, clientCredentials()); err != nil {
		return fmt.Errorf("warming up: %w", err)
	}
	before := p.cpu()
	through, err := measure(ctx, t.public, 1, b.duration, clientCredentials())
	if err != nil {
		return err
	}
	cpu := float64((p.cpu() - before).Microseconds()) / 1000 / float64(through.count)
	fmt.Printf("%-44s %10.0f %23s p50 %.3f ms\n", "authlete: the stand-in directly, one caller", rate(directly), "", milliseconds(directly.p50))
	fmt.Printf("%-44s %10.0f %12.4f %10s p50 %.3f ms, %.3f ms added\n", "authlete: client credentials, one caller", rate(through), cpu, "",
		milliseconds(through.p50), milliseconds(through.p50-directly.p50))
	return b.report(ctx, "authlete: client credentials", t.public, p, clientCredentials())
}

// crowd measures many callers and a slow backend. Connections to the backend are to be made once and used again.
func (b *bench) crowd(ctx context.Context, s standIn, t *target, p *process) error {
	if _, err := s.get(ctx, standInLatency+"?set="+backendLatency.String()); err != nil {
		return err
	}
	if _, err := measure(ctx, t.public, callers, b.duration/2, clientCredentials()); err != nil {
		return fmt.Errorf("warming up: %w", err)
	}
	before, err := s.connections(ctx)
	if err != nil {
		return err
	}
	cpu := p.cpu()
	o, err := measure(ctx, t.public, callers, b.duration, clientCredentials())
	if err != nil {
		return err
	}
	after, err := s.connections(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%-44s %10.0f %12.4f %10.2f\n", fmt.Sprintf("authlete: %d callers, backend of %s", callers, backendLatency), rate(o),
		float64((p.cpu()-cpu).Microseconds())/1000/float64(o.count), milliseconds(o.p99))
	fmt.Printf("%-44s %10d, of %d in all\n", "authlete: new connections meanwhile", after-before, after)
	return nil
}

// connections returns how many the stand-in has seen.
func (s standIn) connections(ctx context.Context) (int, error) {
	text, err := s.get(ctx, standInConnections)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(text))
}

func rate(o outcome) float64 { return float64(o.count) / o.elapsed.Seconds() }

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
