package sqlstore

import (
	"context"
	"fmt"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

const (
	grantColumns = "g.id, g.client_id, g.subject, g.scopes, g.details, g.created_at, g.expires_at, g.revoked_at"
	selectGrant  = "SELECT " + grantColumns + " FROM grants g WHERE g.id = ?"
	selectCode   = "SELECT c.client_id, c.request, c.expires_at, c.consumed_at, " + grantColumns +
		" FROM codes c JOIN grants g ON g.id = c.grant_id WHERE c.hash = ?"
	selectRefresh = "SELECT r.client_id, r.scopes, r.generation, r.created_at, r.expires_at, r.superseded_at, r.successor, " + grantColumns +
		" FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id WHERE r.hash = ?"
	selectAccess = "SELECT a.grant_id, a.grant_type, a.client_id, a.subject, a.scopes, a.issued_at, a.expires_at, " +
		"CASE WHEN a.revoked_at = 0 THEN COALESCE(g.revoked_at, 0) ELSE a.revoked_at END " +
		"FROM access_tokens a LEFT JOIN grants g ON g.id = a.grant_id WHERE a.hash = ? AND (a.grant_id = '' OR g.id IS NOT NULL)"
)

// FindCode implements store.Grants.
func (s *Store) FindCode(ctx context.Context, hash store.Hash) (store.Code, store.Grant, error) {
	code := store.Code{Hash: hash}
	var expires, consumed int64
	var g grantRow
	dest := append([]any{&code.ClientID, &code.Request, &expires, &consumed}, g.dest()...)
	if err := s.db.row(ctx, do(selectCode, hash[:]), dest...); err != nil {
		return store.Code{}, store.Grant{}, fmt.Errorf("reading a code: %w", err)
	}
	code.GrantID, code.ExpiresAt, code.ConsumedAt = g.g.ID, store.Moment(expires), store.Moment(consumed)
	return code, g.grant(), nil
}

// FindRefresh implements store.Grants.
func (s *Store) FindRefresh(ctx context.Context, hash store.Hash) (store.RefreshToken, store.Grant, error) {
	token := store.RefreshToken{Hash: hash}
	var scopes string
	var created, expires, superseded int64
	var g grantRow
	dest := append([]any{&token.ClientID, &scopes, &token.Generation, &created, &expires, &superseded, &token.Successor}, g.dest()...)
	if err := s.db.row(ctx, do(selectRefresh, hash[:]), dest...); err != nil {
		return store.RefreshToken{}, store.Grant{}, fmt.Errorf("reading a refresh token: %w", err)
	}
	token.GrantID, token.Scopes = g.g.ID, split(scopes)
	token.CreatedAt, token.ExpiresAt, token.SupersededAt = store.Moment(created), store.Moment(expires), store.Moment(superseded)
	return token, g.grant(), nil
}

// FindGrant implements store.Grants.
func (s *Store) FindGrant(ctx context.Context, grantID string) (store.Grant, error) {
	if !storable(grantID) {
		return store.Grant{}, store.ErrNotFound
	}
	var g grantRow
	if err := s.db.row(ctx, do(selectGrant, grantID), g.dest()...); err != nil {
		return store.Grant{}, fmt.Errorf("reading a grant: %w", err)
	}
	return g.grant(), nil
}

// FindAccess implements store.Grants.
func (s *Store) FindAccess(ctx context.Context, hash store.Hash) (store.AccessToken, error) {
	token := store.AccessToken{Hash: hash}
	var scopes string
	var issued, expires, revoked int64
	err := s.db.row(ctx, do(selectAccess, hash[:]),
		&token.GrantID, &token.GrantType, &token.ClientID, &token.Subject, &scopes, &issued, &expires, &revoked)
	if err != nil {
		return store.AccessToken{}, fmt.Errorf("reading an access token: %w", err)
	}
	token.Scopes = split(scopes)
	token.IssuedAt, token.ExpiresAt, token.RevokedAt = store.Moment(issued), store.Moment(expires), store.Moment(revoked)
	return token, nil
}

// grantRow is a row of the table grants.
type grantRow struct {
	g                         store.Grant
	scopes                    string
	created, expires, revoked int64
}

func (r *grantRow) dest() []any {
	return []any{&r.g.ID, &r.g.ClientID, &r.g.Subject, &r.scopes, &r.g.Details, &r.created, &r.expires, &r.revoked}
}

func (r *grantRow) grant() store.Grant {
	g := r.g
	g.Scopes = split(r.scopes)
	g.CreatedAt, g.ExpiresAt, g.RevokedAt = store.Moment(r.created), store.Moment(r.expires), store.Moment(r.revoked)
	return g
}
