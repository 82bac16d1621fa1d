package authorize

import (
	"context"
	"errors"
	"fmt"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// refusals says what the client gets for each reason of the front end.
func refusals() map[authlete.AuthorizationFailReason]oauth.Error {
	return map[authlete.AuthorizationFailReason]oauth.Error{
		authlete.AuthorizationFailUnknown:                  {Code: oauth.ServerError, ResultCode: "E060311", Description: "The authorization request failed."},
		authlete.AuthorizationFailServerError:              {Code: oauth.ServerError, ResultCode: "E060312", Description: "The server had an internal error."},
		authlete.AuthorizationFailNotLoggedIn:              {Code: oauth.LoginRequired, ResultCode: "E060301", Description: "Nobody is logged in."},
		authlete.AuthorizationFailMaxAgeNotSupported:       {Code: oauth.LoginRequired, ResultCode: "E060302", Description: "The maximum authentication age is not supported."},
		authlete.AuthorizationFailExceedsMaxAge:            {Code: oauth.LoginRequired, ResultCode: "E060303", Description: "The login is older than the maximum authentication age."},
		authlete.AuthorizationFailDifferentSubject:         {Code: oauth.LoginRequired, ResultCode: "E060304", Description: "Somebody else is logged in."},
		authlete.AuthorizationFailAcrNotSatisfied:          {Code: oauth.UnmetAuthenticationRequirements, ResultCode: "E060305", Description: "The login does not satisfy the requested authentication context."},
		authlete.AuthorizationFailDenied:                   {Code: oauth.AccessDenied, ResultCode: "E060306", Description: "The end-user denied the authorization request."},
		authlete.AuthorizationFailNotAuthenticated:         {Code: oauth.LoginRequired, ResultCode: "E060307", Description: "The end-user was not authenticated."},
		authlete.AuthorizationFailAccountSelectionRequired: {Code: oauth.AccountSelectionRequired, ResultCode: "E060308", Description: "The end-user must choose an account."},
		authlete.AuthorizationFailConsentRequired:          {Code: oauth.ConsentRequired, ResultCode: "E060309", Description: "The end-user must be asked for consent."},
		authlete.AuthorizationFailInteractionRequired:      {Code: oauth.InteractionRequired, ResultCode: "E060310", Description: "The end-user must be asked."},
		authlete.AuthorizationFailInvalidTarget:            {Code: oauth.InvalidTarget, ResultCode: "E060313", Description: "The requested resource is not acceptable."},
	}
}

// AuthorizationFail implements authlete.AuthorizationAPI.
func (e *Endpoint) AuthorizationFail(ctx context.Context, req *authlete.AuthorizationFailRequest) (*authlete.AuthorizationFailResponse, error) {
	refusal, ok := refusals()[req.Reason]
	if !ok {
		return failFailed(authlete.AuthorizationFailActionInternalServerError,
			oauth.NewError(oauth.ServerError, "E060201", "The front end gave no reason that the engine knows.")), nil
	}
	if req.Description != "" {
		refusal.Description = req.Description
	}
	request, _, err := e.take(ctx, req.Ticket)
	if errors.Is(err, store.ErrNotFound) {
		return failFailed(authlete.AuthorizationFailActionBadRequest, unknownTicket("E060202")), nil
	}
	if err != nil {
		return nil, fmt.Errorf("failing an authorization request: %w", err)
	}
	end := respond(request, e.deps.Registry.Service(), refusalParameters(&refusal))
	action := authlete.AuthorizationFailActionLocation
	if end.form {
		action = authlete.AuthorizationFailActionForm
	}
	return &authlete.AuthorizationFailResponse{Result: refusal.Result(), Action: action, ResponseContent: end.content}, nil
}

func failFailed(action authlete.AuthorizationFailAction, refusal *oauth.Error) *authlete.AuthorizationFailResponse {
	return &authlete.AuthorizationFailResponse{Result: refusal.Result(), Action: action, ResponseContent: refusal.Content()}
}
