package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/store/memory"
)

// replica returns an engine on the store, with the bubble's clock.
func replica(t *testing.T, st store.Store) *Engine {
	t.Helper()
	e, err := newEngine(t.Context(), Options{
		KEK: bytes.Repeat([]byte{7}, 32), SigningAlgorithm: "ES256", Clock: time.Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
		Service: authlete.Service{
			Issuer:                 "https://as.example.com",
			SupportedGrantTypes:    []authlete.GrantType{authlete.GrantClientCredentials, authlete.GrantAuthorizationCode},
			SupportedResponseTypes: []authlete.ResponseType{authlete.ResponseCode},
			AccessTokenDuration:    60, IDTokenDuration: 60, AuthorizationCodeDuration: 60,
		},
	}, st)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestRunFollowsOtherReplicas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := memory.New()
		one, two := replica(t, st), replica(t, st)
		ctx, cancel := context.WithCancel(t.Context())
		go two.Run(ctx)
		service, err := one.ServiceGet(ctx)
		if err != nil {
			t.Fatal(err)
		}
		service.ServiceName = "changed"
		if _, err := one.ServiceUpdate(ctx, service); err != nil {
			t.Fatal(err)
		}
		time.Sleep(settingsInterval + time.Millisecond)
		if got := two.registry.Service().ServiceName; got != "changed" {
			t.Errorf("name = %q", got)
		}
		cancel()
		synctest.Wait() // Run has returned, or the bubble reports a deadlock
	})
}

func TestSweepTakesTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := memory.New()
		one, two := replica(t, st), replica(t, st)
		client, err := one.ClientCreate(t.Context(), &authlete.Client{
			ClientIDAlias: "machine", GrantTypes: []authlete.GrantType{authlete.GrantClientCredentials},
		})
		if err != nil {
			t.Fatal(err)
		}
		issue := func() store.Hash {
			response, err := one.Token(t.Context(), &authlete.TokenRequest{
				Parameters: "grant_type=client_credentials", ClientID: "machine", ClientSecret: client.ClientSecret,
			})
			if err != nil || response.Action != authlete.TokenOK {
				t.Fatalf("%+v, %v", response, err)
			}
			return store.HashOf(response.AccessToken)
		}
		swept := func(hash store.Hash) bool {
			_, err := st.FindAccess(t.Context(), hash)
			return errors.Is(err, store.ErrNotFound)
		}
		sweep := func(e *Engine) {
			if err := e.sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		first := issue()
		sweep(one)
		if swept(first) {
			t.Fatal("a good token was swept")
		}
		time.Sleep(2 * time.Hour)
		sweep(one)
		if !swept(first) {
			t.Error("an expired token is still there")
		}
		second := issue()
		time.Sleep(sweepInterval)
		sweep(one) // renews its turn
		sweep(two)
		if swept(second) {
			t.Error("a good token was swept")
		}
		time.Sleep(2 * time.Hour) // the turn of the other is over
		sweep(two)
		if !swept(second) {
			t.Error("nobody took over")
		}
	})
}

// TestSweepLeavesCodesAlone: a grant lives at least as long as its code.
func TestSweepLeavesCodesAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := replica(t, memory.New())
		client, err := e.ClientCreate(t.Context(), &authlete.Client{
			ClientIDAlias: "app", RedirectURIs: []string{"https://app.example.com/callback"},
			GrantTypes: []authlete.GrantType{authlete.GrantAuthorizationCode}, ResponseTypes: []authlete.ResponseType{authlete.ResponseCode},
		})
		if err != nil {
			t.Fatal(err)
		}
		asked, err := e.Authorization(t.Context(), &authlete.AuthorizationRequest{Parameters: "response_type=code&client_id=app"})
		if err != nil {
			t.Fatal(err)
		}
		issued, err := e.AuthorizationIssue(t.Context(), &authlete.AuthorizationIssueRequest{Ticket: asked.Ticket, Subject: "1001"})
		if err != nil || issued.AuthorizationCode == "" {
			t.Fatalf("%+v, %v", issued, err)
		}
		time.Sleep(59 * time.Second)
		if err := e.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		response, err := e.Token(t.Context(), &authlete.TokenRequest{
			Parameters: "grant_type=authorization_code&code=" + issued.AuthorizationCode, ClientID: "app", ClientSecret: client.ClientSecret,
		})
		if err != nil || response.Action != authlete.TokenOK {
			t.Errorf("%+v, %v", response, err)
		}
	})
}

func TestSweepIsOneReplicasWork(t *testing.T) {
	t.Parallel()
	st := memory.New()
	e := replica(t, st)
	now := time.Now()
	taken, err := st.AcquireLease(t.Context(), store.Lease{Name: leaseSweep, Holder: "another", Now: now, Until: now.Add(time.Hour)})
	if err != nil || !taken {
		t.Fatal(taken, err)
	}
	if _, err := st.RememberID(t.Context(), store.HashOf("x"), now.Add(-24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := e.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if deleted, err := st.Sweep(t.Context(), now, 10); err != nil || deleted != 1 {
		t.Errorf("%d records were left, %v: the sweep did not respect the lease", deleted, err)
	}
}
