package reply

import (
	"net/http"

	"github.com/authserver-dev/operator/server/requestlog"
)

// Rule is how one action is answered.
type Rule struct {
	// Status is the HTTP status.
	Status int
	// ContentType is that of the response content; without one, the body is empty.
	ContentType string
	// Challenge says that the response content is a WWW-Authenticate value.
	Challenge bool
	// Make makes the answer from the response content, where it is not sent as it is.
	Make func(content string) Answer
	// Failure says that the backend had an internal error of which the client is told nothing.
	Failure bool
}

// Table answers the actions of one API call.
type Table[A ~string] struct {
	// Call names the API in the log, e.g. "auth/token".
	Call string
	// Rules are how actions are answered.
	Rules map[A]Rule
}

// Answer answers an action. One that the table lacks is an internal error, and so is missing content; the log names the
// call.
func (t Table[A]) Answer(action A, result, content string) Answer {
	return t.answer(action, content).Noting(Outcome(string(action), result))
}

func (t Table[A]) answer(action A, content string) Answer {
	rule, ok := t.Rules[action]
	switch {
	case !ok:
		return Failed("The backend answered with an unknown action", "call", t.Call)
	case rule.Failure:
		return Failed("The backend had an internal error", "call", t.Call)
	case content == "" && (rule.ContentType != "" || rule.Make != nil): // no client could make anything of it
		return Failed("The backend's answer lacks its content", "call", t.Call)
	case rule.Make != nil:
		return rule.Make(content)
	}
	answer := Answer{Status: rule.Status, ContentType: rule.ContentType}
	if rule.ContentType != "" {
		answer.Content = content
	}
	if rule.Challenge {
		answer.Challenge = content
	}
	if rule.Status == http.StatusInternalServerError {
		answer.Log.Problem("The backend had an internal error", "call", t.Call)
	}
	return answer
}

// Outcome is the log entry of a backend call. What cannot be the name of an action, or a result code, stays out of the log:
// it comes from whatever stands between the server and the backend.
func Outcome(action, result string) requestlog.Entry {
	return requestlog.Entry{Action: name(action), Result: name(result)}
}
