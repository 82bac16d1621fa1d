package httpclient

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
)

const (
	// attempts and backoff of calls that may be repeated.
	attempts = 3
	backoff  = 100 * time.Millisecond
	// maxWait bounds how long a backend may make a repeated call wait.
	maxWait = 5 * time.Second
	// epoch is where a number of seconds is a date rather than a duration, and epochMillis where it counts milliseconds.
	epoch       = 1_000_000_000
	epochMillis = 1_000 * epoch
)

// again says whether to make another attempt, after the time that has to pass before it.
func again(ctx context.Context, in call, attempt int, err error) bool {
	return repeatable(in) && attempt < attempts && transient(err) && pause(ctx, attempt, err)
}

// repeatable says whether a call only reads, so that making it twice is as good as making it once.
func repeatable(in call) bool {
	switch in.name {
	case "auth/introspection", "auth/introspection/standard", "federation/configuration":
		return true
	case "auth/userinfo": // a proof is good for one request (RFC 9449, section 11.1)
		request, ok := in.body.(*authlete.UserInfoRequest)
		return ok && request.DPoP == ""
	case "client/secret/refresh":
		return false
	default:
		return in.method == http.MethodGet
	}
}

// transient says whether a later attempt may succeed. After a timeout the caller has waited long enough.
func transient(err error) bool {
	refused, ok := errors.AsType[*authlete.Error](err)
	if !ok || errors.Is(err, ErrCircuitOpen) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	switch refused.Status {
	case 0, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

func unauthorized(err error) bool {
	refused, ok := errors.AsType[*authlete.Error](err)
	return ok && refused.Status == http.StatusUnauthorized
}

// pause waits before the next attempt; false if the context would end first.
func pause(ctx context.Context, attempt int, err error) bool {
	wait := backoff<<(attempt-1) + rand.N(backoff) //nolint:gosec // jitter needs no secrecy
	if refused, ok := errors.AsType[*authlete.Error](err); ok {
		if refused.RetryAfter > maxWait {
			return false
		}
		wait = max(wait, refused.RetryAfter)
	}
	if deadline, ok := ctx.Deadline(); ok && wait >= time.Until(deadline) { //nolint:forbidigo // deadlines of contexts are by this clock
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// refusal turns an answer that is not a success into an error. Only the API's own members are taken from the body.
func refusal(name string, response *http.Response, body []byte, now time.Time) *authlete.Error {
	refused := &authlete.Error{Call: name, Status: response.StatusCode}
	if json.Unmarshal(body, &refused.Result) != nil {
		refused.Result = authlete.Result{} // not from the API, e.g. a proxy's page
	}
	wait := waitOf(response.Header.Get("Retry-After"), now)
	if wait <= 0 && response.StatusCode == http.StatusTooManyRequests { // other answers say it, too, and mean nothing by it
		wait = waitOf(response.Header.Get("RateLimit-Reset"), now)
	}
	refused.RetryAfter = min(max(wait, 0), time.Hour)
	return refused
}

// waitOf reads a number of seconds, a date in seconds or milliseconds since the epoch, or an HTTP date (RFC 9110, section
// 10.2.3). What is none of them is no time at all.
func waitOf(text string, now time.Time) time.Duration {
	if number, err := strconv.ParseInt(text, 10, 64); err == nil {
		switch {
		case number < 0:
			return 0
		case number >= epochMillis:
			return time.UnixMilli(number).Sub(now)
		case number >= epoch:
			return time.Unix(number, 0).Sub(now)
		default:
			return time.Duration(number) * time.Second
		}
	}
	if date, err := http.ParseTime(text); err == nil {
		return date.Sub(now)
	}
	return 0
}
