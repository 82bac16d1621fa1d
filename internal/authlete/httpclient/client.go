package httpclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
)

// maxBody bounds a response; a page of 1000 clients stays far below it.
const maxBody = 8 << 20

// Options configure a Client.
type Options struct {
	// Credentials say where to call the API and as whom; they are asked for at each call. Required.
	Credentials func() *credentials.Credentials
	// HTTP makes the requests; see NewHTTPClient. Required.
	HTTP *http.Client
	// Clock times calls and reads dates. Required.
	Clock func() time.Time
	// Breaker makes calls fail at once after failures in a row, until one succeeds again.
	Breaker bool
	// Headers returns what is sent along with a call that is made for somebody's request: request ID and trace context.
	// Default none.
	Headers func(context.Context) http.Header
	// Observe is told of every call when it is over, all attempts included. Default none.
	Observe func(Outcome)
}

// Outcome is how a call ended.
type Outcome struct {
	// Call names the API, e.g. "auth/token".
	Call string
	// Err is nil for an answer of the API, whatever its action.
	Err error
	// Duration is that of all attempts.
	Duration time.Duration
}

// Client calls the API.
type Client struct {
	opts    Options
	breaker *breaker
}

var (
	_ authlete.Runtime    = (*Client)(nil)
	_ authlete.Management = (*Client)(nil)
)

// New returns a client.
func New(opts Options) *Client {
	c := &Client{opts: opts}
	if opts.Breaker {
		c.breaker = newBreaker(opts.Clock)
	}
	return c
}

// call is one call of the API.
type call struct {
	name   string // e.g. "client/get"
	method string
	path   string // below the service, escaped
	body   any    // nil for none
}

// do makes a call and decodes the answer into out, unless out is nil. A *[]byte receives the body as it is.
func (c *Client) do(ctx context.Context, in call, out any) error {
	began := c.opts.Clock()
	err := c.attempt(ctx, in, out)
	if c.opts.Observe != nil {
		c.opts.Observe(Outcome{Call: in.name, Err: err, Duration: c.opts.Clock().Sub(began)})
	}
	return err
}

// attempt makes attempts until one succeeds or no other one makes sense.
func (c *Client) attempt(ctx context.Context, in call, out any) error {
	var payload []byte
	if in.body != nil {
		var err error
		if payload, err = json.Marshal(in.body); err != nil {
			return fmt.Errorf("encoding %s: %w", in.name, err)
		}
	}
	renewed := false
	for attempt := 1; ; {
		as := c.opts.Credentials()
		if err := check(in, as); err != nil {
			return err
		}
		if ctx.Err() != nil { // says nothing about the backend
			return &authlete.Error{Call: in.name, Err: ctx.Err()}
		}
		err := c.guarded(func() error { return c.once(ctx, in, as, payload, out) }, in.name)
		if err == nil {
			return nil
		}
		// What was refused for its credentials was not processed: with others it may be tried again, whatever it is.
		if !renewed && unauthorized(err) && *c.opts.Credentials() != *as {
			renewed = true
			continue
		}
		if !again(ctx, in, attempt, err) {
			return err
		}
		attempt++
	}
}

// once makes one attempt.
func (c *Client) once(ctx context.Context, in call, as *credentials.Credentials, payload []byte, out any) error {
	request, err := c.request(ctx, in, as, payload)
	if err != nil {
		return err
	}
	response, err := c.opts.HTTP.Do(request)
	if err != nil {
		return &authlete.Error{Call: in.name, Err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		return &authlete.Error{Call: in.name, Err: fmt.Errorf("reading the answer: %w", err)}
	}
	if len(body) > maxBody {
		return &authlete.Error{Call: in.name, Status: response.StatusCode, Err: fmt.Errorf("the answer is longer than %d bytes", maxBody)}
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return refusal(in.name, response, body, c.opts.Clock())
	}
	return decode(in.name, response.StatusCode, body, out)
}

// request builds the request of an attempt.
func (c *Client) request(ctx context.Context, in call, as *credentials.Credentials, payload []byte) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, in.method, address(as, in), bytes.NewReader(payload))
	if err != nil {
		return nil, &authlete.Error{Call: in.name, Err: errors.New("the address of the call is no URL")} // the cause would quote it
	}
	if in.method == http.MethodGet && !repeatable(in) {
		// A transport sends any GET again when a kept connection breaks before the answer, and takes a body that it cannot
		// read twice for the only reason not to. This one is empty, and does not get onto the wire.
		request.Body, request.GetBody = io.NopCloser(bytes.NewReader(payload)), nil
	}
	if c.opts.Headers != nil {
		for name, values := range c.opts.Headers(ctx) {
			request.Header[http.CanonicalHeaderKey(name)] = values // so that what is set below replaces it
		}
	}
	authenticate(request, as, in)
	request.Header.Set("Accept", "application/json")
	request.Header.Del("Content-Type")
	if in.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

// decode reads an answer, which is a JSON object. Only a document may be absent: a service without keys has no JWK Set.
func decode(name string, status int, body []byte, out any) error {
	switch target := out.(type) {
	case nil:
		return nil
	case *[]byte:
		if *target = body; len(body) == 0 || (object(body) && json.Valid(body)) {
			return nil
		}
	default:
		// A null is no object: it would be taken for one that has nothing set.
		if object(body) && json.Unmarshal(body, out) == nil {
			return nil
		}
	}
	return &authlete.Error{Call: name, Status: status, Err: errors.New("the answer is not the JSON that the API describes")}
}

func object(body []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) }

// post makes a call with a JSON body.
func post[Out any](ctx context.Context, c *Client, name string, body any) (*Out, error) {
	return send[Out](ctx, c, call{name: name, method: http.MethodPost, path: name, body: body})
}

// send makes a call and returns the decoded answer.
func send[Out any](ctx context.Context, c *Client, in call) (*Out, error) {
	out := new(Out)
	if err := c.do(ctx, in, out); err != nil {
		return nil, err
	}
	return out, nil
}
