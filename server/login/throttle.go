package login

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

const (
	// addressFactor and accountFactor are how many times more failures an address, and an account over all addresses, may
	// have than an account at one address: many people may share an address, and strangers must not fill an account's count.
	addressFactor = 10
	accountFactor = 30
	// softLeak and softDelay are of counts to which several people contribute. An attacker who keeps such a count full has
	// 2,880 guesses a day; a person who meets it waits at most 30 s.
	softLeak  = 30 * time.Second
	softDelay = 30 * time.Second
	// minLeak bounds the leak of the count that belongs to one person alone.
	minLeak = time.Minute
)

// Browser is a browser in which somebody logged in before.
type Browser struct {
	// ID is random and stays with the browser; "" if nobody has logged in there.
	ID string
	// Subjects are who logged in there.
	Subjects []string
}

// throttle decides how long an attempt must wait.
//
// Failures count for the account at the network that the attempt comes from, and more softly for the account and for the
// network alone. A browser in which the account's owner logged in before has a count of its own, so that strangers cannot
// lock the owner out.
type throttle struct {
	pairs, accounts, addresses *limiter
}

func newThrottle(opts Options) *throttle {
	free := max(opts.FreeAttempts, 1)
	soft := min(softDelay, opts.MaxDelay)
	return &throttle{
		pairs:     newLimiter(policy{free: opts.FreeAttempts, leak: max(minLeak, opts.MaxDelay), maxDelay: opts.MaxDelay}, opts.Clock),
		accounts:  newLimiter(policy{free: free * accountFactor, leak: softLeak, maxDelay: soft}, opts.Clock),
		addresses: newLimiter(policy{free: free * addressFactor, leak: softLeak, maxDelay: soft}, opts.Clock),
	}
}

// keys are the counts that an attempt belongs to. A field is nil where the attempt does not count there.
type keys struct {
	pair, account, address *digest
	// pairDelay bounds the delay of the pair.
	pairDelay time.Duration
}

// keysOf says where an attempt counts. subject is that of the account, "" if there is no such account.
func (t *throttle) keysOf(attempt Attempt, subject string) keys {
	name := fold(attempt.Username)
	if subject != "" && attempt.Browser.ID != "" && slices.Contains(attempt.Browser.Subjects, subject) {
		return keys{pair: new(digestOf("browser", name, attempt.Browser.ID)), pairDelay: t.pairs.policy.maxDelay}
	}
	where := keys{account: new(digestOf("account", name))}
	if attempt.Address == "" {
		return where
	}
	where.address = new(digestOf("network", network(attempt.Address)))
	where.pair, where.pairDelay = new(digestOf("pair", name, network(attempt.Address))), t.pairs.policy.maxDelay
	if attempt.Shared {
		where.pairDelay = min(where.pairDelay, softDelay)
	}
	return where
}

// check returns a *ThrottledError if the attempt must wait.
func (t *throttle) check(where keys) error {
	var wait time.Duration
	if where.pair != nil {
		wait = t.pairs.wait(*where.pair, where.pairDelay)
	}
	if where.account != nil {
		wait = max(wait, t.accounts.wait(*where.account, softDelay))
	}
	if where.address != nil {
		wait = max(wait, t.addresses.wait(*where.address, softDelay))
	}
	if wait > 0 {
		return &ThrottledError{Wait: wait}
	}
	return nil
}

// fail counts a wrong password.
func (t *throttle) fail(where keys) {
	if where.pair != nil {
		t.pairs.fail(*where.pair)
	}
	if where.account != nil {
		t.accounts.fail(*where.account)
	}
	if where.address != nil {
		t.addresses.fail(*where.address)
	}
}

// succeed forgets what this person mistyped before, wherever it was counted. Failures for other accounts stay, so that an
// attacker gains nothing by logging in to an account of the attacker's own.
func (t *throttle) succeed(where keys) {
	if where.pair == nil {
		return
	}
	mistyped := t.pairs.reset(*where.pair)
	if where.account != nil {
		t.accounts.lower(*where.account, mistyped)
	}
	if where.address != nil {
		t.addresses.lower(*where.address, mistyped)
	}
}

// fold makes login names comparable, as users does.
func fold(username string) string { return strings.ToLower(strings.TrimSpace(username)) }

// network is the part of an address that one party controls: an IPv6 caller has a whole /64 to send from.
func network(address string) string {
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if parsed = parsed.Unmap().WithZone(""); parsed.Is4() {
		return parsed.String()
	}
	return netip.PrefixFrom(parsed, 64).Masked().String()
}
