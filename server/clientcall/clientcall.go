package clientcall

import (
	"cmp"
	"context"
	"net/http"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/reply"
)

// Call is what a client sent.
type Call struct {
	// Parameters is the form, as it was sent.
	Parameters string
	// Proofs are what the request proves beside the credentials.
	Proofs authlete.Proofs

	reader   Reader
	basic    readings
	readings int
}

// Reader reads the calls of one endpoint.
type Reader struct {
	challenge string
	binding   Binding
}

// NewReader returns a reader. The realm is that of the endpoint's challenges, the binding what proofs are bound to.
func NewReader(realm string, binding Binding) Reader {
	return Reader{challenge: `Basic realm="` + realm + `"`, binding: binding}
}

// Read reads a call; refusal is not nil if that is not possible.
func (rd Reader) Read(r *http.Request) (call Call, refusal *reply.Answer) {
	call.reader = rd
	if call.Parameters, refusal = readForm(r); refusal != nil {
		return call, refusal
	}
	if call.Proofs, refusal = rd.binding.Proofs(r); refusal != nil {
		return call, refusal
	}
	var found header
	call.basic, call.readings, found = parseBasic(r)
	if found == malformed {
		answer := call.Unauthorized("The Authorization header is malformed.")
		return call, &answer
	}
	return call, nil
}

// Ask asks the backend, with the credentials of the Authorization header. A header whose form-decoded text differs from
// what was sent is tried in both readings: as sent, too, if the client is refused in the first. A refused client has
// consumed nothing. The backend compares each in constant time; how many calls there are depends on what the caller sent
// and on whether it was refused, both of which it knows.
func Ask[R any](ctx context.Context, c *Call, ask func(context.Context, Credentials) (R, error), refused func(R) bool) (R, error) {
	first, err := ask(ctx, c.basic[0])
	if err != nil || c.readings < 2 || !refused(first) {
		return first, err
	}
	second, err := ask(ctx, c.basic[1])
	if err != nil || refused(second) {
		return first, err
	}
	return second, nil
}

// Authentic says whether one of the readings of the Authorization header is authentic. Each is compared, whatever the
// other one's result.
func (c *Call) Authentic(authentic func(Credentials) bool) bool {
	first, second := authentic(c.basic[0]), authentic(c.basic[1])
	return (c.readings > 0 && first) || (c.readings > 1 && second)
}

// Complete completes an answer that the endpoint has made. A client that is refused with 401 gets a challenge if it used
// the Authorization header, and 400 if not (RFC 6749, section 5.2). The log names the client that the request claims to
// be from unless the endpoint knows better.
func (c *Call) Complete(answer reply.Answer) reply.Answer {
	switch {
	case answer.Status != http.StatusUnauthorized:
	case c.readings > 0:
		answer.Challenge = c.reader.challenge
	default:
		answer.Status = http.StatusBadRequest
	}
	answer.Log.Client = cmp.Or(answer.Log.Client, c.claimed())
	return answer
}

// Unauthorized refuses a caller of an endpoint that only the Authorization header opens.
func (c *Call) Unauthorized(description string) reply.Answer {
	answer := reply.Error(http.StatusUnauthorized, "invalid_client", description)
	answer.Challenge = c.reader.challenge
	answer.Log.Client = c.claimed()
	return answer
}
