package clientauth_test

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/fixture"
)

// assertionBy returns the body of an assertion of the client "jwt" with a jti of its own.
func assertionBy(t *testing.T, f *fixture.Fixture, key signingKey, jti int) string {
	t.Helper()
	assertion := goodAssertion(f)
	assertion.key, assertion.claims["jti"] = key, strconv.Itoa(jti)
	return bodyOf(assertion.sign(t))
}

// TestForgedAssertionsDelayNobody: while the client's server is slow, a forged assertion waits for it; the client, whose
// keys are known, does not.
func TestForgedAssertionsDelayNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newClients(t)
		publish, _ := remote(t, f)
		publish(publicKeys(t, ecKey("k1")), nil)
		if _, err := f.Clients.Authenticate(t.Context(), credentials(t, assertionBy(t, f, ecKey("k1"), 1), "", "")); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(2 * time.Minute)
		release := make(chan struct{})
		fetched := f.Fetch
		f.Fetch = func(uri string) ([]byte, error) { <-release; return fetched(uri) }
		forged := make(chan error, 1)
		go func() {
			_, err := f.Clients.Authenticate(t.Context(), credentials(t, assertionBy(t, f, ecKey("stranger"), 2), "", ""))
			forged <- err
		}()
		synctest.Wait() // the forged one waits for the client's server
		good := make(chan error, 1)
		go func() {
			_, err := f.Clients.Authenticate(t.Context(), credentials(t, assertionBy(t, f, ecKey("k1"), 3), "", ""))
			good <- err
		}()
		synctest.Wait()
		select {
		case err := <-good:
			if err != nil {
				t.Errorf("the client: %v", err)
			}
		default:
			t.Error("the client waits for a request that a stranger caused")
		}
		close(release)
		if err := <-forged; err == nil {
			t.Error("a forged assertion is accepted")
		}
	})
}

// TestCallersWhoHangUpCountAsAttempts: 200 callers who hang up cause the one request that the interval allows.
func TestCallersWhoHangUpCountAsAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newClients(t)
		publish, requests := remote(t, f)
		publish(publicKeys(t, ecKey("k1")), nil)
		counted := f.Fetch
		f.Fetch = func(uri string) ([]byte, error) {
			doc, err := counted(uri)
			time.Sleep(3 * time.Second)
			return doc, err
		}
		for i := range 200 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			if _, err := f.Clients.Authenticate(ctx, credentials(t, assertionBy(t, f, ecKey("k1"), i), "", "")); err == nil && i == 0 {
				t.Error("nobody waited for the keys")
			}
			cancel()
		}
		if got := requests.Load(); got != 1 {
			t.Errorf("%d requests, want 1", got)
		}
		time.Sleep(5 * time.Second) // the request ends, whoever began it
		if _, err := f.Clients.Authenticate(t.Context(), credentials(t, assertionBy(t, f, ecKey("k1"), 201), "", "")); err != nil {
			t.Errorf("after the request: %v", err)
		}
	})
}
