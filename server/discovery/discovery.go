package discovery

import (
	"context"
	"net/http"
	"strconv"

	"github.com/authserver-dev/operator/server/reply"
)

// maxAge is how long relying parties may keep a document. A new signing key is published longer than that before it
// signs.
const maxAge = "public, max-age=300"

// Document returns a handler that serves what read returns. Any site may read it.
func Document(read func(context.Context) ([]byte, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		document, err := read(r.Context())
		if err != nil {
			reply.BackendError(w, r, err)
			return
		}
		header := w.Header()
		header["Access-Control-Allow-Origin"] = anyOrigin
		header["Cache-Control"] = cache
		header["Content-Type"] = contentType
		header["Content-Length"] = []string{strconv.Itoa(len(document))}
		_, _ = w.Write(document) // the client is gone if this fails
	})
}

// Header values that are shared between responses; net/http does not change them.
//
//nolint:gochecknoglobals // constants in the form that http.Header takes
var (
	anyOrigin   = []string{"*"}
	cache       = []string{maxAge}
	contentType = []string{reply.JSON}
)
