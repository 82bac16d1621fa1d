package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

const (
	insertTicket  = "INSERT INTO tickets (hash, kind, client_id, request, expires_at) VALUES (?, ?, ?, ?, ?)"
	consumeTicket = "DELETE FROM tickets WHERE hash = ? AND kind = ? AND expires_at > ? RETURNING client_id, request, expires_at"

	insertGrant = "INSERT INTO grants (id, client_id, subject, scopes, details, created_at, expires_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, 0)"
	insertCode  = "INSERT INTO codes (hash, grant_id, client_id, request, expires_at, consumed_at) VALUES (?, ?, ?, ?, ?, 0)"

	insertAccess = "INSERT INTO access_tokens (hash, grant_id, grant_type, client_id, subject, scopes, issued_at, expires_at, revoked_at) " +
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)"
	insertRefresh = "INSERT INTO refresh_tokens (hash, grant_id, client_id, scopes, generation, created_at, expires_at, superseded_at) " +
		"VALUES (?, ?, ?, ?, ?, ?, ?, 0)"

	grantColumns = "g.id, g.client_id, g.subject, g.scopes, g.details, g.created_at, g.expires_at, g.revoked_at"
	selectCode   = "SELECT c.grant_id, c.client_id, c.request, c.expires_at, c.consumed_at, " + grantColumns +
		" FROM codes c JOIN grants g ON g.id = c.grant_id WHERE c.hash = ?"
	selectRefresh = "SELECT r.grant_id, r.client_id, r.scopes, r.generation, r.created_at, r.expires_at, r.superseded_at, " + grantColumns +
		" FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id WHERE r.hash = ?"
	selectGrant  = "SELECT " + grantColumns + " FROM grants g WHERE g.id = ?"
	selectAccess = "SELECT a.grant_id, a.grant_type, a.client_id, a.subject, a.scopes, a.issued_at, a.expires_at, a.revoked_at, COALESCE(g.revoked_at, 0) " +
		"FROM access_tokens a LEFT JOIN grants g ON g.id = a.grant_id WHERE a.hash = ?"

	redeemCode = "UPDATE codes SET consumed_at = ? WHERE hash = ? AND consumed_at = 0 AND expires_at > ? " +
		"AND EXISTS (SELECT 1 FROM grants WHERE id = codes.grant_id AND revoked_at = 0)"
	codeState     = "SELECT grant_id, consumed_at FROM codes WHERE hash = ?"
	rotateRefresh = "UPDATE refresh_tokens SET superseded_at = ? WHERE hash = ? AND superseded_at = 0 AND expires_at > ? " +
		"AND EXISTS (SELECT 1 FROM grants WHERE id = refresh_tokens.grant_id AND revoked_at = 0)"
	refreshState = "SELECT grant_id, superseded_at FROM refresh_tokens WHERE hash = ?"
	extendGrant  = "UPDATE grants SET expires_at = ? WHERE id = ? AND expires_at < ?"
	revokeGrant  = "UPDATE grants SET revoked_at = CASE WHEN revoked_at = 0 THEN CAST(? AS BIGINT) ELSE revoked_at END WHERE id = ?"
	revokeAccess = "UPDATE access_tokens SET revoked_at = CASE WHEN revoked_at = 0 THEN CAST(? AS BIGINT) ELSE revoked_at END WHERE hash = ?"
	revokeGrants = "UPDATE grants SET revoked_at = ? WHERE revoked_at = 0 AND (CAST(? AS BIGINT) = 0 OR client_id = ?) AND (CAST(? AS TEXT) = '' OR subject = ?)"
)

// transactionStatements are the statements that run inside transactions.
func transactionStatements() []string {
	return []string{insertGrant, insertCode, insertAccess, insertRefresh, redeemCode, codeState, rotateRefresh, refreshState, extendGrant, revokeGrant}
}

// PutTicket implements store.Tickets.
func (s *Store) PutTicket(ctx context.Context, t store.Ticket) error {
	if _, err := s.exec(ctx, insertTicket, t.Hash[:], string(t.Kind), t.ClientID, t.Request, millis(t.ExpiresAt)); err != nil {
		return fmt.Errorf("storing a ticket: %w", err)
	}
	return nil
}

// ConsumeTicket implements store.Tickets.
func (s *Store) ConsumeTicket(ctx context.Context, hash store.Hash, kind store.TicketKind, now time.Time) (store.Ticket, error) {
	ticket := store.Ticket{Hash: hash, Kind: kind}
	var expires int64
	stmt, err := s.statement(ctx, s.write, consumeTicket)
	if err != nil {
		return store.Ticket{}, fmt.Errorf("consuming a ticket: %w", err)
	}
	err = notFound(stmt.QueryRowContext(ctx, hash[:], string(kind), millis(now)).Scan(&ticket.ClientID, &ticket.Request, &expires))
	if err != nil {
		return store.Ticket{}, fmt.Errorf("consuming a ticket: %w", err)
	}
	ticket.ExpiresAt = fromMillis(expires)
	return ticket, nil
}

// IssueCode implements store.Grants.
func (s *Store) IssueCode(ctx context.Context, grant store.Grant, code store.Code, tokens store.Tokens) error {
	err := s.inTransaction(ctx, func(t transaction) error {
		if err := t.putGrant(ctx, grant); err != nil {
			return err
		}
		if _, err := t.exec(ctx, insertCode, code.Hash[:], code.GrantID, code.ClientID, code.Request, millis(code.ExpiresAt)); err != nil {
			return err
		}
		return t.putTokens(ctx, tokens)
	})
	if err != nil {
		return fmt.Errorf("storing a code: %w", err)
	}
	return nil
}

// IssueTokens implements store.Grants. A lone access token, the hot path, is one statement.
func (s *Store) IssueTokens(ctx context.Context, grant *store.Grant, tokens store.Tokens) error {
	var err error
	if grant == nil && tokens.Refresh == nil {
		if tokens.Access != nil {
			_, err = s.exec(ctx, insertAccess, accessArgs(tokens.Access)...)
		}
	} else {
		err = s.inTransaction(ctx, func(t transaction) error {
			if grant != nil {
				if err := t.putGrant(ctx, *grant); err != nil {
					return err
				}
			}
			return t.putTokens(ctx, tokens)
		})
	}
	if err != nil {
		return fmt.Errorf("storing tokens: %w", err)
	}
	return nil
}

func accessArgs(a *store.AccessToken) []any {
	return []any{a.Hash[:], a.GrantID, a.GrantType, a.ClientID, a.Subject, joined(a.Scopes), millis(a.IssuedAt), millis(a.ExpiresAt)}
}

func (t transaction) putGrant(ctx context.Context, g store.Grant) error {
	_, err := t.exec(ctx, insertGrant, g.ID, g.ClientID, g.Subject, joined(g.Scopes), g.Details, millis(g.CreatedAt), millis(g.ExpiresAt))
	return err
}

func (t transaction) putTokens(ctx context.Context, tokens store.Tokens) error {
	if tokens.Access != nil {
		if _, err := t.exec(ctx, insertAccess, accessArgs(tokens.Access)...); err != nil {
			return err
		}
	}
	r := tokens.Refresh
	if r == nil {
		return nil
	}
	_, err := t.exec(ctx, insertRefresh, r.Hash[:], r.GrantID, r.ClientID, joined(r.Scopes), r.Generation, millis(r.CreatedAt), millis(r.ExpiresAt))
	return err
}

// FindCode implements store.Grants.
func (s *Store) FindCode(ctx context.Context, hash store.Hash) (store.Code, store.Grant, error) {
	code := store.Code{Hash: hash}
	var expires, consumed int64
	var g grantRow
	dest := append([]any{&code.GrantID, &code.ClientID, &code.Request, &expires, &consumed}, g.dest()...)
	if err := s.row(ctx, selectCode, []any{hash[:]}, dest); err != nil {
		return store.Code{}, store.Grant{}, fmt.Errorf("reading a code: %w", err)
	}
	code.ExpiresAt, code.ConsumedAt = fromMillis(expires), fromMillis(consumed)
	return code, g.grant(), nil
}

// FindRefresh implements store.Grants.
func (s *Store) FindRefresh(ctx context.Context, hash store.Hash) (store.RefreshToken, store.Grant, error) {
	token := store.RefreshToken{Hash: hash}
	var scopes string
	var created, expires, superseded int64
	var g grantRow
	dest := append([]any{&token.GrantID, &token.ClientID, &scopes, &token.Generation, &created, &expires, &superseded}, g.dest()...)
	if err := s.row(ctx, selectRefresh, []any{hash[:]}, dest); err != nil {
		return store.RefreshToken{}, store.Grant{}, fmt.Errorf("reading a refresh token: %w", err)
	}
	token.Scopes = fromJoined(scopes)
	token.CreatedAt, token.ExpiresAt, token.SupersededAt = fromMillis(created), fromMillis(expires), fromMillis(superseded)
	return token, g.grant(), nil
}

// FindGrant implements store.Grants.
func (s *Store) FindGrant(ctx context.Context, grantID string) (store.Grant, error) {
	var g grantRow
	if err := s.row(ctx, selectGrant, []any{grantID}, g.dest()); err != nil {
		return store.Grant{}, fmt.Errorf("reading a grant: %w", err)
	}
	return g.grant(), nil
}

// FindAccess implements store.Grants.
func (s *Store) FindAccess(ctx context.Context, hash store.Hash) (store.AccessToken, error) {
	token := store.AccessToken{Hash: hash}
	var scopes string
	var issued, expires, revoked, grantRevoked int64
	dest := []any{&token.GrantID, &token.GrantType, &token.ClientID, &token.Subject, &scopes, &issued, &expires, &revoked, &grantRevoked}
	if err := s.row(ctx, selectAccess, []any{hash[:]}, dest); err != nil {
		return store.AccessToken{}, fmt.Errorf("reading an access token: %w", err)
	}
	if revoked == 0 {
		revoked = grantRevoked
	}
	token.Scopes = fromJoined(scopes)
	token.IssuedAt, token.ExpiresAt, token.RevokedAt = fromMillis(issued), fromMillis(expires), fromMillis(revoked)
	return token, nil
}

// consumption is a one-time use of a code or refresh token.
type consumption struct {
	consume, state string
	hash           store.Hash
	now            time.Time
	tokens         store.Tokens
}

// RedeemCode implements store.Grants.
func (s *Store) RedeemCode(ctx context.Context, hash store.Hash, now time.Time, tokens store.Tokens) error {
	if err := s.consume(ctx, consumption{redeemCode, codeState, hash, now, tokens}); err != nil {
		return fmt.Errorf("redeeming a code: %w", err)
	}
	return nil
}

// RotateRefresh implements store.Grants.
func (s *Store) RotateRefresh(ctx context.Context, hash store.Hash, now time.Time, tokens store.Tokens) error {
	if err := s.consume(ctx, consumption{rotateRefresh, refreshState, hash, now, tokens}); err != nil {
		return fmt.Errorf("rotating a refresh token: %w", err)
	}
	return nil
}

// consume marks the record used and stores the tokens, or finds out why it cannot.
func (s *Store) consume(ctx context.Context, c consumption) error {
	replayed := false
	err := s.inTransaction(ctx, func(t transaction) error {
		changed, err := t.exec(ctx, c.consume, millis(c.now), c.hash[:], millis(c.now))
		if err != nil {
			return err
		}
		var grantID string
		var used int64
		if err := t.row(ctx, c.state, []any{c.hash[:]}, []any{&grantID, &used}); err != nil {
			return err
		}
		if changed == 0 {
			if used == 0 {
				return store.ErrNotFound // expired, or the grant is revoked
			}
			replayed = true
			_, err := t.exec(ctx, revokeGrant, millis(c.now), grantID)
			return err
		}
		if err := t.putTokens(ctx, c.tokens); err != nil {
			return err
		}
		end := millis(lastExpiry(c.tokens))
		_, err = t.exec(ctx, extendGrant, end, grantID, end)
		return err
	})
	if err == nil && replayed {
		return store.ErrReplayed
	}
	return err
}

// lastExpiry is when the last of the tokens ends.
func lastExpiry(tokens store.Tokens) time.Time {
	var last time.Time
	if tokens.Access != nil {
		last = tokens.Access.ExpiresAt
	}
	if tokens.Refresh != nil && tokens.Refresh.ExpiresAt.After(last) {
		last = tokens.Refresh.ExpiresAt
	}
	return last
}

// RevokeAccess implements store.Grants.
func (s *Store) RevokeAccess(ctx context.Context, hash store.Hash, now time.Time) error {
	return s.one(ctx, "revoking an access token", revokeAccess, millis(now), hash[:])
}

// RevokeGrant implements store.Grants.
func (s *Store) RevokeGrant(ctx context.Context, grantID string, now time.Time) error {
	return s.one(ctx, "revoking a grant", revokeGrant, millis(now), grantID)
}

// one runs a statement that must change one row.
func (s *Store) one(ctx context.Context, doing, query string, args ...any) error {
	changed, err := s.exec(ctx, query, args...)
	if err == nil && changed == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// RevokeGrants implements store.Grants.
func (s *Store) RevokeGrants(ctx context.Context, clientID int64, subject string, now time.Time) (int64, error) {
	if clientID == 0 && subject == "" {
		return 0, errors.New("revoking grants: neither client nor subject given")
	}
	count, err := s.exec(ctx, revokeGrants, millis(now), clientID, clientID, subject, subject)
	if err != nil {
		return 0, fmt.Errorf("revoking grants: %w", err)
	}
	return count, nil
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
	g.Scopes = fromJoined(r.scopes)
	g.CreatedAt, g.ExpiresAt, g.RevokedAt = fromMillis(r.created), fromMillis(r.expires), fromMillis(r.revoked)
	return g
}
