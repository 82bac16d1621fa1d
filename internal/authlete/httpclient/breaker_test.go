package httpclient_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/internal/authlete/httpclient"
)

// slow is a backend that takes its time, and fails unless it is up.
type slow struct {
	takes    time.Duration
	up       atomic.Bool
	requests atomic.Int64
}

func (s *slow) RoundTrip(r *http.Request) (*http.Response, error) {
	s.requests.Add(1)
	select {
	case <-r.Context().Done():
		return nil, context.Cause(r.Context())
	case <-time.After(s.takes):
	}
	if !s.up.Load() {
		return nil, errors.New("connection refused")
	}
	return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

func (s *slow) client(breaker bool) *httpclient.Client {
	return httpclient.New(httpclient.Options{
		Credentials: version2, HTTP: &http.Client{Transport: s, Timeout: 10 * time.Second}, Clock: time.Now, Breaker: breaker,
	})
}

// remove makes a call that is not repeated.
func remove(ctx context.Context, c *httpclient.Client) error { return c.ClientDelete(ctx, "app") }

// open fails calls until no more are made.
func open(t *testing.T, c *httpclient.Client) {
	t.Helper()
	for range 5 {
		if err := remove(t.Context(), c); err == nil || errors.Is(err, httpclient.ErrCircuitOpen) {
			t.Fatalf("error = %v", err)
		}
	}
	if !c.Open() {
		t.Fatal("the circuit is closed after five failures")
	}
}

// TestRestOfTheOpenTime: callers are told when it makes sense to come back.
func TestRestOfTheOpenTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := (&slow{}).client(true)
		open(t, client)
		for _, want := range []time.Duration{3 * time.Second, 2 * time.Second, time.Second} {
			refused, ok := errors.AsType[*authlete.Error](remove(t.Context(), client))
			if !ok || refused.Status != 0 || !errors.Is(refused, httpclient.ErrCircuitOpen) || refused.RetryAfter != want {
				t.Errorf("error = %v, want to come back after %v", refused, want)
			}
			time.Sleep(time.Second)
		}
	})
}

// TestOneMayTry: of a crowd that comes when the open time is over, one is let through, and its fate decides.
func TestOneMayTry(t *testing.T) {
	t.Parallel()
	for name, up := range map[string]bool{"still away": false, "back": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &slow{takes: 20 * time.Millisecond}
				client := s.client(true)
				open(t, client)
				time.Sleep(3*time.Second + time.Millisecond)
				s.up.Store(up)
				before := s.requests.Load()
				var group sync.WaitGroup
				var refused atomic.Int64
				for range 100 {
					group.Go(func() {
						err, ok := errors.AsType[*authlete.Error](remove(t.Context(), client))
						if ok && errors.Is(err, httpclient.ErrCircuitOpen) && err.RetryAfter == time.Second {
							refused.Add(1)
						}
					})
				}
				group.Wait()
				if got := s.requests.Load() - before; got != 1 || refused.Load() != 99 {
					t.Errorf("%d of 100 were let through, %d were not", got, refused.Load())
				}
				if client.Open() == up {
					t.Errorf("open: %v after the backend was up: %v", client.Open(), up)
				}
			})
		})
	}
}

// TestWhoWentAwayWhileTrying leaves the turn to the next one.
func TestWhoWentAwayWhileTrying(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &slow{takes: time.Second}
		client := s.client(true)
		open(t, client)
		time.Sleep(4 * time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		if err := remove(ctx, client); !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v", err)
		}
		s.up.Store(true)
		if err := remove(t.Context(), client); err != nil || client.Open() {
			t.Errorf("the next one: %v", err)
		}
	})
}

// TestTimeouts open the circuit, callers who go away do not, and neither waits longer than one timeout.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		patience time.Duration
		takes    time.Duration
		open     bool
	}{
		"the backend is too slow": {time.Hour, 10 * time.Second, true},
		"the callers go away":     {time.Second, time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := (&slow{takes: time.Minute}).client(true)
				for range 5 {
					ctx, cancel := context.WithCancel(t.Context())
					timer := time.AfterFunc(test.patience, cancel)
					began := time.Now()
					if _, err := client.ClientGet(ctx, "app"); err == nil || errors.Is(err, httpclient.ErrCircuitOpen) {
						t.Errorf("error = %v", err)
					}
					if took := time.Since(began); took != test.takes {
						t.Errorf("took %v, want %v", took, test.takes)
					}
					timer.Stop()
					cancel()
				}
				if client.Open() != test.open {
					t.Errorf("open = %v", client.Open())
				}
			})
		})
	}
}

// TestNoBreaker: without one, every call is made.
func TestNoBreaker(t *testing.T) {
	t.Parallel()
	s := &slow{}
	client := s.client(false)
	for range 20 {
		if err := remove(t.Context(), client); err == nil || errors.Is(err, httpclient.ErrCircuitOpen) {
			t.Fatalf("error = %v", err)
		}
	}
	if s.requests.Load() != 20 || client.Open() {
		t.Errorf("%d requests, open %v", s.requests.Load(), client.Open())
	}
}

// TestNoRequest: what cannot be asked for is refused here, and who is gone already is not asked for.
func TestNoRequest(t *testing.T) {
	t.Parallel()
	s := &slow{}
	client := s.client(true)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := remove(gone, client); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	for name, call := range map[string]func() error{
		"service/get":    func() error { _, err := client.ServiceGet(t.Context()); return err },
		"service/update": func() error { _, err := client.ServiceUpdate(t.Context(), &authlete.Service{}); return err },
	} {
		err := call()
		refused, ok := errors.AsType[*authlete.Error](err)
		missing, named := errors.AsType[*credentials.Error](err)
		if !ok || !named || refused.Call != name || missing.Key != credentials.KeyOwnerKey || !missing.Missing {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := s.requests.Load(); got != 0 {
		t.Errorf("%d requests", got)
	}
}
