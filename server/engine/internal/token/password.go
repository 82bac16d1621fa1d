package token

import (
	"context"
	"fmt"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/jsontext"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/ticket"
)

// pending is the document of a password ticket.
type pending struct {
	ClientID  int64    `json:"clientId"`
	Scopes    []string `json:"scopes,omitempty"`
	AliasUsed bool     `json:"aliasUsed,omitempty"`
}

// askForPassword answers the password grant (RFC 6749, section 4.3): it has the front end check the password.
func (e *Endpoint) askForPassword(_ context.Context, r *request) (*authlete.TokenResponse, error) {
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
	doc, err := jsontext.Marshal(pending{ClientID: r.client.ClientID, Scopes: scopes, AliasUsed: r.client.AliasUsed})
	if err != nil {
		return nil, fmt.Errorf("encoding a ticket: %w", err)
	}
	value, err := e.deps.Tickets.Seal(ticket.Password, doc)
	if err != nil {
		return nil, err
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
