package token

import (
	"context"
	"errors"
	"fmt"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// refresh answers the refresh token grant (RFC 6749, section 6).
func (e *Endpoint) refresh(ctx context.Context, r *request) (*authlete.TokenResponse, error) {
	value := r.values.Get("refresh_token")
	if value == "" {
		return nil, oauth.NewError(oauth.InvalidRequest, codeNoRefresh, "The request does not contain 'refresh_token'.")
	}
	old, grant, err := e.findRefresh(ctx, r, store.HashOf(value))
	if err != nil {
		return nil, err
	}
	scopes, refusal := checkRefresh(r, &old, &grant)
	if refusal != nil {
		return nil, refusal
	}
	result, err := e.mintRefreshed(ctx, r, &grant, scopes)
	if err != nil {
		return nil, err
	}
	if r.service.RefreshTokenKept && r.confidential() {
		err = e.keep(ctx, r, result, &issue.Refresh{Value: value, Record: old}, &grant)
	} else {
		err = e.rotate(ctx, r, result, &old)
	}
	if err != nil {
		return nil, err
	}
	return result.response(r, codeRefreshDone), nil
}

// findRefresh reads a refresh token of the client. One that was rotated before is
// in two hands: the grant is revoked (RFC 9700, section 4.14.2).
func (e *Endpoint) findRefresh(ctx context.Context, r *request, hash store.Hash) (store.RefreshToken, store.Grant, error) {
	token, grant, err := e.deps.Store.FindRefresh(ctx, hash)
	if errors.Is(err, store.ErrNotFound) || err == nil && token.ClientID != r.client.ClientID {
		return token, grant, noSuchRefresh()
	}
	if err != nil {
		return token, grant, fmt.Errorf("finding refresh token: %w", err)
	}
	if !token.SupersededAt.IsZero() {
		if err := e.revoke(ctx, r, token.GrantID); err != nil {
			return token, grant, err
		}
		return token, grant, refreshReplayed()
	}
	return token, grant, nil
}

// checkRefresh decides whether the request may use the refresh token and for
// which scopes: those of the token, or fewer if the request says so, as far as
// the client may still have them. It is a pure function.
func checkRefresh(r *request, token *store.RefreshToken, grant *store.Grant) ([]string, *oauth.Error) {
	if !grant.RevokedAt.IsZero() {
		return nil, noSuchRefresh()
	}
	if !r.now.Before(token.ExpiresAt) {
		return nil, oauth.NewError(oauth.InvalidGrant, codeRefreshExpired, "The refresh token has expired.")
	}
	scopes := token.Scopes
	if parameter := r.values.Get("scope"); parameter != "" {
		scopes = oauth.ParseScopes(parameter)
		if !oauth.Subset(scopes, token.Scopes) {
			return nil, oauth.NewError(oauth.InvalidScope, codeRefreshScope,
				"The request asks for scopes that the refresh token does not have.")
		}
	}
	allowed := r.client.AllowedScopes(r.service, scopes)
	if len(allowed) == 0 && len(scopes) > 0 {
		return nil, oauth.NewError(oauth.InvalidScope, codeRefreshScope, "The client may have none of the scopes any more.")
	}
	return allowed, nil
}

// mintRefreshed makes the access token and, for OpenID Connect, the ID token.
func (e *Endpoint) mintRefreshed(ctx context.Context, r *request, grant *store.Grant, scopes []string) (*issued, error) {
	access, err := e.deps.Minter.Access(issue.Spec{
		Client: &r.client.Client.Client, GrantType: r.grant, GrantID: grant.ID, Subject: grant.Subject, Scopes: scopes,
	})
	if err != nil {
		return nil, err
	}
	result := &issued{access: access}
	return result, e.addIDToken(ctx, r, result, grant, "")
}

// rotate replaces the refresh token.
func (e *Endpoint) rotate(ctx context.Context, r *request, result *issued, old *store.RefreshToken) error {
	successor, err := e.deps.Minter.Successor(&r.client.Client.Client, *old)
	if err != nil {
		return err
	}
	result.refresh = &successor
	switch err := e.deps.Store.RotateRefresh(ctx, old.Hash, r.now, result.tokens()); {
	case errors.Is(err, store.ErrReplayed): // a parallel request was faster; the store has revoked the grant
		return refreshReplayed()
	case errors.Is(err, store.ErrNotFound):
		return noSuchRefresh()
	case err != nil:
		return fmt.Errorf("rotating refresh token: %w", err)
	}
	return nil
}

// keep stores the access token alone and repeats the refresh token. The grant's
// record ends with the refresh token, and the access token ends with the record.
func (e *Endpoint) keep(ctx context.Context, r *request, result *issued, kept *issue.Refresh, grant *store.Grant) error {
	if record := &result.access.Record; record.ExpiresAt.After(grant.ExpiresAt) {
		record.ExpiresAt = grant.ExpiresAt
	}
	if err := e.deps.Store.IssueTokens(ctx, nil, store.Tokens{Access: &result.access.Record}); err != nil {
		return fmt.Errorf("storing tokens: %w", err)
	}
	// From here on the record only serves the response, whose duration is what is left of the lifetime.
	kept.Record.CreatedAt = r.now
	result.refresh = kept
	return nil
}

func noSuchRefresh() *oauth.Error {
	return oauth.NewError(oauth.InvalidGrant, codeNoSuchRefresh, "No such refresh token.")
}

func refreshReplayed() *oauth.Error {
	return oauth.NewError(oauth.InvalidGrant, codeRefreshReplayed, "The refresh token was used before.")
}
