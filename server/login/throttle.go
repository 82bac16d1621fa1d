package login

import (
	"crypto/sha256"
	"sync"
	"time"
)

// maxTracked bounds the memory of failures. When it is full, half is forgotten.
const maxTracked = 20_000

// forgetAfter is how long a failure counts at least.
const forgetAfter = 15 * time.Minute

// throttle remembers failures per key and says how long the next attempt must wait.
type throttle struct {
	free                  int
	maxDelay, forgetAfter time.Duration
	clock                 func() time.Time

	mu       sync.Mutex
	failures map[digest]failure
}

// digest stands for a key, however long that is.
type digest [16]byte

func digestOf(key string) digest {
	sum := sha256.Sum256([]byte(key))
	return digest(sum[:16])
}

type failure struct {
	count int
	last  time.Time
}

func newThrottle(free int, maxDelay time.Duration, clock func() time.Time) *throttle {
	return &throttle{
		free: free, maxDelay: maxDelay, forgetAfter: max(forgetAfter, 2*maxDelay), clock: clock, failures: map[digest]failure{},
	}
}

// wait returns how long the key must wait, 0 if it may try.
func (t *throttle) wait(key digest) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	f, ok := t.failures[key]
	if !ok {
		return 0
	}
	return max(0, t.delay(f.count)-t.clock().Sub(f.last))
}

// delay is how long to wait after the count-th failure: nothing for the free attempts, then 1 s, 2 s, 4 s ...
func (t *throttle) delay(count int) time.Duration {
	if count < t.free {
		return 0
	}
	return min(time.Second<<min(count-t.free, 30), t.maxDelay)
}

// fail counts a failure.
func (t *throttle) fail(key digest) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock()
	f, known := t.failures[key]
	if now.Sub(f.last) > t.forgetAfter {
		f.count = 0
	}
	if !known && len(t.failures) >= maxTracked {
		t.forget(now)
	}
	t.failures[key] = failure{count: f.count + 1, last: now}
}

// forget makes room: what no longer counts goes first, then whatever comes until half is left. Go walks maps in random
// order, so that nobody chooses what is forgotten.
func (t *throttle) forget(now time.Time) {
	for key, f := range t.failures {
		if now.Sub(f.last) > t.forgetAfter {
			delete(t.failures, key)
		}
	}
	for key := range t.failures {
		if len(t.failures) < maxTracked/2 {
			return
		}
		delete(t.failures, key)
	}
}

// succeed forgets the key's failures.
func (t *throttle) succeed(key digest) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.failures, key)
}
