package keys

import (
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
)

// TestImmediately: a request that must not wait has the new key sign as soon as every replica knows it, and takes the old
// one out of the JWK Set. Rotations that follow are ordinary again.
func TestImmediately(t *testing.T) {
	t.Parallel()
	c := newCluster()
	policy := Policy{Rotation: 1000 * time.Hour, Publish: 24 * time.Hour, Retain: time.Hour}
	worker, late := c.replica(t, "a", policy), c.replica(t, "b", policy)
	first := signedBy(t, worker, late, authlete.ES256)
	for _, ring := range []*Ring{worker, late} {
		ring.Wait()
	}
	// An ordinary request is under way when the key is found to be stolen.
	policy.Request = "ordinary"
	worker.deps.Policy = func() Policy { return policy }
	maintain(t, worker, late)
	policy.Request = "Immediately 2026-03-01"
	maintain(t, worker)
	for range 2 { // the late replica still has the value before
		c.advance(ReloadInterval - time.Millisecond)
		maintain(t, late, worker)
		if got := signedBy(t, worker, late, authlete.ES256); got != first {
			t.Fatal("a key signs before every replica had two reloads to know it")
		}
	}
	c.advance(2 * time.Millisecond)
	maintain(t, worker, late, worker, late)
	second := signedBy(t, worker, late, authlete.ES256)
	if second == first {
		t.Fatal("the key was not replaced at once")
	}
	for _, ring := range []*Ring{worker, late} {
		if set := jwks(t, ring); len(set.Keys) != 1 || set.Keys[0].KeyID != second {
			t.Errorf("published %+v, want the new key only", set.Keys)
		}
	}
	c.advance(time.Hour)
	policy.Request = "ordinary again"
	maintain(t, worker)
	c.advance(time.Hour)
	maintain(t, worker)
	if got := signedBy(t, worker, worker, authlete.ES256); got != second {
		t.Error("an ordinary rotation does not wait any more")
	}
	c.advance(24 * time.Hour)
	maintain(t, worker, worker)
	if got := len(jwks(t, worker).Keys); got != 2 {
		t.Errorf("%d keys after an ordinary rotation, want the new one and the retiring one", got)
	}
}
