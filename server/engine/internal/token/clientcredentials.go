package token

import (
	"context"
	"fmt"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
)

// issueToClient answers the client credentials grant (RFC 6749, section 4.4): the client itself gets an access token.
func (e *Endpoint) issueToClient(ctx context.Context, r *request) (*authlete.TokenResponse, error) {
	if !r.confidential() {
		return nil, oauth.NewError(oauth.UnauthorizedClient, codePublicClient,
			"Public clients may not use the client credentials grant.")
	}
	scopes, refusal := r.requestedScopes(issue.ScopeOpenID, issue.ScopeOfflineAccess)
	if refusal != nil {
		return nil, refusal
	}
	access, err := e.deps.Minter.Access(issue.Spec{Client: &r.client.Client.Client, GrantType: r.grant, Scopes: scopes})
	if err != nil {
		return nil, err
	}
	result := issued{access: access}
	if err := e.deps.Store.IssueTokens(ctx, nil, result.tokens()); err != nil {
		return nil, fmt.Errorf("storing tokens: %w", err)
	}
	return result.response(r, codeClientDone), nil
}
