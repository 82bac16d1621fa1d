package httpclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
)

const (
	// maxBody bounds a response; a page of 1000 clients stays far below it.
	maxBody = 8 << 20
	// attempts and backoff of calls that may be repeated.
	attempts = 3
	backoff  = 100 * time.Millisecond
	// maxWait bounds how long a backend may make a repeated call wait.
	maxWait = 5 * time.Second
)

// Options configure a Client.
type Options struct {
	// Credentials say where to call the API and as whom; they are asked for at each call. Required.
	Credentials func() *credentials.Credentials
	// HTTP makes the requests; it should have a timeout. Required.
	HTTP *http.Client
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
type Client struct{ opts Options }

var (
	_ authlete.Runtime    = (*Client)(nil)
	_ authlete.Management = (*Client)(nil)
)

// New returns a client.
func New(opts Options) *Client { return &Client{opts: opts} }

// call is one call of the API.
type call struct {
	name   string // e.g. "client/get"
	method string
	path   string // below the service, escaped
	body   any    // nil for none
}

// do makes a call and decodes the answer into out, unless out is nil. A *[]byte receives the body as it is.
func (c *Client) do(ctx context.Context, in call, out any) error {
	var payload []byte
	if in.body != nil {
		var err error
		if payload, err = json.Marshal(in.body); err != nil {
			return fmt.Errorf("encoding %s: %w", in.name, err)
		}
	}
	repeatable := in.method == http.MethodGet && in.name != "client/secret/refresh"
	for attempt := 1; ; attempt++ {
		err := c.once(ctx, in, payload, out)
		if err == nil || !repeatable || attempt == attempts || !transient(err) {
			return err
		}
		if !pause(ctx, attempt, err) {
			return err
		}
	}
}

// transient says whether a later attempt may succeed.
func transient(err error) bool {
	refused, ok := errors.AsType[*authlete.Error](err)
	if !ok {
		return false
	}
	switch refused.Status {
	case 0, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

// pause waits before the next attempt; false if the context ends first.
func pause(ctx context.Context, attempt int, err error) bool {
	wait := backoff<<(attempt-1) + rand.N(backoff) //nolint:gosec // jitter needs no secrecy
	if refused, ok := errors.AsType[*authlete.Error](err); ok {
		wait = max(wait, min(refused.RetryAfter, maxWait))
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

// once makes one attempt.
func (c *Client) once(ctx context.Context, in call, payload []byte, out any) error {
	as := c.opts.Credentials()
	request, err := http.NewRequestWithContext(ctx, in.method, address(as, in), bytes.NewReader(payload))
	if err != nil {
		return &authlete.Error{Call: in.name, Err: err}
	}
	authenticate(request, as, in)
	request.Header.Set("Accept", "application/json")
	if in.body != nil {
		request.Header.Set("Content-Type", "application/json")
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
		return refusal(in.name, response, body)
	}
	return decode(in.name, response.StatusCode, body, out)
}

func decode(name string, status int, body []byte, out any) error {
	switch target := out.(type) {
	case nil:
		return nil
	case *[]byte:
		*target = body
		return nil
	default:
		if err := json.Unmarshal(body, out); err != nil {
			return &authlete.Error{Call: name, Status: status, Err: fmt.Errorf("decoding the answer: %w", err)}
		}
		return nil
	}
}

// refusal turns an answer that is not a success into an error. Only the API's own members are taken from the body.
func refusal(name string, response *http.Response, body []byte) *authlete.Error {
	refused := &authlete.Error{Call: name, Status: response.StatusCode}
	if json.Unmarshal(body, &refused.Result) != nil {
		refused.Result = authlete.Result{} // not from the API, e.g. a proxy's page
	}
	for _, header := range []string{"Retry-After", "RateLimit-Reset"} {
		if seconds, err := strconv.Atoi(response.Header.Get(header)); err == nil && seconds > 0 {
			refused.RetryAfter = time.Duration(min(seconds, 3600)) * time.Second
			break
		}
	}
	return refused
}

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
