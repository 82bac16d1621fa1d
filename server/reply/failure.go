package reply

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
)

// defaultRetry is how long a client should wait when the backend does not say.
const defaultRetry = 5 * time.Second

// Failed answers a request that could not be processed because of a fault inside. Problem and cause go to the log only.
func Failed(problem, key, cause string) Answer {
	answer := Answer{Status: http.StatusInternalServerError, failure: true}
	answer.Log.Problem(problem, key, cause)
	return answer
}

// FailedBackend answers a request whose backend call failed: 503 where trying again may help. The cause goes to the log
// only. A caller who went away is not a failure.
func FailedBackend(err error) Answer {
	answer := Answer{Status: http.StatusInternalServerError, failure: true}
	if errors.Is(err, context.Canceled) {
		answer.Log.Action = "CANCELED"
	} else {
		answer.Log.Problem("Calling the backend failed", "error", cause(err))
	}
	if retry, ok := unavailable(err); ok {
		answer.Status, answer.RetryAfter = http.StatusServiceUnavailable, retry
	}
	return answer
}

// Renderer makes the content of a failure: 500 or, where trying again may help, 503.
type Renderer func(r *http.Request, status int) Answer

// FailureJSON is the failure of endpoints that programs call.
func FailureJSON(_ *http.Request, status int) Answer {
	if status == http.StatusServiceUnavailable {
		return Error(status, "temporarily_unavailable", "The server cannot process requests at the moment.")
	}
	return Error(status, "server_error", "The server could not process the request.")
}

// Render makes the content of a failure; other answers have theirs.
func (a Answer) Render(r *http.Request, failure Renderer) Answer {
	if !a.failure {
		return a
	}
	rendered := failure(r, a.Status)
	rendered.Status, rendered.RetryAfter, rendered.Cookies = a.Status, a.RetryAfter, a.Cookies
	return rendered.Noting(a.Log)
}

// unavailable says whether a backend error may go away by itself, and when to try again.
func unavailable(err error) (time.Duration, bool) {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return defaultRetry, true
	}
	var refused *authlete.Error
	if !errors.As(err, &refused) {
		return defaultRetry, true // the embedded engine's store
	}
	switch refused.Status {
	case 0, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return max(refused.RetryAfter, defaultRetry), true
	default:
		return 0, false
	}
}
