package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

const (
	insertKey = "INSERT INTO signing_keys (kid, alg, state, public_jwk, private_sealed, created_at, activated_at, retired_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
	listKeys  = "SELECT kid, alg, state, public_jwk, private_sealed, created_at, activated_at, retired_at FROM signing_keys ORDER BY created_at, kid"

	rememberID = "INSERT INTO remembered_ids (hash, expires_at) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING"
	takeLease  = "INSERT INTO leases (name, holder, held_until) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE " +
		"SET holder = excluded.holder, held_until = excluded.held_until WHERE leases.holder = excluded.holder OR leases.held_until <= ?"
)

func isNotFound(err error) bool { return errors.Is(err, store.ErrNotFound) }

// ListKeys implements store.Keys.
func (s *Store) ListKeys(ctx context.Context) ([]store.Key, error) {
	stmt, err := s.statement(ctx, s.read, listKeys)
	if err != nil {
		return nil, fmt.Errorf("listing keys: %w", err)
	}
	rows, err := stmt.QueryContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing keys: %w", err)
	}
	defer rows.Close()
	var keys []store.Key
	for rows.Next() {
		var k store.Key
		var created, activated, retired int64
		if err := rows.Scan(&k.KID, &k.Alg, &k.State, &k.Public, &k.PrivateSealed, &created, &activated, &retired); err != nil {
			return nil, fmt.Errorf("listing keys: %w", err)
		}
		k.CreatedAt, k.ActivatedAt, k.RetiredAt = fromMillis(created), fromMillis(activated), fromMillis(retired)
		keys = append(keys, k)
	}
	return keys, rows.Err()
}

// CreateKey implements store.Keys.
func (s *Store) CreateKey(ctx context.Context, k store.Key) error {
	_, err := s.exec(ctx, insertKey, k.KID, k.Alg, string(k.State), k.Public, k.PrivateSealed,
		millis(k.CreatedAt), millis(k.ActivatedAt), millis(k.RetiredAt))
	if err != nil {
		return fmt.Errorf("storing a key: %w", s.conflict(err))
	}
	return nil
}

// ActivateKey implements store.Keys.
func (s *Store) ActivateKey(ctx context.Context, kid string, now time.Time) error {
	err := s.inTransaction(ctx, func(t transaction) error {
		var alg string
		if err := t.row(ctx, "SELECT alg FROM signing_keys WHERE kid = ?", []any{kid}, []any{&alg}); err != nil {
			return err
		}
		retire := "UPDATE signing_keys SET state = 'retiring', retired_at = ? WHERE alg = ? AND state = 'active' AND kid <> ?"
		if _, err := t.exec(ctx, retire, millis(now), alg, kid); err != nil {
			return err
		}
		changed, err := t.exec(ctx, "UPDATE signing_keys SET state = 'active', activated_at = ? WHERE kid = ? AND state = 'pending'", millis(now), kid)
		if err == nil && changed == 0 {
			return store.ErrConflict
		}
		return s.conflict(err)
	})
	if err != nil {
		return fmt.Errorf("activating a key: %w", err)
	}
	return nil
}

// DeleteKey implements store.Keys.
func (s *Store) DeleteKey(ctx context.Context, kid string) error {
	if _, err := s.exec(ctx, "DELETE FROM signing_keys WHERE kid = ?", kid); err != nil {
		return fmt.Errorf("deleting a key: %w", err)
	}
	return nil
}

// RememberID implements store.Coordination.
func (s *Store) RememberID(ctx context.Context, hash store.Hash, expiresAt time.Time) (bool, error) {
	changed, err := s.exec(ctx, rememberID, hash[:], millis(expiresAt))
	if err != nil {
		return false, fmt.Errorf("remembering an id: %w", err)
	}
	return changed == 1, nil
}

// AcquireLease implements store.Coordination.
func (s *Store) AcquireLease(ctx context.Context, l store.Lease) (bool, error) {
	changed, err := s.exec(ctx, takeLease, l.Name, l.Holder, millis(l.Until), millis(l.Now))
	if err != nil {
		return false, fmt.Errorf("acquiring lease %s: %w", l.Name, err)
	}
	return changed == 1, nil
}

// Sweep implements store.Coordination.
func (s *Store) Sweep(ctx context.Context, now time.Time, limit int) (int64, error) {
	const gone = "NOT EXISTS (SELECT 1 FROM grants g WHERE g.id = t.grant_id AND g.expires_at > ?)"
	statements := []string{
		"DELETE FROM access_tokens WHERE hash IN (SELECT hash FROM access_tokens WHERE expires_at <= ? LIMIT ?)",
		"DELETE FROM tickets WHERE hash IN (SELECT hash FROM tickets WHERE expires_at <= ? LIMIT ?)",
		"DELETE FROM remembered_ids WHERE hash IN (SELECT hash FROM remembered_ids WHERE expires_at <= ? LIMIT ?)",
		"DELETE FROM codes WHERE hash IN (SELECT hash FROM codes t WHERE " + gone + " LIMIT ?)",
		"DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM refresh_tokens t WHERE " + gone + " LIMIT ?)",
		"DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE expires_at <= ? LIMIT ?)",
	}
	var total int64
	for _, statement := range statements {
		deleted, err := s.exec(ctx, statement, millis(now), limit)
		if err != nil {
			return total, fmt.Errorf("sweeping: %w", err)
		}
		total += deleted
	}
	return total, nil
}
