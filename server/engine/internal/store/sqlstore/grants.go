package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

const (
	insertGrant = "INSERT INTO grants (id, client_id, subject, scopes, details, created_at, expires_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, 0)"
	insertCode  = "INSERT INTO codes (hash, grant_id, client_id, request, expires_at, consumed_at) VALUES (?, ?, ?, ?, ?, 0)"

	insertAccess = "INSERT INTO access_tokens (hash, grant_id, grant_type, client_id, subject, scopes, issued_at, expires_at, revoked_at) " +
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)"
	insertRefresh = "INSERT INTO refresh_tokens (hash, grant_id, client_id, scopes, generation, created_at, expires_at, superseded_at) " +
		"VALUES (?, ?, ?, ?, ?, ?, ?, 0)"

	// A consumption takes the grant's row first: it waits there for any other one, for a revocation and for a deletion.
	useGrant = "UPDATE grants SET expires_at = CASE WHEN expires_at < CAST(? AS BIGINT) THEN CAST(? AS BIGINT) ELSE expires_at END " +
		"WHERE revoked_at = 0 AND id = "
	useGrantOfID      = useGrant + "?"
	useGrantOfCode    = useGrant + "(SELECT grant_id FROM codes WHERE hash = ?)"
	useGrantOfRefresh = useGrant + "(SELECT grant_id FROM refresh_tokens WHERE hash = ?)"
	consumeCode       = "UPDATE codes SET consumed_at = ? WHERE hash = ? AND consumed_at = 0 AND expires_at > ?"
	supersedeRefresh  = "UPDATE refresh_tokens SET superseded_at = ?, successor = ? WHERE hash = ? AND superseded_at = 0 AND expires_at > ?"

	grantOfUsedCode    = "SELECT g.id, c.consumed_at FROM codes c JOIN grants g ON g.id = c.grant_id WHERE c.hash = ? AND c.consumed_at <> 0"
	grantOfUsedRefresh = "SELECT g.id, r.superseded_at FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id WHERE r.hash = ? AND r.superseded_at <> 0"
)

// IssueCode implements store.Grants.
func (s *Store) IssueCode(ctx context.Context, grant store.Grant, code store.Code, tokens store.Tokens) error {
	steps := []step{
		grantStep(&grant),
		do(insertCode, code.Hash[:], code.GrantID, code.ClientID, blob(code.Request), store.Millis(code.ExpiresAt)),
	}
	if _, err := s.db.change(ctx, append(steps, tokenSteps(tokens)...)...); err != nil {
		return fmt.Errorf("storing a code: %w", err)
	}
	return nil
}

// IssueTokens implements store.Grants.
func (s *Store) IssueTokens(ctx context.Context, grant *store.Grant, tokens store.Tokens) error {
	steps := tokenSteps(tokens)
	switch {
	case grant != nil:
		steps = append([]step{grantStep(grant)}, steps...)
	case tokens.Refresh != nil:
		end := lastExpiry(tokens)
		steps = append([]step{must(useGrantOfID, end, end, tokens.Refresh.GrantID)}, steps...)
	case tokens.Access == nil:
		return nil
	}
	_, err := s.db.change(ctx, steps...)
	if errors.Is(err, errUnchanged) {
		err = store.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("storing tokens: %w", err)
	}
	return nil
}

func grantStep(g *store.Grant) step {
	return do(insertGrant, g.ID, g.ClientID, g.Subject, joined(g.Scopes), blob(g.Details), store.Millis(g.CreatedAt), store.Millis(g.ExpiresAt))
}

func tokenSteps(tokens store.Tokens) []step {
	var steps []step
	if a := tokens.Access; a != nil {
		steps = append(steps, do(insertAccess, a.Hash[:], a.GrantID, a.GrantType, a.ClientID, a.Subject, joined(a.Scopes),
			store.Millis(a.IssuedAt), store.Millis(a.ExpiresAt)))
	}
	if r := tokens.Refresh; r != nil {
		steps = append(steps, do(insertRefresh, r.Hash[:], r.GrantID, r.ClientID, joined(r.Scopes), r.Generation,
			store.Millis(r.CreatedAt), store.Millis(r.ExpiresAt)))
	}
	return steps
}

// RedeemCode implements store.Grants.
func (s *Store) RedeemCode(ctx context.Context, hash store.Hash, now time.Time, tokens store.Tokens) error {
	at := store.Millis(now)
	err := s.consume(ctx, consumption{
		useGrant: useGrantOfCode, use: must(consumeCode, at, hash[:], at), used: grantOfUsedCode,
		rotation: store.Rotation{Hash: hash, Now: now, Tokens: tokens},
	})
	if err != nil {
		return fmt.Errorf("redeeming a code: %w", err)
	}
	return nil
}

// RotateRefresh implements store.Grants.
func (s *Store) RotateRefresh(ctx context.Context, rotation store.Rotation) error {
	at := store.Millis(rotation.Now)
	err := s.consume(ctx, consumption{
		useGrant: useGrantOfRefresh, use: must(supersedeRefresh, at, blob(rotation.Successor), rotation.Hash[:], at), used: grantOfUsedRefresh,
		rotation: rotation,
	})
	if err != nil {
		return fmt.Errorf("rotating a refresh token: %w", err)
	}
	return nil
}

// consumption is the one use of a code or refresh token.
type consumption struct {
	useGrant string // takes the grant's row, if the grant is in force, and raises its end
	use      step   // marks the record as used, if it is neither used nor expired
	used     string // finds the grant of a used record, and the time of its use
	rotation store.Rotation
}

func (s *Store) consume(ctx context.Context, c consumption) error {
	end := lastExpiry(c.rotation.Tokens)
	steps := []step{must(c.useGrant, end, end, c.rotation.Hash[:]), c.use}
	_, err := s.db.change(ctx, append(steps, tokenSteps(c.rotation.Tokens)...)...)
	if !errors.Is(err, errUnchanged) {
		return err
	}
	// Used, expired, unknown, or the grant is not in force. Once used, a record stays so: there is no hurry to find out.
	var grantID string
	var used int64
	if err := s.db.row(ctx, do(c.used, c.rotation.Hash[:]), &grantID, &used); err != nil {
		return err
	}
	if c.rotation.Repeated(store.Moment(used)) {
		return store.ErrRepeated
	}
	if _, err := s.db.change(ctx, do(revokeGrant, store.Millis(c.rotation.Now), grantID)); err != nil {
		return fmt.Errorf("revoking the grant after a replay: %w", err)
	}
	return store.ErrReplayed
}

// lastExpiry is when the last of the tokens ends.
func lastExpiry(tokens store.Tokens) int64 {
	var last int64
	if tokens.Access != nil {
		last = store.Millis(tokens.Access.ExpiresAt)
	}
	if tokens.Refresh != nil {
		last = max(last, store.Millis(tokens.Refresh.ExpiresAt))
	}
	return last
}
