package login

import (
	"crypto/sha256"
	"sync"
	"time"
)

// maxTracked bounds how many keys one limiter remembers. When it is full, half is forgotten.
const maxTracked = 20_000

// policy says how a limiter slows down the attempts that share a key.
type policy struct {
	// free is how many failures cause no delay.
	free int
	// leak is the interval in which one failure is forgotten.
	leak time.Duration
	// maxDelay bounds the delay.
	maxDelay time.Duration
}

// delay is how long to wait after a failure that made the count what it is: nothing for the free ones, then 1 s, 2 s, 4 s ...
func (p policy) delay(count int) time.Duration {
	if count < p.free {
		return 0
	}
	return min(time.Second<<min(count-p.free, 30), p.maxDelay)
}

// limiter counts failures per key in leaky buckets: a count falls by one in each leak interval, also while failures go on.
type limiter struct {
	policy policy
	clock  func() time.Time

	mu      sync.Mutex
	buckets map[digest]bucket
}

// digest stands for a key of any length.
type digest [16]byte

func digestOf(parts ...string) digest {
	hash := sha256.New()
	for _, part := range parts {
		size := len(part)
		hash.Write([]byte{byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)})
		hash.Write([]byte(part))
	}
	return digest(hash.Sum(nil)[:16])
}

// bucket holds one key's failures.
type bucket struct {
	// last is the time of the last failure; empty is when the last one is forgotten.
	last, empty time.Time
}

// count is how many failures are not forgotten at a time, rounded to the next whole number.
func (b bucket) count(at time.Time, leak time.Duration) int {
	return int((max(0, b.empty.Sub(at)) + leak/2) / leak)
}

func newLimiter(p policy, clock func() time.Time) *limiter {
	return &limiter{policy: p, clock: clock, buckets: map[digest]bucket{}}
}

// wait returns how long the key must wait, at most atMost; 0 if it may try.
func (l *limiter) wait(key digest, atMost time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[key]
	if !ok {
		return 0
	}
	delay := min(l.policy.delay(b.count(b.last, l.policy.leak)), atMost)
	return max(0, delay-l.clock().Sub(b.last))
}

// fail counts a failure.
func (l *limiter) fail(key digest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	b, known := l.buckets[key]
	if !known && len(l.buckets) >= maxTracked {
		l.forget(now)
	}
	if b.empty.Before(now) {
		b.empty = now
	}
	l.buckets[key] = bucket{last: now, empty: b.empty.Add(l.policy.leak)}
}

// reset forgets the key's failures and returns how many there were.
func (l *limiter) reset(key digest) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	count := l.buckets[key].count(l.clock(), l.policy.leak)
	delete(l.buckets, key)
	return count
}

// lower forgets some of the key's failures.
func (l *limiter) lower(key digest, failures int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[key]
	if !ok {
		return
	}
	b.empty = b.empty.Add(-time.Duration(failures) * l.policy.leak)
	if !b.empty.After(l.clock()) {
		delete(l.buckets, key)
		return
	}
	l.buckets[key] = b
}

// forget makes room: empty buckets go first, then others until half is left. Go walks maps in random order, so that no
// attacker chooses what is forgotten.
func (l *limiter) forget(now time.Time) {
	for key, b := range l.buckets {
		if b.empty.Before(now) && now.Sub(b.last) > l.policy.maxDelay {
			delete(l.buckets, key)
		}
	}
	for key := range l.buckets {
		if len(l.buckets) < maxTracked/2 {
			return
		}
		delete(l.buckets, key)
	}
}
