package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/clientauth"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/registry"
	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/ticket"
)

// TokenIssue completes a password grant.
func (e *Endpoint) TokenIssue(ctx context.Context, req *authlete.TokenIssueRequest) (*authlete.TokenIssueResponse, error) {
	response, err := e.issuePassword(ctx, req)
	if refusal, ok := errors.AsType[*oauth.Error](err); ok {
		return &authlete.TokenIssueResponse{
			Result: refusal.Result(), Action: authlete.TokenIssueInternalServerError, ResponseContent: refusal.Content(),
		}, nil
	}
	return response, err
}

func (e *Endpoint) issuePassword(ctx context.Context, req *authlete.TokenIssueRequest) (*authlete.TokenIssueResponse, error) {
	if req.Subject == "" {
		return nil, oauth.NewError(oauth.ServerError, codeIssueSubject, "The call does not name a subject.")
	}
	r, asked, err := e.resume(ctx, req.Ticket)
	if err != nil {
		return nil, err
	}
	grant, err := e.passwordGrant(r, asked, req.Subject)
	if err != nil {
		return nil, err
	}
	result, err := e.mint(r, grant)
	if err != nil {
		return nil, err
	}
	grant.ExpiresAt = result.access.Record.ExpiresAt
	if result.refresh != nil && result.refresh.Record.ExpiresAt.After(grant.ExpiresAt) {
		grant.ExpiresAt = result.refresh.Record.ExpiresAt
	}
	if err := e.deps.Store.IssueTokens(ctx, grant, result.tokens()); err != nil {
		return nil, fmt.Errorf("storing tokens: %w", err)
	}
	return issueResponse(r, result), nil
}

// issueResponse returns the response of auth/token/issue.
func issueResponse(r *request, result *issued) *authlete.TokenIssueResponse {
	response := &authlete.TokenIssueResponse{
		Result:               oauth.Success(codeIssueDone, "The token request was processed successfully."),
		Action:               authlete.TokenIssueOK,
		ResponseContent:      result.content(),
		ClientID:             r.client.ClientID,
		ClientIDAlias:        r.client.ClientIDAlias,
		ClientIDAliasUsed:    r.client.AliasUsed,
		Subject:              result.access.Record.Subject,
		Scopes:               result.access.Record.Scopes,
		AccessToken:          result.access.Value,
		AccessTokenDuration:  result.access.Duration(),
		AccessTokenExpiresAt: result.access.Record.ExpiresAt.UnixMilli(),
	}
	if result.refresh != nil {
		response.RefreshToken = result.refresh.Value
		response.RefreshTokenDuration = result.refresh.Duration()
		response.RefreshTokenExpiresAt = result.refresh.Record.ExpiresAt.UnixMilli()
	}
	return response
}

// resume uses up a ticket and returns the request that it stands for.
func (e *Endpoint) resume(ctx context.Context, value string) (*request, *pending, error) {
	opened, asked, err := e.openPassword(value)
	if errors.Is(err, ticket.ErrUnknown) {
		return nil, nil, noSuchTicket(codeIssueTicket)
	}
	if err != nil {
		return nil, nil, err
	}
	client, err := e.deps.Registry.Client(ctx, registry.IDString(asked.ClientID))
	if errors.Is(err, store.ErrNotFound) || err == nil && client.Locked {
		return nil, nil, oauth.NewError(oauth.ServerError, codeIssueClient, "The client of the ticket is gone or locked.")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("finding client: %w", err)
	}
	switch err := e.deps.Tickets.Use(ctx, &opened); {
	case errors.Is(err, ticket.ErrUsed):
		return nil, nil, noSuchTicket(codeIssueTicket)
	case err != nil:
		return nil, nil, err
	}
	return &request{
		client:  clientauth.Identity{Client: client, AliasUsed: asked.AliasUsed},
		service: e.deps.Registry.Service(),
		grant:   authlete.GrantPassword,
		now:     e.deps.Clock(),
	}, asked, nil
}

// openPassword opens a ticket without using it up.
func (e *Endpoint) openPassword(value string) (ticket.Ticket, *pending, error) {
	opened, err := e.deps.Tickets.Open(ticket.Password, value)
	if err != nil {
		return opened, nil, err
	}
	asked := &pending{}
	if err := json.Unmarshal(opened.Request, asked); err != nil {
		return opened, nil, fmt.Errorf("decoding a ticket: %w", err)
	}
	return opened, asked, nil
}

func noSuchTicket(code string) *oauth.Error {
	return oauth.NewError(oauth.ServerError, code, "There is no such ticket: it was used, or it has expired.")
}

// passwordGrant makes the grant of a password request.
func (e *Endpoint) passwordGrant(r *request, asked *pending, subject string) (*store.Grant, error) {
	id, err := e.deps.Minter.GrantID()
	if err != nil {
		return nil, err
	}
	details := issue.GrantDetails{AliasUsed: asked.AliasUsed}
	doc, err := details.Encode()
	if err != nil {
		return nil, err
	}
	return &store.Grant{
		ID: id, ClientID: r.client.ClientID, Subject: subject, Scopes: asked.Scopes, Details: doc, CreatedAt: r.now,
	}, nil
}

// TokenFail refuses a password grant. It does not use the ticket up: who gave the wrong password has not authenticated, and
// a stranger must not make the engine store anything.
func (e *Endpoint) TokenFail(_ context.Context, req *authlete.TokenFailRequest) (*authlete.TokenFailResponse, error) {
	refusal := failure(req.Reason)
	if refusal.Code == oauth.ServerError {
		return failed(refusal), nil
	}
	_, _, err := e.openPassword(req.Ticket)
	if errors.Is(err, ticket.ErrUnknown) {
		return failed(noSuchTicket(codeFailTicket)), nil
	}
	if err != nil {
		return nil, err
	}
	return failed(refusal), nil
}

// failure returns what the client is told for a reason. RFC 6749, section 5.2
// calls wrong credentials of the end-user invalid_grant.
func failure(reason authlete.TokenFailReason) *oauth.Error {
	switch reason {
	case authlete.TokenFailInvalidResourceOwnerCredentials:
		return oauth.NewError(oauth.InvalidGrant, codeFailPassword, "The username or the password is wrong.")
	case authlete.TokenFailInvalidTarget:
		return oauth.NewError(oauth.InvalidTarget, codeFailTarget, "The requested resource is not available.")
	case authlete.TokenFailUnknown:
		return oauth.NewError(oauth.InvalidRequest, codeFailUnknown, "The request was refused.")
	// Reasons of newer libraries, not in the documents of 3.0.16.
	case "INVALID_CLIENT":
		return oauth.NewError(oauth.InvalidClient, codeFailClient, "The client is not acceptable.")
	case "UNAUTHORIZED_CLIENT":
		return oauth.NewError(oauth.UnauthorizedClient, codeFailUnauthorized, "The client may not make this request.")
	case "INVALID_SCOPE":
		return oauth.NewError(oauth.InvalidScope, codeFailScope, "A requested scope is not acceptable.")
	default:
		return oauth.NewError(oauth.ServerError, codeFailReason, "The call names no known reason.")
	}
}

func failed(refusal *oauth.Error) *authlete.TokenFailResponse {
	action := authlete.TokenFailBadRequest
	if refusal.Code == oauth.ServerError {
		action = authlete.TokenFailInternalServerError
	}
	return &authlete.TokenFailResponse{Result: refusal.Result(), Action: action, ResponseContent: refusal.Content()}
}
