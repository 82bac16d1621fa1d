package login

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	// FreeAttempts is how many failures of an account at one address have no delay; MaxDelay bounds the delay.
	FreeAttempts int
	MaxDelay     time.Duration
	// HashMemory is how many bytes may be used for hashing at a time; 0 takes half of what the Go runtime may use.
	HashMemory int64
	Clock      func() time.Time
	// Observe is told the result of every attempt: success, wrong, throttled, busy or error.
	Observe func(result string)
}

// Checker checks passwords.
type Checker struct {
	opts     Options
	throttle *throttle
	slots    *slots
}

// dummy is verified where nobody has the username and no user's hash serves, so that the answer takes as long. It is the
// hash of a random password that was thrown away; matching it opens nothing.
const dummy = "$argon2id$v=19$m=19456,t=2,p=1$8CFcE/koG3jvPCr8NO3yIA$B1zBgwdin1EfGnT5XEKQv5kz1A2y31EBeh3ELNbQJi4"

// New returns a Checker.
func New(opts Options) *Checker {
	return &Checker{opts: opts, throttle: newThrottle(opts), slots: newSlots(opts.HashMemory)}
}

// Attempt is one try to log in.
type Attempt struct {
	Username string
	Password string
	// Address is where the attempt comes from; "" if that is not known.
	Address string
	// Shared says that other people may come from the same address, for example through a proxy.
	Shared bool
	// Browser is where somebody logged in before, as that browser proves; the zero value if it does not.
	Browser Browser
}

// Check returns the user, or ErrWrong, a *ThrottledError, ErrBusy, or an error of the context. One that is also
// password.ErrFormat says that the account's hash cannot be used.
func (c *Checker) Check(ctx context.Context, attempt Attempt) (*configv1alpha1.User, error) {
	user, err := c.check(ctx, attempt)
	c.opts.Observe(result(err))
	return user, err
}

func (c *Checker) check(ctx context.Context, attempt Attempt) (*configv1alpha1.User, error) {
	user := c.opts.Users.ByUsername(attempt.Username)
	subject := ""
	if user != nil {
		subject = user.Subject
	}
	where := c.throttle.keysOf(attempt, subject)
	if err := c.throttle.check(where); err != nil {
		return nil, err // at once, without a place in the queue
	}
	hash := c.hashOf(user, attempt.Username)
	release, err := c.slots.take(ctx, password.Memory(hash))
	if err != nil {
		return nil, err
	}
	defer release()
	// Again: those who waited in the queue at the same time may have failed by now.
	if err := c.throttle.check(where); err != nil {
		return nil, err
	}
	err = verify(user, hash, attempt.Password)
	switch {
	case err == nil:
		c.throttle.succeed(where)
		return user, nil
	case errors.Is(err, ErrWrong):
		c.throttle.fail(where)
	}
	return nil, err
}

// hashOf returns the hash to verify: that of the user, or another one for the time that it takes.
func (c *Checker) hashOf(user *configv1alpha1.User, username string) string {
	if user != nil && user.PasswordHash != "" {
		return user.PasswordHash
	}
	return cmp.Or(c.opts.Users.Decoy(username), dummy)
}

// verify does the same work whether the user exists or not.
func verify(user *configv1alpha1.User, hash, plain string) error {
	matches, err := password.Verify(hash, plain)
	if err != nil {
		// A hash that cannot be used must not tell that its account exists.
		_, _ = password.Verify(dummy, plain) // for the time that it takes
		return fmt.Errorf("%w: verifying against the stored hash: %w", ErrWrong, err)
	}
	if !matches || user == nil || user.PasswordHash == "" {
		return ErrWrong
	}
	return nil
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
	case errors.Is(err, ErrBusy):
		return "busy"
	default:
		return "error"
	}
}
