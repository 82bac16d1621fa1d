package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

const (
	rememberID = "INSERT INTO remembered_ids (hash, expires_at) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING"
	takeLease  = "INSERT INTO leases (name, holder, held_until) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE " +
		"SET holder = excluded.holder, held_until = excluded.held_until WHERE leases.holder = excluded.holder OR leases.held_until <= ?"

	limited      = " LIMIT ? {{skip locked}})"
	ofGrant      = " WHERE g.expires_at <= ?" + limited
	sweepAccess  = "DELETE FROM access_tokens WHERE hash IN (SELECT hash FROM access_tokens WHERE expires_at <= ?" + limited
	sweepIDs     = "DELETE FROM remembered_ids WHERE hash IN (SELECT hash FROM remembered_ids WHERE expires_at <= ?" + limited
	sweepCodes   = "DELETE FROM codes WHERE hash IN (SELECT c.hash FROM grants g JOIN codes c ON c.grant_id = g.id" + ofGrant
	sweepRefresh = "DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM refresh_tokens WHERE expires_at <= ?" + limited
	sweepOrphans = "DELETE FROM refresh_tokens WHERE hash IN (SELECT r.hash FROM grants g JOIN refresh_tokens r ON r.grant_id = g.id" + ofGrant
	sweepGrants  = "DELETE FROM grants WHERE expires_at <= ? AND id IN (SELECT g.id FROM grants g WHERE g.expires_at <= ? " +
		"AND NOT EXISTS (SELECT 1 FROM codes WHERE grant_id = g.id) AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE grant_id = g.id)" + limited
)

// RememberID implements store.Coordination.
func (s *Store) RememberID(ctx context.Context, hash store.Hash, expiresAt time.Time) (bool, error) {
	changed, err := s.db.change(ctx, do(rememberID, hash[:], store.Millis(expiresAt)))
	if err != nil {
		return false, fmt.Errorf("remembering an id: %w", err)
	}
	return changed == 1, nil
}

// AcquireLease implements store.Coordination.
func (s *Store) AcquireLease(ctx context.Context, l store.Lease) (bool, error) {
	changed, err := s.db.change(ctx, do(takeLease, l.Name, l.Holder, store.Millis(l.Until), store.Millis(l.Now)))
	if err != nil {
		return false, fmt.Errorf("acquiring lease %s: %w", l.Name, err)
	}
	return changed == 1, nil
}

// Sweep implements store.Coordination. Each kind is a change of its own, so that none waits for another. Refresh tokens
// go when they would have expired, codes and what else is left when the grant is over, and the grant when it has none left.
func (s *Store) Sweep(ctx context.Context, now time.Time, limit int) (int64, error) {
	at := store.Millis(now)
	var total int64
	for _, sweep := range []step{
		do(sweepAccess, at, limit),
		do(sweepIDs, at, limit),
		do(sweepCodes, at, limit),
		do(sweepRefresh, at, limit),
		do(sweepOrphans, at, limit),
		do(sweepGrants, at, at, limit),
	} {
		deleted, err := s.db.change(ctx, sweep)
		if err != nil {
			return total, fmt.Errorf("sweeping expired records: %w", err)
		}
		total += deleted
	}
	return total, nil
}
