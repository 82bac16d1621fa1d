package authlete

import (
	"fmt"
	"net/http"
	"time"
)

// Result is the envelope of every API response.
type Result struct {
	// ResultCode identifies the outcome, e.g. A004001 (Authlete) or E004001 (embedded engine).
	ResultCode string `json:"resultCode,omitempty"`
	// ResultMessage explains ResultCode to a person.
	ResultMessage string `json:"resultMessage,omitempty"`
}

// Error is an API call that the backend refused or could not serve. Outcomes of
// the OAuth protocol are never an Error; they are actions.
type Error struct {
	// Call names the API, e.g. "client/create".
	Call string
	// Status is the HTTP status of the answer; 0 if there was none.
	Status int
	// Result is the code and message of the answer, where it had one.
	Result Result
	// RetryAfter is how long the backend asked the caller to wait; 0 if it did not.
	RetryAfter time.Duration
	// Err is the cause below HTTP, e.g. a refused connection.
	Err error
}

// Error names the call, the status and the backend's message.
func (e *Error) Error() string {
	switch {
	case e.Err != nil:
		return fmt.Sprintf("calling %s: %v", e.Call, e.Err)
	case e.Result.ResultMessage != "":
		return fmt.Sprintf("calling %s: status %d: %s", e.Call, e.Status, e.Result.ResultMessage)
	default:
		return fmt.Sprintf("calling %s: status %d", e.Call, e.Status)
	}
}

// Unwrap returns the cause below HTTP.
func (e *Error) Unwrap() error { return e.Err }

// NotFound says whether the thing that the call named does not exist.
func (e *Error) NotFound() bool { return e.Status == http.StatusNotFound }
