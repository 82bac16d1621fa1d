package federation

import (
	"errors"
	"net/http"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/reply"
)

// EntityStatement is the content type of an entity configuration.
const EntityStatement = "application/entity-statement+jwt"

// New returns the endpoint.
func New(backend authlete.FederationAPI) reply.Endpoint {
	table := reply.Table[authlete.FederationConfigurationAction]{
		Call: "federation/configuration", Rules: map[authlete.FederationConfigurationAction]reply.Rule{
			authlete.FederationConfigurationOK:                  {Status: http.StatusOK, ContentType: EntityStatement},
			authlete.FederationConfigurationNotFound:            {Status: http.StatusNotFound, ContentType: reply.JSON},
			authlete.FederationConfigurationInternalServerError: {Status: http.StatusInternalServerError, ContentType: reply.JSON},
		},
	}
	return func(r *http.Request) reply.Answer {
		response, err := backend.FederationConfiguration(r.Context(), &authlete.FederationConfigurationRequest{
			EntityTypes: []string{authlete.EntityOpenIDProvider},
		})
		if refused, ok := errors.AsType[*authlete.Error](err); ok && refused.Status == http.StatusNotFound {
			return reply.Error(http.StatusNotFound, "not_found", "This server takes part in no federation.") // the backend is older than the call
		}
		if err != nil {
			return reply.FailedBackend(err)
		}
		return table.Answer(response.Action, response.ResultCode, response.ResponseContent)
	}
}
