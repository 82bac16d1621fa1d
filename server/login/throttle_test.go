package login

import (
	"strconv"
	"testing"
	"time"
)

// TestMemoryIsBounded: an attacker who tries ever new names does not fill the memory.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	limit := newThrottle(3, time.Minute, func() time.Time { return now })
	for i := range 3 * maxTracked {
		limit.fail(digestOf(strconv.Itoa(i)))
	}
	if len(limit.failures) > maxTracked {
		t.Errorf("%d failures are remembered", len(limit.failures))
	}
	now = now.Add(forgetAfter + time.Second)
	for i := range maxTracked {
		limit.fail(digestOf("fresh" + strconv.Itoa(i)))
	}
	if wait := limit.wait(digestOf("fresh0")); wait != 0 {
		t.Errorf("one failure means waiting %s", wait)
	}
}

// TestFailuresAreForgotten: old failures count no more, but a long delay is served in full.
func TestFailuresAreForgotten(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	limit := newThrottle(1, time.Hour, func() time.Time { return now })
	key := digestOf("alice")
	for range 14 {
		limit.fail(key)
	}
	if wait := limit.wait(key); wait != time.Hour {
		t.Errorf("wait %s, want the longest delay", wait)
	}
	now = now.Add(time.Hour + time.Second)
	limit.fail(key)
	if wait := limit.wait(key); wait != time.Hour {
		t.Errorf("wait %s after one more failure: the count was forgotten too early", wait)
	}
	now = now.Add(2*time.Hour + time.Second)
	limit.fail(key)
	if wait := limit.wait(key); wait != time.Second {
		t.Errorf("wait %s, want to start anew", wait)
	}
}

// TestNetwork: whoever has an IPv6 network cannot change the address to escape the delay.
func TestNetwork(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"2001:db8:1:2::abcd": "2001:db8:1:2::/64",
		"2001:db8:1:3::abcd": "2001:db8:1:3::/64",
		"fe80::1%eth0":       "fe80::/64",
		"192.0.2.1":          "192.0.2.1",
		"::ffff:192.0.2.1":   "::ffff:192.0.2.1",
		"not an address":     "not an address",
	} {
		if got := network(address); got != want {
			t.Errorf("network(%q) = %q, want %q", address, got, want)
		}
	}
}
