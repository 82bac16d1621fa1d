package discovery

import (
	"context"
	"net/http"
	"strconv"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/server/reply"
)

// Document returns an endpoint that serves what read returns.
func Document(read func(context.Context) ([]byte, error)) reply.Endpoint {
	cache := "public, max-age=" + strconv.Itoa(configv1alpha1.DocumentMaxAgeSeconds)
	return func(r *http.Request) reply.Answer {
		document, err := read(r.Context())
		if err != nil {
			return reply.FailedBackend(err)
		}
		return reply.Document(reply.JSON, document, cache)
	}
}
