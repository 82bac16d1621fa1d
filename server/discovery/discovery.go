package discovery

import (
	"context"
	"net/http"

	"github.com/authserver-dev/operator/server/reply"
)

// cache says how long relying parties may keep a document. A new signing key is published longer than that before it
// signs.
const cache = "public, max-age=300"

// Document returns an endpoint that serves what read returns.
func Document(read func(context.Context) ([]byte, error)) reply.Endpoint {
	return func(r *http.Request) reply.Answer {
		document, err := read(r.Context())
		if err != nil {
			return reply.FailedBackend(err)
		}
		return reply.Document(reply.JSON, document, cache)
	}
}
