package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/store/memory"
)

// rotating returns an engine whose keys change as the options say, and which does its background work until the test ends.
func rotating(t *testing.T, st store.Store, change func(*Options)) *Engine {
	t.Helper()
	opts := Options{
		KEK: bytes.Repeat([]byte{7}, 32), SigningAlgorithm: "ES256", Clock: time.Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
		Publish: 30 * time.Minute, Service: authlete.Service{Issuer: "https://as.example.com", IDTokenDuration: 7200},
	}
	change(&opts)
	e, err := newEngine(t.Context(), opts, st)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go e.Run(ctx)
	t.Cleanup(cancel)
	return e
}

// signer returns the identifier of the key that signs with ES256.
func signer(t *testing.T, e *Engine) string {
	t.Helper()
	text, err := e.ring.Sign(t.Context(), authlete.ES256, []byte("{}"), "JWT")
	if err != nil {
		t.Fatal(err)
	}
	signed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	return signed.Signatures[0].Header.KeyID
}

// published returns the identifiers of the published keys.
func published(t *testing.T, e *Engine) []string {
	t.Helper()
	response, err := e.ServiceJWKS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(response), &set); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, key := range set.Keys {
		ids = append(ids, key.KeyID)
	}
	return ids
}

// TestKeysChangeAsTheOptionsSay: a request, or an age, makes a new key; it signs when it has been published as long as the
// options say, and the old one stays as long as its ID tokens live.
func TestKeysChangeAsTheOptionsSay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*Options)
		// created is after how long the new key is there.
		created time.Duration
	}{
		"on request": {func(o *Options) { o.RotationRequest = "request-1" }, 10 * time.Second},
		"by age":     {func(o *Options) { o.Rotation = 3 * time.Hour }, 3*time.Hour - 30*time.Minute + 10*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				st := memory.New()
				replica(t, st).ring.Wait() // a key that is older than the request
				e := rotating(t, st, test.change)
				old, count := signer(t, e), len(published(t, e))
				time.Sleep(test.created)
				synctest.Wait()
				if got := len(published(t, e)); got <= count || signer(t, e) != old {
					t.Errorf("a new key: %d published, %d before; it signs: %v", got, count, signer(t, e) != old)
				}
				time.Sleep(29 * time.Minute)
				synctest.Wait()
				if signer(t, e) != old {
					t.Error("the new key signs before it was published long enough")
				}
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				if signer(t, e) == old {
					t.Error("the new key does not sign")
				}
				time.Sleep(2 * time.Hour)
				synctest.Wait()
				if !slices.Contains(published(t, e), old) {
					t.Error("the old key is gone while its ID tokens live")
				}
			})
		})
	}
}

// TestRunSweeps: what has expired is gone after the interval of sweeping.
func TestRunSweeps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := memory.New()
		rotating(t, st, func(*Options) {}).ring.Wait()
		if _, err := st.RememberID(t.Context(), store.HashOf("x"), time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(sweepInterval + time.Second)
		synctest.Wait()
		if left, err := st.Sweep(t.Context(), time.Now(), 10); err != nil || left != 0 {
			t.Errorf("%d records were left, %v", left, err)
		}
	})
}
