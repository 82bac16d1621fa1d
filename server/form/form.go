// Package form reads the form bodies of the endpoints that clients call.
package form

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

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
	var body strings.Builder
	body.Grow(int(max(0, min(r.ContentLength, 4096))))
	if _, err := io.Copy(&body, r.Body); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			reply.Error(w, http.StatusRequestEntityTooLarge, "invalid_request", "The request is too large.")
		} else {
			reply.Error(w, http.StatusBadRequest, "invalid_request", "The request could not be read.")
		}
		return "", false
	}
	return body.String(), true
}
