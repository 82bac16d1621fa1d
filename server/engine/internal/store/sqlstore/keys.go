package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

const (
	keyColumns = "kid, alg, state, public_jwk, private_sealed, created_at, activated_at, retired_at"
	insertKey  = "INSERT INTO signing_keys (" + keyColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
	listKeys   = "SELECT " + keyColumns + " FROM signing_keys ORDER BY created_at, kid"
	selectKey  = "SELECT kid FROM signing_keys WHERE kid = ?"
	deleteKey  = "DELETE FROM signing_keys WHERE kid = ?"

	// The key is taken before the active one steps down, and becomes active after that: there are never two. Nobody sees
	// the state between.
	takeKey     = "UPDATE signing_keys SET state = 'activating' WHERE kid = ? AND state = 'pending'"
	retireKey   = "UPDATE signing_keys SET state = 'retiring', retired_at = ? WHERE state = 'active' AND alg = (SELECT alg FROM signing_keys WHERE kid = ?)"
	activateKey = "UPDATE signing_keys SET state = 'active', activated_at = ? WHERE kid = ?"
)

// ListKeys implements store.Keys.
func (s *Store) ListKeys(ctx context.Context) ([]store.Key, error) {
	var keys []store.Key
	err := s.db.rows(ctx, do(listKeys), func(scan func(...any) error) error {
		var k store.Key
		var state string
		var created, activated, retired int64
		err := scan(&k.KID, &k.Alg, &state, &k.Public, &k.PrivateSealed, &created, &activated, &retired)
		k.State, k.CreatedAt, k.ActivatedAt, k.RetiredAt = store.KeyState(state), store.Moment(created), store.Moment(activated), store.Moment(retired)
		keys = append(keys, k)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing keys: %w", err)
	}
	return keys, nil
}

// CreateKey implements store.Keys.
func (s *Store) CreateKey(ctx context.Context, k store.Key) error {
	_, err := s.db.change(ctx, do(insertKey, k.KID, k.Alg, string(k.State), blob(k.Public), blob(k.PrivateSealed),
		store.Millis(k.CreatedAt), store.Millis(k.ActivatedAt), store.Millis(k.RetiredAt)))
	if err != nil {
		return fmt.Errorf("storing a key: %w", s.conflict(err))
	}
	return nil
}

// ActivateKey implements store.Keys.
func (s *Store) ActivateKey(ctx context.Context, kid string, now time.Time) error {
	_, err := s.db.change(ctx, must(takeKey, kid), do(retireKey, store.Millis(now), kid), do(activateKey, store.Millis(now), kid))
	if errors.Is(err, errUnchanged) {
		err = s.db.row(ctx, do(selectKey, kid), new(string))
		if err == nil {
			err = store.ErrConflict
		}
	}
	if err != nil {
		return fmt.Errorf("activating a key: %w", s.conflict(err))
	}
	return nil
}

// DeleteKey implements store.Keys.
func (s *Store) DeleteKey(ctx context.Context, kid string) error {
	if _, err := s.db.change(ctx, do(deleteKey, kid)); err != nil {
		return fmt.Errorf("deleting a key: %w", err)
	}
	return nil
}
