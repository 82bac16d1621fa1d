package keys

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// world is a store of keys of one algorithm, driven by plan alone.
type world struct {
	t    *testing.T
	now  time.Time
	keys []held
	// needed says until when each key verifies a token that it signed.
	needed map[string]time.Time
	made   int
}

// step lets one replica with a policy do what it plans.
func (w *world) step(policy Policy) {
	for _, s := range plan(w.keys, policy, w.now) {
		at := func(k held) bool { return k.KID == s.kid }
		switch s.verb {
		case stepCreate:
			w.made++
			w.keys = append(w.keys, held{history: s.history, Key: store.Key{
				KID: fmt.Sprint(w.made), Alg: string(s.alg), State: store.KeyPending, CreatedAt: w.now,
			}})
		case stepActivate:
			if i := slices.IndexFunc(w.keys, func(k held) bool { return k.State == store.KeyActive }); i >= 0 {
				w.keys[i].State, w.keys[i].RetiredAt = store.KeyRetiring, w.now
			}
			k := &w.keys[slices.IndexFunc(w.keys, at)]
			if w.now.Sub(k.CreatedAt) < policy.lead() {
				w.t.Fatalf("a key signs %s after it was published", w.now.Sub(k.CreatedAt))
			}
			k.State, k.ActivatedAt = store.KeyActive, w.now
		case stepDelete:
			if w.needed[s.kid].After(w.now) {
				w.t.Fatalf("the key %s is deleted while its tokens are valid", s.kid)
			}
			w.keys = slices.DeleteFunc(w.keys, at)
		}
	}
	pending := 0
	for _, k := range w.keys {
		if k.State == store.KeyPending {
			pending++
		}
		if k.State == store.KeyActive {
			w.needed[k.KID] = w.now.Add(policy.Retain)
		}
	}
	if pending > 1 {
		w.t.Fatalf("%d pending keys of one algorithm", pending)
	}
}

// TestHistories runs plan through random histories of rotations by age and by request, with a replica that keeps the request
// before: every token verifies for its whole life, one key at most is pending, and none signs before caches can have it.
func TestHistories(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		policy := Policy{Rotation: time.Duration(48+random.IntN(200)) * time.Hour, Publish: 24 * time.Hour, Retain: time.Hour}
		w := &world{t: t, now: planNow, needed: map[string]time.Time{}}
		w.keys = []held{{Key: store.Key{KID: "0", Alg: string(authlete.ES256), State: store.KeyActive, CreatedAt: planNow, ActivatedAt: planNow}}}
		late := policy
		for range 400 {
			w.now = w.now.Add(time.Duration(random.IntN(6*3600)) * time.Second)
			if random.IntN(20) == 0 {
				late = policy
				policy.Request = fmt.Sprint(seed, random.IntN(1000))
			}
			if random.IntN(2) == 0 {
				w.step(late)
			}
			w.step(policy)
		}
	}
}
