package authorize

import (
	"context"
	"errors"
	"fmt"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
)

// outcome is what the client gets for a reason of the front end.
type outcome struct {
	code       oauth.Code
	resultCode string
	text       string
}

func outcomes() map[authlete.AuthorizationFailReason]outcome {
	return map[authlete.AuthorizationFailReason]outcome{
		authlete.AuthorizationFailUnknown:                  {oauth.ServerError, "E060311", "The authorization request failed."},
		authlete.AuthorizationFailServerError:              {oauth.ServerError, "E060312", "The server had an internal error."},
		authlete.AuthorizationFailNotLoggedIn:              {oauth.LoginRequired, "E060301", "Nobody is logged in."},
		authlete.AuthorizationFailMaxAgeNotSupported:       {oauth.LoginRequired, "E060302", "The maximum authentication age is not supported."},
		authlete.AuthorizationFailExceedsMaxAge:            {oauth.LoginRequired, "E060303", "The login is older than the maximum authentication age."},
		authlete.AuthorizationFailDifferentSubject:         {oauth.LoginRequired, "E060304", "Somebody else is logged in."},
		authlete.AuthorizationFailAcrNotSatisfied:          {oauth.UnmetAuthenticationRequirements, "E060305", "The login is not of the requested kind."},
		authlete.AuthorizationFailDenied:                   {oauth.AccessDenied, "E060306", "The end-user denied the authorization request."},
		authlete.AuthorizationFailNotAuthenticated:         {oauth.LoginRequired, "E060307", "The end-user was not authenticated."},
		authlete.AuthorizationFailAccountSelectionRequired: {oauth.AccountSelectionRequired, "E060308", "The end-user must choose an account."},
		authlete.AuthorizationFailConsentRequired:          {oauth.ConsentRequired, "E060309", "The end-user must be asked for consent."},
		authlete.AuthorizationFailInteractionRequired:      {oauth.InteractionRequired, "E060310", "The end-user must be asked."},
		authlete.AuthorizationFailInvalidTarget:            {oauth.InvalidTarget, "E060313", "The requested resource is not acceptable."},
		// Reasons of newer libraries, not in the documents of 3.0.16.
		"INVALID_SCOPE":           {oauth.InvalidScope, "E060314", "A requested scope is not acceptable."},
		"UNAUTHORIZED_CLIENT":     {oauth.UnauthorizedClient, "E060315", "The client may not make this request."},
		"TEMPORARILY_UNAVAILABLE": {oauth.TemporarilyUnavailable, "E060316", "The server cannot serve at the moment."},
	}
}

// AuthorizationFail implements authlete.AuthorizationAPI. It does not use the ticket up: whoever denies or is refused has not
// authenticated, and a stranger must not make the engine store anything. The same refusal may be made again.
func (e *Endpoint) AuthorizationFail(ctx context.Context, req *authlete.AuthorizationFailRequest) (*authlete.AuthorizationFailResponse, error) {
	outcome, ok := outcomes()[req.Reason]
	if !ok {
		return failFailed(authlete.AuthorizationFailActionInternalServerError,
			oauth.NewError(oauth.ServerError, "E060201", "The front end gave no reason that the engine knows.")), nil
	}
	if req.Description != "" {
		outcome.text = req.Description
	}
	refusal := oauth.NewError(outcome.code, outcome.resultCode, "%s", outcome.text)
	asked, err := e.open(ctx, req.Ticket)
	if errors.Is(err, errNoTicket) {
		return failFailed(authlete.AuthorizationFailActionBadRequest, unknownTicket("E060202")), nil
	}
	if err != nil {
		return nil, fmt.Errorf("failing an authorization request: %w", err)
	}
	end := respond(asked.request, e.deps.Registry.Service(), refusalParameters(refusal))
	action := authlete.AuthorizationFailActionLocation
	if end.form {
		action = authlete.AuthorizationFailActionForm
	}
	return &authlete.AuthorizationFailResponse{Result: refusal.Result(), Action: action, ResponseContent: end.content}, nil
}

func failFailed(action authlete.AuthorizationFailAction, refusal *oauth.Error) *authlete.AuthorizationFailResponse {
	return &authlete.AuthorizationFailResponse{Result: refusal.Result(), Action: action, ResponseContent: refusal.Content()}
}
