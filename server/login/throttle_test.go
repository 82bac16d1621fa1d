package login

import (
	"strconv"
	"testing"
	"time"
)

// site is a server's throttle with its defaults, and counts of what happened.
type site struct {
	*played

	throttle *throttle
}

func newSite() *site {
	clock := newPlayed()
	return &site{clock, newThrottle(Options{FreeAttempts: 3, MaxDelay: 5 * time.Minute, Clock: clock.clock})}
}

// try makes an attempt and says whether the password was looked at. Every account has the subject of its name.
func (s *site) try(attempt Attempt, right bool) bool {
	where := s.throttle.keysOf(attempt, attempt.Username)
	if s.throttle.check(where) != nil {
		return false
	}
	if right {
		s.throttle.succeed(where)
	} else {
		s.throttle.fail(where)
	}
	return true
}

// guess lets an attacker try as often as possible for a while, once a second; it returns how many passwords were looked at.
func (s *site) guess(duration time.Duration, attempt func(second int) Attempt) (looked int) {
	for second := range int(duration / time.Second) {
		if s.try(attempt(second), false) {
			looked++
		}
		s.turn(time.Second)
	}
	return looked
}

// TestStrangerLocksNobodyOut: somebody who types wrong passwords for alice from elsewhere does not delay her, however long
// that goes on.
func TestStrangerLocksNobodyOut(t *testing.T) {
	t.Parallel()
	s := newSite()
	for range 24 {
		s.guess(time.Hour, func(int) Attempt { return Attempt{Username: "alice", Address: "198.51.100.66"} })
		if !s.try(Attempt{Username: "alice", Address: "203.0.113.5"}, true) {
			t.Fatal("the right password of the account's owner, from another address, was delayed")
		}
	}
}

// TestOwnersBrowserIsExempt: behind one address with the attacker, alice logs in with a browser that she used before; the
// browser still has a limit of its own, so that a stolen cookie does not allow guessing.
func TestOwnersBrowserIsExempt(t *testing.T) {
	t.Parallel()
	s := newSite()
	owner := Attempt{Username: "Alice ", Address: "10.0.0.1", Browser: Browser{ID: "b1", Subjects: []string{"bob", "Alice "}}}
	for _, addresses := range []int{1, 5000} {
		s.guess(2*time.Hour, func(second int) Attempt {
			return Attempt{Username: "alice", Address: "10.0.0." + strconv.Itoa(second%addresses)}
		})
		if !s.try(owner, true) {
			t.Errorf("%d addresses: the owner's browser was delayed", addresses)
		}
	}
	thief := owner
	if looked := s.guess(24*time.Hour, func(int) Attempt { return thief }); looked > 350 {
		t.Errorf("a stolen cookie allows %d guesses a day", looked)
	}
	other := owner
	other.Username = "carol"
	s.guess(time.Minute, func(int) Attempt { return Attempt{Username: "carol", Address: "10.0.0.1"} })
	if s.try(other, true) {
		t.Error("the browser is exempt for an account that never logged in there")
	}
}

// TestMistakesOfOthersDelayNobody: 60 people behind one address log in within two hours, and somebody mistypes every two
// minutes or even every thirty seconds, with or without success afterwards.
func TestMistakesOfOthersDelayNobody(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		every    time.Duration
		corrects bool
	}{
		"a typo each two minutes, given up":   {2 * time.Minute, false},
		"a typo each 30 s, corrected":         {30 * time.Second, true},
		"a typo each 10 s, corrected at once": {10 * time.Second, true},
	} {
		s := newSite()
		delayed, began, logins := 0, s.now, 0
		for i := 0; s.since(began) < 2*time.Hour; i++ {
			typist := Attempt{Username: "typist" + strconv.Itoa(i), Address: "10.0.0.1"}
			s.try(typist, false)
			if test.corrects {
				s.try(typist, true)
			}
			if due := int(s.since(began) / (2 * time.Minute)); due > logins {
				logins = due
				if !s.try(Attempt{Username: "person" + strconv.Itoa(logins), Address: "10.0.0.1"}, true) {
					delayed++
				}
			}
			s.turn(test.every)
		}
		if delayed > 0 {
			t.Errorf("%s: %d of %d logins with the right password were delayed", name, delayed, logins)
		}
	}
}

// TestAddressDelayIsShort: whatever happens at an address, somebody else there waits 30 s at most.
func TestAddressDelayIsShort(t *testing.T) {
	t.Parallel()
	s := newSite()
	s.guess(time.Hour, func(second int) Attempt { return Attempt{Username: "u" + strconv.Itoa(second), Address: "10.0.0.1"} })
	s.turn(30 * time.Second)
	if !s.try(Attempt{Username: "alice", Address: "10.0.0.1"}, true) {
		t.Error("somebody waits more than 30 s for what others did")
	}
}

// TestSharedAddressDelayIsShort: where an address may stand for many people, an attacker there does not lock alice out for
// longer than 30 s either, even if her browser is new.
func TestSharedAddressDelayIsShort(t *testing.T) {
	t.Parallel()
	s := newSite()
	attacker := Attempt{Username: "alice", Address: "10.0.0.1", Shared: true}
	s.guess(time.Hour, func(int) Attempt { return attacker })
	s.turn(30 * time.Second)
	if !s.try(attacker, true) {
		t.Error("the owner waits more than 30 s for what a stranger did")
	}
}

// TestGuessesAreBounded: how many passwords an attacker can try in a day.
func TestGuessesAreBounded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		attempt func(second int) Attempt
		limit   int
	}{
		"one account, one address": {func(int) Attempt { return Attempt{Username: "alice", Address: "192.0.2.1"} }, 350},
		"one account, one IPv6 network": {func(second int) Attempt {
			return Attempt{Username: "alice", Address: "2001:db8::" + strconv.FormatInt(int64(second%60000), 16)}
		}, 350},
		"one account, any address": {func(second int) Attempt {
			return Attempt{Username: "alice", Address: strconv.Itoa(second) + ".example"}
		}, 3100},
		"one account, address unknown":   {func(int) Attempt { return Attempt{Username: "alice"} }, 3100},
		"one account, behind a proxy":    {func(int) Attempt { return Attempt{Username: "alice", Address: "10.0.0.1", Shared: true} }, 3100},
		"ever new accounts, one address": {func(second int) Attempt { return Attempt{Username: strconv.Itoa(second), Address: "192.0.2.1"} }, 3100},
	} {
		if looked := newSite().guess(24*time.Hour, test.attempt); looked > test.limit {
			t.Errorf("%s: %d guesses a day, want at most %d", name, looked, test.limit)
		}
	}
}

// TestOwnAccountBuysNoGuesses: an attacker who logs in to an own account in between gets no more guesses at others.
func TestOwnAccountBuysNoGuesses(t *testing.T) {
	t.Parallel()
	s := newSite()
	looked := s.guess(24*time.Hour, func(second int) Attempt {
		s.try(Attempt{Username: "mallory", Address: "192.0.2.1"}, true)
		return Attempt{Username: "victim" + strconv.Itoa(second), Address: "192.0.2.1"}
	})
	if looked > 3100 {
		t.Errorf("%d guesses a day", looked)
	}
}
