package keys

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// interleaved is a store on which others act in the middle of a replica's work.
type interleaved struct {
	Store
	// beforeLease runs when the replica asks for the lease, which it then gets.
	beforeLease func()
	// activation is the result of an activation.
	activation error
}

func (s *interleaved) AcquireLease(ctx context.Context, lease store.Lease) (bool, error) {
	if s.beforeLease == nil {
		return s.Store.AcquireLease(ctx, lease)
	}
	s.beforeLease()
	return true, nil
}

func (s *interleaved) ActivateKey(ctx context.Context, kid string, now time.Time) error {
	if s.activation != nil {
		return s.activation
	}
	return s.Store.ActivateKey(ctx, kid, now)
}

// TestPlanAndLeaseInterleave: another replica makes all due changes, and its lease ends, between a replica's plan and its
// lease: nothing is done twice.
func TestPlanAndLeaseInterleave(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]Policy{
		"creation by request": {Request: "1", Publish: time.Hour},
		"creation by age":     {Rotation: time.Hour, Publish: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCluster()
			old := c.replica(t, "old", Policy{})
			signedBy(t, old, old, authlete.ES256)
			one, other := c.replica(t, "one", policy), c.replica(t, "other", policy)
			for _, ring := range []*Ring{old, one, other} {
				ring.Wait()
			}
			before := len(jwks(t, one).Keys)
			one.deps.Store = &interleaved{Store: c.store, beforeLease: func() { maintain(t, other) }}
			maintain(t, one)
			if got := len(jwks(t, one).Keys); got != before+1 {
				t.Errorf("%d keys, before the change %d: it was made twice, or never", got, before)
			}
		})
	}
}

// TestLostActivationIsNoFailure: where another replica was faster, its change is the one that was wanted.
func TestLostActivationIsNoFailure(t *testing.T) {
	t.Parallel()
	for _, lost := range []error{store.ErrConflict, store.ErrNotFound} {
		c := newCluster()
		old := c.replica(t, "old", Policy{})
		signedBy(t, old, old, authlete.ES256)
		ring := c.replica(t, "new", Policy{Request: "1"})
		for _, started := range []*Ring{old, ring} {
			started.Wait()
		}
		maintain(t, ring)
		c.advance(time.Minute)
		ring.deps.Store = &interleaved{Store: c.store, activation: fmt.Errorf("activating: %w", lost)}
		if err := ring.Maintain(t.Context()); err != nil {
			t.Errorf("%v: Maintain: %v", lost, err)
		}
	}
}

// TestPublishedForTwoReloadsAtLeast: whatever the policy says, every replica knows a key before it signs.
func TestPublishedForTwoReloadsAtLeast(t *testing.T) {
	t.Parallel()
	policy := Policy{Request: "b"}
	past := history{Count: 1, Requests: []string{"a"}}
	for age, due := range map[time.Duration]bool{ReloadInterval: false, 2*ReloadInterval - time.Second: false, 2 * ReloadInterval: true} {
		steps := plan([]held{activeKey(time.Hour, past), pendingKey("p", age, past.with("b"))}, policy, planNow)
		if got := len(steps) == 1 && steps[0].verb == stepActivate; got != due {
			t.Errorf("a key of %s: %+v", age, steps)
		}
	}
}
