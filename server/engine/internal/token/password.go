package token

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// ticketLifetime is how long the front end may take to check a password.
const ticketLifetime = 5 * time.Minute

// pending is the document of a password ticket.
type pending struct {
	Scopes    []string `json:"scopes,omitempty"`
	AliasUsed bool     `json:"aliasUsed,omitempty"`
}

// askForPassword answers the password grant (RFC 6749, section 4.3): it has the front end check the password.
func (e *Endpoint) askForPassword(ctx context.Context, r *request) (*authlete.TokenResponse, error) {
	username, password := r.values.Get("username"), r.values.Get("password")
	if username == "" || password == "" {
		return nil, oauth.NewError(oauth.InvalidRequest, codeNoPassword,
			"The request does not contain 'username' and 'password'.")
	}
	// OpenID Connect has no such grant, so there is neither an ID token nor a userinfo response.
	scopes, refusal := r.requestedScopes(issue.ScopeOpenID)
	if refusal != nil {
		return nil, refusal
	}
	doc, err := json.Marshal(pending{Scopes: scopes, AliasUsed: r.client.AliasUsed})
	if err != nil {
		return nil, fmt.Errorf("encoding ticket: %w", err)
	}
	value, err := e.deps.Minter.Opaque()
	if err != nil {
		return nil, err
	}
	ticket := store.Ticket{
		Hash: store.HashOf(value), Kind: store.TicketPassword, ClientID: r.client.ClientID,
		Request: doc, ExpiresAt: r.now.Add(ticketLifetime),
	}
	if err := e.deps.Store.PutTicket(ctx, ticket); err != nil {
		return nil, fmt.Errorf("storing ticket: %w", err)
	}
	return &authlete.TokenResponse{
		Result:            oauth.Success(codePasswordTicket, "The password must be checked."),
		Action:            authlete.TokenPassword,
		Ticket:            value,
		Username:          username,
		Password:          password,
		GrantType:         r.grant,
		ClientID:          r.client.ClientID,
		ClientIDAlias:     r.client.ClientIDAlias,
		ClientIDAliasUsed: r.client.AliasUsed,
		Scopes:            scopes,
	}, nil
}
