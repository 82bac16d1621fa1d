package engine

import (
	"context"

	"github.com/authserver-dev/operator/internal/authlete"
)

// notFederated is the answer to a request for an entity configuration, which this engine does not have.
const notFederated = `{"error":"not_found","error_description":"[E316301] This server takes part in no federation."}`

// FederationConfiguration implements authlete.FederationAPI: the engine takes part in no federation.
func (e *Engine) FederationConfiguration(
	context.Context, *authlete.FederationConfigurationRequest,
) (*authlete.FederationConfigurationResponse, error) {
	return &authlete.FederationConfigurationResponse{
		Result:          authlete.Result{ResultCode: "E316301", ResultMessage: "[E316301] This server takes part in no federation."},
		Action:          authlete.FederationConfigurationNotFound,
		ResponseContent: notFederated,
	}, nil
}
