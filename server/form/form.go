package form

import (
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/authserver-dev/operator/server/reply"
)

// Read reads a form body of bounded size as it came; it answers the request itself if that is not possible.
func Read(w http.ResponseWriter, r *http.Request) (string, bool) {
	contentType := r.Header.Get("Content-Type")
	if contentType != "application/x-www-form-urlencoded" { // the common case needs no parsing
		if media, _, err := mime.ParseMediaType(contentType); err != nil || media != "application/x-www-form-urlencoded" {
			reply.Error(w, http.StatusUnsupportedMediaType, "invalid_request", "The content type must be application/x-www-form-urlencoded.")
			return "", false
		}
	}
	body, err := read(r)
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			reply.Error(w, http.StatusRequestEntityTooLarge, "invalid_request", "The request is too large.")
		} else {
			reply.Error(w, http.StatusBadRequest, "invalid_request", "The request could not be read.")
		}
		return "", false
	}
	return string(body), true
}

// maxKnown bounds what is allocated because a header says so.
const maxKnown = 64 << 10

// read reads the body into a buffer of the announced size, where there is one: forms are small, and a buffer that grows
// would cost more than the rest of a token request.
func read(r *http.Request) ([]byte, error) {
	if r.ContentLength < 0 || r.ContentLength > maxKnown {
		return io.ReadAll(r.Body)
	}
	body := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, body); err != nil {
		return nil, err
	}
	return body, nil
}
