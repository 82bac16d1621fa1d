package clientcall

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/authserver-dev/operator/server/reply"
)

// Errors of Form.
var (
	ErrNotForm  = errors.New("the content type must be application/x-www-form-urlencoded")
	ErrTooLarge = errors.New("the request is too large")
)

// Form reads a form body of bounded size as it was sent.
func Form(r *http.Request) (string, error) {
	if !isForm(r.Header.Get("Content-Type")) {
		return "", ErrNotForm
	}
	body, err := readBody(r)
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return "", ErrTooLarge
	}
	if err != nil {
		return "", fmt.Errorf("reading the request: %w", err)
	}
	return string(body), nil
}

func isForm(contentType string) bool {
	const form = "application/x-www-form-urlencoded"
	if contentType == form { // the common case needs no parsing
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == form
}

// readForm reads the form; refusal is not nil if that is not possible.
func readForm(r *http.Request) (form string, refusal *reply.Answer) {
	form, err := Form(r)
	switch {
	case err == nil:
		return form, nil
	case errors.Is(err, ErrNotForm): // not 415: RFC 6749, section 5.2
		return "", refuse(http.StatusBadRequest, "The content type must be application/x-www-form-urlencoded.")
	case errors.Is(err, ErrTooLarge):
		return "", refuse(http.StatusRequestEntityTooLarge, "The request is too large.")
	default:
		return "", refuse(http.StatusBadRequest, "The request could not be read.")
	}
}

func refuse(status int, description string) *reply.Answer {
	answer := reply.Error(status, "invalid_request", description)
	return &answer
}

// maxKnown bounds what is allocated because a header says so.
const maxKnown = 64 << 10

// readBody reads the body into a buffer of the announced size, where there is one: forms are small, and a buffer that
// grows would cost more than the rest of a token request.
func readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength < 0 || r.ContentLength > maxKnown {
		return io.ReadAll(r.Body)
	}
	body := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, body); err != nil {
		return nil, err
	}
	return body, nil
}
