package token

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// mint makes the tokens of a grant of an end-user, the ID token excepted.
func (e *Endpoint) mint(r *request, grant *store.Grant) (*issued, error) {
	spec := issue.Spec{
		Client: &r.client.Client.Client, GrantType: r.grant, GrantID: grant.ID, Subject: grant.Subject, Scopes: grant.Scopes,
		Begun: grant.CreatedAt,
	}
	access, err := e.deps.Minter.Access(spec)
	if err != nil {
		return nil, err
	}
	result := &issued{access: access}
	if r.client.MayUseGrant(r.service, authlete.GrantRefreshToken) {
		refresh, err := e.deps.Minter.Refresh(spec)
		if err != nil {
			return nil, err
		}
		result.refresh = &refresh
	}
	return result, nil
}

// addIDToken adds an ID token to the access token of an OpenID Connect grant.
func (e *Endpoint) addIDToken(ctx context.Context, r *request, result *issued, grant *store.Grant, nonce string) error {
	if !slices.Contains(result.access.Record.Scopes, issue.ScopeOpenID) {
		return nil
	}
	details, err := issue.DecodeGrantDetails(grant.Details)
	if err != nil {
		return err
	}
	result.idToken, err = e.deps.Minter.IDToken(ctx, issue.IDToken{
		Client:      &r.client.Client.Client,
		Audience:    r.client.Identifier(details.AliasUsed),
		Subject:     grant.Subject,
		Details:     &details,
		Nonce:       nonce,
		AccessToken: result.access.Value,
	})
	return err
}

// revoke ends a grant whose code or refresh token was used twice.
func (e *Endpoint) revoke(ctx context.Context, r *request, grantID string) error {
	err := e.deps.Store.RevokeGrant(ctx, grantID, r.now)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("revoking grant: %w", err)
	}
	return nil
}
