package token

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// presentedRefresh is a refresh token as the store has it.
type presentedRefresh struct {
	value string
	store.RefreshToken
	grant store.Grant
	// access is empty, or the access token that was issued along with the refresh token: the client presented one that this
	// one has replaced, within the leeway, and gets the same tokens again.
	access string
}

// refresh answers the refresh token grant (RFC 6749, section 6).
func (e *Endpoint) refresh(ctx context.Context, r *request) (*authlete.TokenResponse, error) {
	value := r.values.Get("refresh_token")
	if value == "" {
		return nil, oauth.NewError(oauth.InvalidRequest, codeNoRefresh, "The request does not contain 'refresh_token'.")
	}
	result, err := e.refreshed(ctx, r, value)
	if errors.Is(err, store.ErrRepeated) { // a parallel request was faster: this one gets the same answer
		result, err = e.refreshed(ctx, r, value)
	}
	if err != nil {
		return nil, err
	}
	return result.response(r, codeRefreshDone), nil
}

// refreshed returns what the client gets for a refresh token. Nothing changes before it is certain that the client may have it.
func (e *Endpoint) refreshed(ctx context.Context, r *request, value string) (*issued, error) {
	found, err := e.findRefresh(ctx, r, value)
	if err != nil {
		return nil, err
	}
	scopes, refusal := checkRefresh(r, &found.RefreshToken, &found.grant)
	if refusal != nil {
		return nil, refusal
	}
	if !e.deps.Subjects.Known(found.grant.Subject) {
		return nil, unknownSubject()
	}
	if found.access != "" {
		return e.repeat(ctx, r, found, scopes)
	}
	result, err := e.mintRefreshed(ctx, r, &found.grant, scopes)
	if err != nil {
		return nil, err
	}
	if r.service.RefreshTokenKept && r.confidential() {
		return result, e.keep(ctx, r, result, found)
	}
	return result, e.rotate(ctx, r, result, found)
}

// findRefresh reads a refresh token of the client. One that was replaced before is in two hands, and the grant is revoked
// (RFC 9700, section 4.14.2), unless that was a moment ago: answers get lost, and requests run in parallel. The client then
// gets the token that is in force by now.
func (e *Endpoint) findRefresh(ctx context.Context, r *request, value string) (*presentedRefresh, error) {
	found := &presentedRefresh{value: value}
	for range maxRepetitions {
		var err error
		found.RefreshToken, found.grant, err = e.deps.Store.FindRefresh(ctx, store.HashOf(found.value))
		if errors.Is(err, store.ErrNotFound) || err == nil && found.ClientID != r.client.ClientID {
			return nil, noSuchRefresh()
		}
		if err != nil {
			return nil, fmt.Errorf("finding refresh token: %w", err)
		}
		if found.SupersededAt.IsZero() {
			return found, nil
		}
		rotation := store.Rotation{Now: r.now, Leeway: leeway(r.service)}
		next, ok := openSuccessor(found.value, found.Successor)
		if !ok || !rotation.Repeated(found.SupersededAt) {
			break
		}
		found = &presentedRefresh{value: next.refresh, access: next.access}
	}
	if err := e.revoke(ctx, r, found.GrantID); err != nil {
		return nil, err
	}
	return nil, refreshReplayed()
}

// checkRefresh decides whether the request may use the refresh token and for
// which scopes: those of the token, or fewer if the request says so, as far as
// the client may still have them. It is a pure function.
func checkRefresh(r *request, token *store.RefreshToken, grant *store.Grant) ([]string, *oauth.Error) {
	if !grant.RevokedAt.IsZero() {
		return nil, noSuchRefresh()
	}
	last, bounded := issue.LastRefresh(r.service, grant.CreatedAt)
	if !r.now.Before(token.ExpiresAt) || bounded && !r.now.Before(last) {
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
func (e *Endpoint) rotate(ctx context.Context, r *request, result *issued, old *presentedRefresh) error {
	fresh, err := e.deps.Minter.Successor(&r.client.Client.Client, old.RefreshToken, old.grant.CreatedAt)
	if err != nil {
		return err
	}
	result.refresh = &fresh
	sealed, err := sealSuccessor(old.value, successor{refresh: fresh.Value, access: result.access.Value})
	if err != nil {
		return err
	}
	err = e.deps.Store.RotateRefresh(ctx, store.Rotation{
		Hash: old.Hash, Now: r.now, Leeway: leeway(r.service), Successor: sealed, Tokens: result.tokens(),
	})
	switch {
	case errors.Is(err, store.ErrReplayed): // a parallel request was faster; the store has revoked the grant
		return refreshReplayed()
	case errors.Is(err, store.ErrNotFound):
		return noSuchRefresh()
	case err != nil:
		return fmt.Errorf("rotating refresh token: %w", err)
	}
	return nil
}

// repeat answers with the tokens that a request a moment ago has created. Where its access token does not serve this
// request, there is a new one.
func (e *Endpoint) repeat(ctx context.Context, r *request, found *presentedRefresh, scopes []string) (*issued, error) {
	record, err := e.deps.Store.FindAccess(ctx, store.HashOf(found.access))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("finding access token: %w", err)
	}
	if err != nil || !record.RevokedAt.IsZero() || !r.now.Before(record.ExpiresAt) || !slices.Equal(record.Scopes, scopes) {
		result, err := e.mintRefreshed(ctx, r, &found.grant, scopes)
		if err != nil {
			return nil, err
		}
		return result, e.keep(ctx, r, result, found)
	}
	// From here on the records only serve the response, whose durations are what is left of the lifetimes.
	record.IssuedAt, found.CreatedAt = r.now, r.now
	result := &issued{
		access:  issue.Access{Value: found.access, Record: record},
		refresh: &issue.Refresh{Value: found.value, Record: found.RefreshToken},
	}
	return result, e.addIDToken(ctx, r, result, &found.grant, "")
}

// keep stores the access token alone and repeats the refresh token. The grant's
// record ends with the refresh token, and the access token ends with the record.
func (e *Endpoint) keep(ctx context.Context, r *request, result *issued, kept *presentedRefresh) error {
	if record := &result.access.Record; record.ExpiresAt.After(kept.grant.ExpiresAt) {
		record.ExpiresAt = kept.grant.ExpiresAt
	}
	if err := e.deps.Store.IssueTokens(ctx, nil, store.Tokens{Access: &result.access.Record}); err != nil {
		return fmt.Errorf("storing tokens: %w", err)
	}
	// From here on the record only serves the response, whose duration is what is left of the lifetime.
	kept.CreatedAt = r.now
	result.refresh = &issue.Refresh{Value: kept.value, Record: kept.RefreshToken}
	return nil
}

func noSuchRefresh() *oauth.Error {
	return oauth.NewError(oauth.InvalidGrant, codeNoSuchRefresh, "No such refresh token.")
}

func refreshReplayed() *oauth.Error {
	return oauth.NewError(oauth.InvalidGrant, codeRefreshReplayed, "The refresh token was used before.")
}

// unknownSubject refuses tokens for a person who may not use the server, now. Nothing was used up: the person may be known
// again in a moment.
func unknownSubject() *oauth.Error {
	return oauth.NewError(oauth.InvalidGrant, codeUnknownSubject, "The user is not active.")
}
