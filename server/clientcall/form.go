package clientcall

import (
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/authserver-dev/operator/server/reply"
)

// readForm reads a form body of bounded size as it was sent; refusal is not nil if that is not possible.
func readForm(r *http.Request) (form string, refusal *reply.Answer) {
	contentType := r.Header.Get("Content-Type")
	if contentType != "application/x-www-form-urlencoded" { // the common case needs no parsing
		if media, _, err := mime.ParseMediaType(contentType); err != nil || media != "application/x-www-form-urlencoded" {
			return "", refuse(http.StatusUnsupportedMediaType, "The content type must be application/x-www-form-urlencoded.")
		}
	}
	body, err := readBody(r)
	if err == nil {
		return string(body), nil
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return "", refuse(http.StatusRequestEntityTooLarge, "The request is too large.")
	}
	return "", refuse(http.StatusBadRequest, "The request could not be read.")
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
