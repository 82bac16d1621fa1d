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

// presented is a code as the store has it.
type presented struct {
	code    store.Code
	grant   store.Grant
	request issue.CodeRequest
}

// redeemCode answers the authorization code grant (RFC 6749, section 4.1.3).
func (e *Endpoint) redeemCode(ctx context.Context, r *request) (*authlete.TokenResponse, error) {
	value := r.values.Get("code")
	if value == "" {
		return nil, oauth.NewError(oauth.InvalidRequest, codeNoCode, "The request does not contain 'code'.")
	}
	found, err := e.findCode(ctx, r, store.HashOf(value))
	if err != nil {
		return nil, err
	}
	if refusal := checkCode(r, found); refusal != nil {
		return nil, refusal
	}
	if !e.deps.Subjects.Known(found.grant.Subject) {
		return nil, unknownSubject()
	}
	result, err := e.mint(r, &found.grant)
	if err != nil {
		return nil, err
	}
	if err := e.addIDToken(ctx, r, result, &found.grant, found.request.Nonce); err != nil {
		return nil, err
	}
	switch err := e.deps.Store.RedeemCode(ctx, found.code.Hash, r.now, result.tokens()); {
	case errors.Is(err, store.ErrReplayed): // a parallel request was faster; the store has revoked the grant
		return nil, codeReplayed()
	case errors.Is(err, store.ErrNotFound):
		return nil, noSuchCode()
	case err != nil:
		return nil, fmt.Errorf("redeeming code: %w", err)
	}
	return result.response(r, codeCodeDone), nil
}

// findCode reads a code of the client. One that was redeemed before revokes what
// it was redeemed for (RFC 6749, section 4.1.2), one of another client does nothing.
func (e *Endpoint) findCode(ctx context.Context, r *request, hash store.Hash) (*presented, error) {
	code, grant, err := e.deps.Store.FindCode(ctx, hash)
	if errors.Is(err, store.ErrNotFound) || err == nil && code.ClientID != r.client.ClientID {
		return nil, noSuchCode()
	}
	if err != nil {
		return nil, fmt.Errorf("finding code: %w", err)
	}
	if !code.ConsumedAt.IsZero() {
		if err := e.revoke(ctx, r, code.GrantID); err != nil {
			return nil, err
		}
		return nil, codeReplayed()
	}
	request, err := issue.DecodeCodeRequest(code.Request)
	if err != nil {
		return nil, err
	}
	return &presented{code: code, grant: grant, request: request}, nil
}

// checkCode decides whether the request may redeem the code. It is a pure function.
func checkCode(r *request, in *presented) *oauth.Error {
	if !r.now.Before(in.code.ExpiresAt) {
		return oauth.NewError(oauth.InvalidGrant, codeCodeExpired, "The authorization code has expired.")
	}
	if !in.grant.RevokedAt.IsZero() {
		return noSuchCode()
	}
	if refusal := checkRedirectURI(&in.request, r.values.Get("redirect_uri")); refusal != nil {
		return refusal
	}
	return checkVerifier(r, &in.request)
}

// checkRedirectURI demands the redirect URI of the authorization request where
// that named one; where it named none, naming the one that was used does no harm.
func checkRedirectURI(request *issue.CodeRequest, uri string) *oauth.Error {
	if uri == request.RedirectURI || uri == "" && !request.RedirectURISent {
		return nil
	}
	return oauth.NewError(oauth.InvalidGrant, codeRedirectURI,
		"The 'redirect_uri' is not that of the authorization request.")
}

func noSuchCode() *oauth.Error {
	return oauth.NewError(oauth.InvalidGrant, codeNoSuchCode, "No such authorization code.")
}

func codeReplayed() *oauth.Error {
	return oauth.NewError(oauth.InvalidGrant, codeCodeReplayed, "The authorization code was used before.")
}
