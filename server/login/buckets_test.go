package login

import (
	"strconv"
	"testing"
	"time"
)

// played is a clock that tests turn.
type played struct{ now time.Time }

func newPlayed() *played { return &played{now: time.Unix(1_800_000_000, 0)} }

func (p *played) clock() time.Time                { return p.now }
func (p *played) turn(d time.Duration)            { p.now = p.now.Add(d) }
func (p *played) since(t time.Time) time.Duration { return p.now.Sub(t) }

// TestMemoryIsBounded: an attacker who tries ever new names does not fill the memory.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	clock := newPlayed()
	limit := newLimiter(policy{free: 3, leak: time.Minute, maxDelay: time.Minute}, clock.clock)
	for i := range 3 * maxTracked {
		limit.fail(digestOf(strconv.Itoa(i)))
	}
	if len(limit.buckets) > maxTracked {
		t.Errorf("%d keys are remembered", len(limit.buckets))
	}
	clock.turn(time.Hour)
	for i := range maxTracked {
		limit.fail(digestOf("fresh" + strconv.Itoa(i)))
	}
	if wait := limit.wait(digestOf("fresh0"), time.Hour); wait != 0 {
		t.Errorf("one failure means waiting %s", wait)
	}
}

// TestBucketsLeak: a count decays while failures go on, and a long delay is served in full.
func TestBucketsLeak(t *testing.T) {
	t.Parallel()
	clock := newPlayed()
	limit := newLimiter(policy{free: 3, leak: time.Minute, maxDelay: time.Hour}, clock.clock)
	key := digestOf("alice")
	for range 100 {
		limit.fail(key)
		clock.turn(time.Minute)
	}
	if wait := limit.wait(key, time.Hour); wait != 0 {
		t.Errorf("a failure a minute means waiting %s", wait)
	}
	for range 40 {
		limit.fail(key)
	}
	if wait := limit.wait(key, time.Hour); wait != time.Hour {
		t.Errorf("40 failures at once mean waiting %s, want the longest delay", wait)
	}
	if wait := limit.wait(key, time.Second); wait != time.Second {
		t.Errorf("wait %s, want no more than the caller allows", wait)
	}
	clock.turn(time.Hour)
	if wait := limit.wait(key, time.Hour); wait != 0 {
		t.Errorf("wait %s after the delay", wait)
	}
	limit.fail(key)
	if count := limit.reset(key); count != 1 {
		t.Errorf("%d failures count after all were forgotten, and one more", count)
	}
}

// TestLower: forgetting more failures than there are leaves none.
func TestLower(t *testing.T) {
	t.Parallel()
	clock := newPlayed()
	limit := newLimiter(policy{free: 1, leak: time.Minute, maxDelay: time.Hour}, clock.clock)
	for range 4 {
		limit.fail(digestOf("a"))
	}
	limit.lower(digestOf("a"), 3)
	if count := limit.reset(digestOf("a")); count != 1 {
		t.Errorf("%d failures are left, want 1", count)
	}
	limit.fail(digestOf("a"))
	limit.lower(digestOf("a"), 5)
	limit.lower(digestOf("nobody"), 5)
	if count := limit.reset(digestOf("a")); count != 0 || len(limit.buckets) != 0 {
		t.Errorf("%d failures are left in %d buckets", count, len(limit.buckets))
	}
}

// TestNetwork: who has an IPv6 network cannot change the address to escape the delay, and one address has one spelling.
func TestNetwork(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"2001:db8:1:2::abcd": "2001:db8:1:2::/64",
		"2001:db8:1:3::abcd": "2001:db8:1:3::/64",
		"fe80::1%eth0":       "fe80::/64",
		"192.0.2.1":          "192.0.2.1",
		"::ffff:192.0.2.1":   "192.0.2.1",
		"not an address":     "not an address",
	} {
		if got := network(address); got != want {
			t.Errorf("network(%q) = %q, want %q", address, got, want)
		}
	}
}

// TestDigestsDiffer: parts of a key cannot be shifted into each other.
func TestDigestsDiffer(t *testing.T) {
	t.Parallel()
	if digestOf("pair", "alice", "192.0.2.1") == digestOf("pair", "alice192.0.2.1", "") || digestOf("ab") == digestOf("a", "b") {
		t.Error("two keys have one digest")
	}
}
