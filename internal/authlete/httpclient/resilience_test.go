package httpclient_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/internal/authlete/httpclient"
)

// version2 are credentials of the API 2.x.
func version2() *credentials.Credentials {
	return &credentials.Credentials{Version: credentials.V2, BaseURL: "https://api.authlete.com", ServiceID: "42", APISecret: "se:cret"}
}

func token(ctx context.Context, c *httpclient.Client) error {
	_, err := c.Token(ctx, &authlete.TokenRequest{})
	return err
}

func TestVersion2(t *testing.T) {
	t.Parallel()
	s := &script{answers: []answer{{status: 200, body: "{}"}}}
	as := version2()
	client := httpclient.New(httpclient.Options{
		Credentials: func() *credentials.Credentials { return as }, HTTP: &http.Client{Transport: s}, Clock: time.Now,
	})
	if err := token(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	if want := "Basic NDI6c2U6Y3JldA=="; s.token != want {
		t.Errorf("Authorization = %q, want %q", s.token, want)
	}
	var missing *credentials.Error
	if _, err := client.ServiceGet(t.Context()); !errors.As(err, &missing) || missing.Key != credentials.KeyOwnerKey {
		t.Errorf("service/get without the owner's credentials: %v", err)
	}
	as.OwnerKey, as.OwnerSecret = "7", "owner"
	if _, err := client.ServiceUpdate(t.Context(), &authlete.Service{}); err != nil {
		t.Fatal(err)
	}
	if want := "Basic Nzpvd25lcg=="; s.token != want {
		t.Errorf("Authorization = %q, want %q", s.token, want)
	}
	want := []string{"POST https://api.authlete.com/api/auth/token", "POST https://api.authlete.com/api/service/update/42"}
	if diff := cmp.Diff(want, s.requests); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// TestNewCredentials: a call that was refused for its credentials is made again with those that have come since.
func TestNewCredentials(t *testing.T) {
	t.Parallel()
	refused, fine := answer{status: 401}, answer{status: 200, body: "{}"}
	for name, test := range map[string]struct {
		answers  []answer
		changes  bool
		requests int
		ok       bool
	}{
		"changed":           {[]answer{refused, fine}, true, 2, true},
		"changed, no use":   {[]answer{refused}, true, 2, false},
		"the same as ever":  {[]answer{refused, fine}, false, 1, false},
		"another complaint": {[]answer{{status: 403}, fine}, true, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{answers: test.answers}
			client := httpclient.New(httpclient.Options{
				Credentials: func() *credentials.Credentials {
					as := version2()
					if test.changes && len(s.requests) > 0 {
						as.APISecret = "another"
					}
					return as
				},
				HTTP: &http.Client{Transport: s}, Clock: time.Now,
			})
			if err := token(t.Context(), client); (err == nil) != test.ok || len(s.requests) != test.requests {
				t.Errorf("%d requests, error %v", len(s.requests), err)
			}
		})
	}
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := []answer{{}, {status: 500}, {status: 503}, {status: 429}, {status: 502}, {status: 504}, {status: 200, body: "{}"}}
		s := &script{answers: down}
		client := httpclient.New(httpclient.Options{
			Credentials: version2, HTTP: &http.Client{Transport: s}, Clock: time.Now, Breaker: true,
		})
		for range 6 { // five failures, and a limit that is none
			if err := token(t.Context(), client); err == nil || errors.Is(err, httpclient.ErrCircuitOpen) {
				t.Fatalf("error = %v", err)
			}
		}
		err := token(t.Context(), client)
		refused, ok := errors.AsType[*authlete.Error](err)
		if !ok || !errors.Is(err, httpclient.ErrCircuitOpen) || refused.RetryAfter <= 0 || refused.Call != "auth/token" || !client.Open() {
			t.Errorf("error = %v, open %v", err, client.Open())
		}
		if len(s.requests) != 6 {
			t.Errorf("%d requests", len(s.requests))
		}
		time.Sleep(10 * time.Second)
		if err := token(t.Context(), client); err != nil || client.Open() {
			t.Errorf("after a while: %v", err)
		}
	})
}

// TestRefusalsDoNotOpen: a backend that refuses works.
func TestRefusalsDoNotOpen(t *testing.T) {
	t.Parallel()
	s := &script{answers: []answer{{status: 400}}}
	client := httpclient.New(httpclient.Options{Credentials: version2, HTTP: &http.Client{Transport: s}, Clock: time.Now, Breaker: true})
	for range 20 {
		if err := token(t.Context(), client); errors.Is(err, httpclient.ErrCircuitOpen) {
			t.Fatal(err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		if err := token(gone, client); errors.Is(err, httpclient.ErrCircuitOpen) {
			t.Fatalf("callers who went away: %v", err)
		}
	}
}

func TestObservedAndForwarded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{{status: 503}, {status: 200, body: "{}"}}}
		var outcomes []httpclient.Outcome
		client := httpclient.New(httpclient.Options{
			Credentials: version2, HTTP: &http.Client{Transport: s}, Clock: time.Now,
			Observe: func(o httpclient.Outcome) { outcomes = append(outcomes, o) },
			Headers: func(context.Context) http.Header {
				return http.Header{
					"Traceparent": {"00-1-2-01"}, "Authorization": {"Bearer of-somebody-else"}, "authorization": {"Bearer of-another"},
					"content-type": {"text/plain"}, "Accept": {"text/html"},
				}
			},
		})
		if _, err := client.Introspection(t.Context(), &authlete.IntrospectionRequest{}); err != nil {
			t.Fatal(err)
		}
		if len(outcomes) != 1 || outcomes[0].Call != "auth/introspection" || outcomes[0].Err != nil || outcomes[0].Duration < 100*time.Millisecond {
			t.Errorf("outcomes = %+v", outcomes)
		}
		if got := s.header.Get("Traceparent"); got != "00-1-2-01" {
			t.Errorf("traceparent = %q", got)
		}
		want := http.Header{
			"Authorization": {"Basic NDI6c2U6Y3JldA=="}, "Content-Type": {"application/json"}, "Accept": {"application/json"}, "Traceparent": {"00-1-2-01"},
		}
		if diff := cmp.Diff(want, s.header); diff != "" {
			t.Errorf("header (-want +got):\n%s", diff)
		}
		if _, err := client.ClientGet(t.Context(), "app"); err != nil {
			t.Fatal(err)
		}
		delete(want, "Content-Type") // there is no content
		if diff := cmp.Diff(want, s.header); diff != "" {
			t.Errorf("header of a GET (-want +got):\n%s", diff)
		}
	})
}

// TestNewCredentialsOnce: credentials that change all the time do not keep a call going.
func TestNewCredentialsOnce(t *testing.T) {
	t.Parallel()
	s, asked := &script{answers: []answer{{status: 401}, {status: 401}, {status: 403}}}, 0
	client := httpclient.New(httpclient.Options{
		Credentials: func() *credentials.Credentials {
			as := version2()
			asked++
			as.APISecret = strconv.Itoa(asked)
			return as
		},
		HTTP: &http.Client{Transport: s}, Clock: time.Now,
	})
	refused, ok := errors.AsType[*authlete.Error](token(t.Context(), client))
	if !ok || refused.Status != http.StatusUnauthorized || len(s.requests) != 2 {
		t.Errorf("%d requests, error %v", len(s.requests), refused)
	}
}
