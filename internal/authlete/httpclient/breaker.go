package httpclient

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/authserver-dev/operator/internal/authlete"
)

const (
	// failuresToOpen is how many calls in a row fail before the others are not made any more.
	failuresToOpen = 5
	// openFor is how long none are made; then one may try.
	openFor = 3 * time.Second
)

// ErrCircuitOpen means that a call was not made, because those before it failed.
var ErrCircuitOpen = errors.New("the backend has not answered lately, so that it is not asked for a moment")

// breaker keeps callers from waiting for a backend that does not answer, and a backend that comes back from all of them at
// once.
type breaker struct {
	*gobreaker.CircuitBreaker[struct{}]
	opened atomic.Int64 // Unix time in nanoseconds
}

func newBreaker(clock func() time.Time) *breaker {
	b := &breaker{}
	b.CircuitBreaker = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests:  1,
		Timeout:      openFor,
		ReadyToTrip:  func(counts gobreaker.Counts) bool { return counts.ConsecutiveFailures >= failuresToOpen },
		IsSuccessful: func(err error) bool { return !broken(err) },
		// A caller who went away says nothing about the backend, and neither does a limit that it keeps.
		IsExcluded: func(err error) bool {
			refused, ok := errors.AsType[*authlete.Error](err)
			return errors.Is(err, context.Canceled) || (ok && refused.Status == http.StatusTooManyRequests)
		},
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				b.opened.Store(clock().UnixNano())
			}
		},
	})
	return b
}

// rest is how long no calls are made from now on; at least a second, for what is waiting for one that tries.
func (b *breaker) rest(now time.Time) time.Duration {
	return min(max(time.Unix(0, b.opened.Load()).Add(openFor).Sub(now), time.Second), openFor)
}

// broken says whether an error speaks of a backend that does not work, rather than of one that refuses.
func broken(err error) bool {
	refused, ok := errors.AsType[*authlete.Error](err)
	return err != nil && (!ok || refused.Status == 0 || refused.Status >= http.StatusInternalServerError)
}

// guarded makes an attempt by way of the breaker.
func (c *Client) guarded(attempt func() error, name string) error {
	if c.breaker == nil {
		return attempt()
	}
	_, err := c.breaker.Execute(func() (struct{}, error) { return struct{}{}, attempt() })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return &authlete.Error{Call: name, Err: ErrCircuitOpen, RetryAfter: c.breaker.rest(c.opts.Clock())}
	}
	return err
}

// Open says whether calls are not made at the moment.
func (c *Client) Open() bool { return c.breaker != nil && c.breaker.State() == gobreaker.StateOpen }
