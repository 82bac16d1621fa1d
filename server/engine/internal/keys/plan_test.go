package keys

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

var planNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// ago returns a time before now.
func ago(d time.Duration) time.Time { return planNow.Add(-d) }

func activeKey(age time.Duration, past history) held {
	return held{history: past, Key: store.Key{
		KID: "active", Alg: "ES256", State: store.KeyActive, CreatedAt: ago(age), ActivatedAt: ago(age),
	}}
}

func pendingKey(kid string, age time.Duration, past history) held {
	return held{history: past, Key: store.Key{KID: kid, Alg: "ES256", State: store.KeyPending, CreatedAt: ago(age)}}
}

func retiringKey(since time.Duration) held {
	return held{Key: store.Key{
		KID: "retiring", Alg: "ES256", State: store.KeyRetiring,
		CreatedAt: ago(1000 * time.Hour), ActivatedAt: ago(900 * time.Hour), RetiredAt: ago(since),
	}}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	policy := Policy{Rotation: 90 * time.Hour, Publish: 24 * time.Hour, Request: "b", Retain: time.Hour}
	a := history{Count: 1, Requests: []string{"a"}}
	ab := a.with("b")
	create := func(past history) []step { return []step{{verb: stepCreate, alg: authlete.ES256, history: past}} }
	activate := func(kid string) []step { return []step{{verb: stepActivate, alg: authlete.ES256, kid: kid}} }
	remove := func(kid string) []step { return []step{{verb: stepDelete, alg: authlete.ES256, kid: kid}} }
	tests := map[string]struct {
		keys []held
		want []step
	}{
		"NoKeys":               {},
		"YoungKey":             {keys: []held{activeKey(time.Hour, ab)}},
		"JustBeforePublishing": {keys: []held{activeKey(66*time.Hour-time.Second, ab)}},
		"PublishesBeforeAge":   {keys: []held{activeKey(66*time.Hour, ab)}, want: create(ab)},
		"PublishesOnce":        {keys: []held{activeKey(70*time.Hour, ab), pendingKey("p", time.Hour, ab)}},
		"PublishedButNotOfAge": {keys: []held{activeKey(89*time.Hour, ab), pendingKey("p", 25*time.Hour, ab)}},
		"OfAgeButNotPublished": {keys: []held{activeKey(99*time.Hour, ab), pendingKey("p", 23*time.Hour, ab)}},
		"OfAgeAndPublished":    {keys: []held{activeKey(90*time.Hour, ab), pendingKey("p", 24*time.Hour, ab)}, want: activate("p")},
		"OldestOfTwoFirst": {
			keys: []held{activeKey(90*time.Hour, ab), pendingKey("p", 25*time.Hour, ab), pendingKey("q", 24*time.Hour, ab)},
			want: activate("p"),
		},
		"Requested":      {keys: []held{activeKey(time.Hour, a)}, want: create(ab)},
		"RequestedFirst": {keys: []held{activeKey(time.Hour, history{})}, want: create(history{Count: 1, Requests: []string{"b"}})},
		"RequestedBesidePending": {
			keys: []held{activeKey(time.Hour, a), pendingKey("p", time.Hour, a)}, want: append(create(ab), remove("p")...),
		},
		"RequestPending":   {keys: []held{activeKey(time.Hour, a), pendingKey("p", time.Hour, ab)}},
		"RequestPublished": {keys: []held{activeKey(time.Hour, a), pendingKey("p", 24*time.Hour, ab)}, want: activate("p")},
		"RequestBeforeAge": {
			keys: []held{activeKey(99*time.Hour, a), pendingKey("p", 30*time.Hour, a), pendingKey("q", 24*time.Hour, ab)},
			want: activate("q"),
		},
		"PendingBeforeRequest": {keys: []held{activeKey(time.Hour, ab), pendingKey("p", 30*time.Hour, a)}, want: remove("p")},
		"AnsweredByRetiring":   {keys: []held{{Key: retiringKey(0).Key, history: ab}, activeKey(time.Hour, ab.with("c"))}},
		"RetiringStillNeeded":  {keys: []held{retiringKey(time.Hour), activeKey(time.Hour, ab)}},
		"RetiringNotNeeded":    {keys: []held{retiringKey(time.Hour + retainSkew), activeKey(time.Hour, ab)}, want: remove("retiring")},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := plan(tc.keys, policy, planNow)
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(step{})); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOnePendingKey: requests that follow each other leave one pending key per algorithm, which answers the last.
func TestOnePendingKey(t *testing.T) {
	t.Parallel()
	c := newCluster()
	policy := Policy{Request: "0", Publish: 24 * time.Hour}
	ring := c.replica(t, "a", policy)
	signedBy(t, ring, ring, authlete.ES256)
	ring.Wait()
	for request := range 10 {
		policy.Request = fmt.Sprint(request)
		ring.deps.Policy = func() Policy { return policy }
		maintain(t, ring, ring)
		c.advance(time.Minute)
	}
	if got := len(jwks(t, ring).Keys); got != 2 {
		t.Errorf("%d keys published, want the active and one pending", got)
	}
	first := signedBy(t, ring, ring, authlete.ES256)
	c.advance(25 * time.Hour)
	maintain(t, ring)
	if signedBy(t, ring, ring, authlete.ES256) == first {
		t.Error("the last request was not answered")
	}
}

// TestLeaseEndsWithTheWork: a replica that stops after a change does not keep others from the next one.
func TestLeaseEndsWithTheWork(t *testing.T) {
	t.Parallel()
	c := newCluster()
	old := c.replica(t, "old", Policy{})
	signedBy(t, old, old, authlete.ES256)
	one, other := c.replica(t, "one", Policy{Request: "1", Publish: time.Hour}), c.replica(t, "other", Policy{Request: "2", Publish: time.Hour})
	for _, ring := range []*Ring{old, one, other} {
		ring.Wait()
	}
	maintain(t, one, other)
	records, err := c.store.ListKeys(t.Context())
	if err != nil || len(records) != 2 {
		t.Fatalf("%d keys, %v", len(records), err)
	}
	if got := other.current.Load().held(); len(merged(got).Requests) != 2 {
		t.Errorf("the second replica waited for the lease of the first: %+v", merged(got))
	}
}

func TestPlanWithoutRotationKeepsKey(t *testing.T) {
	t.Parallel()
	keys := []held{activeKey(10000*time.Hour, history{}), pendingKey("p", 9000*time.Hour, history{})}
	if steps := plan(keys, Policy{}, planNow); len(steps) > 0 {
		t.Errorf("plan = %+v, want nothing", steps)
	}
}

// TestPlanForgetsOldRequests rotates more often than a key remembers: each
// request must still rotate exactly once.
func TestPlanForgetsOldRequests(t *testing.T) {
	t.Parallel()
	keys := []held{activeKey(time.Hour, history{})}
	for i := range 3 * maxRequests {
		policy := Policy{Request: fmt.Sprint("request-", i)}
		steps := plan(keys, policy, planNow)
		if len(steps) != 1 || steps[0].verb != stepCreate || steps[0].history.Count != i+1 {
			t.Fatalf("request %d: plan = %+v, want one new key", i, steps)
		}
		made := pendingKey("p", time.Hour, steps[0].history)
		keys = append(keys, made)
		steps = plan(keys, policy, planNow)
		if len(steps) != 1 || steps[0].verb != stepActivate {
			t.Fatalf("request %d: plan = %+v, want the activation of the new key", i, steps)
		}
		keys = []held{activeKey(time.Hour, made.history)}
		if steps = plan(keys, policy, planNow); len(steps) > 0 {
			t.Fatalf("request %d: plan = %+v, want nothing after the rotation", i, steps)
		}
	}
}
