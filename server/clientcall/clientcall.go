package clientcall

import (
	"net/http"

	"github.com/authserver-dev/operator/server/reply"
)

// Call is what a client sent.
type Call struct {
	// Parameters is the form, as it was sent.
	Parameters string
	// Basic are the credentials of the Authorization header; empty without one.
	Basic Credentials

	reader    Reader
	hasHeader bool
}

// Reader reads the calls of one endpoint.
type Reader struct {
	challenge string
}

// NewReader returns a reader. The realm is that of the endpoint's challenges.
func NewReader(realm string) Reader { return Reader{challenge: `Basic realm="` + realm + `"`} }

// Read reads a call; refusal is not nil if that is not possible.
func (rd Reader) Read(r *http.Request) (call Call, refusal *reply.Answer) {
	call.reader = rd
	if call.Parameters, refusal = readForm(r); refusal != nil {
		return call, refusal
	}
	credentials, found := parseBasic(r)
	if found == malformed {
		answer := reply.Error(http.StatusUnauthorized, "invalid_client", "The Authorization header is malformed.")
		answer.Challenge = rd.challenge
		return call, &answer
	}
	call.Basic, call.hasHeader = credentials, found == present
	return call, nil
}

// Challenge completes an answer that refuses a client with 401: it gets a challenge if the client used the Authorization
// header, and becomes 400 if not (RFC 6749, section 5.2). Other answers stay as they are.
func (c *Call) Challenge(answer reply.Answer) reply.Answer {
	switch {
	case answer.Status != http.StatusUnauthorized:
	case c.hasHeader:
		answer.Challenge = c.reader.challenge
	default:
		answer.Status = http.StatusBadRequest
	}
	return answer
}

// Unauthorized refuses a caller of an endpoint that only the Authorization header opens.
func (c *Call) Unauthorized(description string) reply.Answer {
	answer := reply.Error(http.StatusUnauthorized, "invalid_client", description)
	answer.Challenge = c.reader.challenge
	return answer
}
