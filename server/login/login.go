package login

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/password"
)

// ErrWrong means that username and password do not belong together. It does not say which of them is at fault.
var ErrWrong = errors.New("wrong username or password")

// ThrottledError means that the account or the address has to wait.
type ThrottledError struct {
	// Wait is how long.
	Wait time.Duration
}

// Error says how long to wait.
func (e *ThrottledError) Error() string {
	return fmt.Sprintf("too many attempts, wait %s", e.Wait.Round(time.Second))
}

// Seconds is how long to wait, in whole seconds.
func (e *ThrottledError) Seconds() int { return int((e.Wait + time.Second - 1) / time.Second) }

// Users finds a user by login name.
type Users interface {
	ByUsername(username string) *configv1alpha1.User
	// Decoy returns a hash to verify where nobody has the username; "" if there is none.
	Decoy(username string) string
}

// Options configure a Checker.
type Options struct {
	Users Users
	// FreeAttempts is how many failures have no delay; MaxDelay bounds the delay.
	FreeAttempts int
	MaxDelay     time.Duration
	Clock        func() time.Time
	// Observe is told the result of every attempt: success, wrong, throttled or error.
	Observe func(result string)
}

// Checker checks passwords.
type Checker struct {
	opts                Options
	accounts, addresses *throttle
	slots               chan struct{}
}

// dummy is verified when there is no such user, and no other one to take a hash from, so that the answer takes as long. It is the hash of a random password
// that nobody knows, and matching it opens nothing.
const dummy = "$argon2id$v=19$m=19456,t=2,p=1$8CFcE/koG3jvPCr8NO3yIA$B1zBgwdin1EfGnT5XEKQv5kz1A2y31EBeh3ELNbQJi4"

// addressFactor is how many times more failures an address may have than an account: many people may share one.
const addressFactor = 10

// New returns a Checker.
func New(opts Options) *Checker {
	return &Checker{
		opts:      opts,
		accounts:  newThrottle(opts.FreeAttempts, opts.MaxDelay, opts.Clock),
		addresses: newThrottle(opts.FreeAttempts*addressFactor, opts.MaxDelay, opts.Clock),
		slots:     make(chan struct{}, max(2, runtime.GOMAXPROCS(0))),
	}
}

// Attempt is one try to log in.
type Attempt struct {
	Username string
	Password string
	// Address is where the attempt comes from; "" if that is not known.
	Address string
}

// Check returns the user, or ErrWrong, a *ThrottledError, or an error of the context. One that is also
// password.ErrFormat says that the account's hash cannot be used.
func (c *Checker) Check(ctx context.Context, attempt Attempt) (*configv1alpha1.User, error) {
	user, err := c.check(ctx, attempt)
	c.opts.Observe(result(err))
	return user, err
}

func (c *Checker) check(ctx context.Context, attempt Attempt) (*configv1alpha1.User, error) {
	account, address := digestOf(fold(attempt.Username)), digestOf(network(attempt.Address))
	if err := c.throttled(account, address); err != nil {
		return nil, err // at once, without a place in the queue
	}
	select {
	case c.slots <- struct{}{}: // a hash takes some 20 MiB and 20 ms
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for a turn to check a password: %w", ctx.Err())
	}
	// Again: those who waited in the queue at the same time may have failed by now.
	if err := c.throttled(account, address); err != nil {
		return nil, err
	}
	user, err := c.verify(attempt)
	switch {
	case errors.Is(err, ErrWrong):
		c.accounts.fail(account)
		if attempt.Address != "" {
			c.addresses.fail(address)
		}
	case err == nil:
		c.accounts.succeed(account)
	}
	return user, err
}

func (c *Checker) throttled(account, address digest) error {
	if wait := max(c.accounts.wait(account), c.addresses.wait(address)); wait > 0 {
		return &ThrottledError{Wait: wait}
	}
	return nil
}

// verify does the same work whether the user exists or not.
func (c *Checker) verify(attempt Attempt) (*configv1alpha1.User, error) {
	user := c.opts.Users.ByUsername(attempt.Username)
	hash := cmp.Or(c.opts.Users.Decoy(attempt.Username), dummy)
	if user != nil && user.PasswordHash != "" {
		hash = user.PasswordHash
	}
	matches, err := password.Verify(hash, attempt.Password)
	if err != nil {
		// A hash that cannot be used must not tell that its account exists.
		_, _ = password.Verify(dummy, attempt.Password) // for the time that it takes
		return nil, fmt.Errorf("%w: verifying against the stored hash: %w", ErrWrong, err)
	}
	if !matches || user == nil || user.PasswordHash == "" {
		return nil, ErrWrong
	}
	return user, nil
}

// fold makes login names comparable, as users does.
func fold(username string) string { return strings.ToLower(strings.TrimSpace(username)) }

// network is whom an address belongs to: of IPv6, everybody has a whole /64 to send from.
func network(address string) string {
	parsed, err := netip.ParseAddr(address)
	if err != nil || parsed.Is4() || parsed.Is4In6() {
		return address
	}
	return netip.PrefixFrom(parsed.WithZone(""), 64).Masked().String()
}

func result(err error) string {
	var throttled *ThrottledError
	switch {
	case err == nil:
		return "success"
	case errors.Is(err, ErrWrong):
		return "wrong"
	case errors.As(err, &throttled):
		return "throttled"
	default:
		return "error"
	}
}
