package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

const (
	revokeAccess = "UPDATE access_tokens SET revoked_at = CASE WHEN revoked_at = 0 THEN CAST(? AS BIGINT) ELSE revoked_at END WHERE hash = ?"
	revokeGrant  = "UPDATE grants SET revoked_at = CASE WHEN revoked_at = 0 THEN CAST(? AS BIGINT) ELSE revoked_at END WHERE id = ?"

	// Whoever takes many grants takes them in the order of their ids, so that two such verbs do not wait for each other.
	revokeGrants          = "UPDATE grants SET revoked_at = ? WHERE revoked_at = 0 AND id IN (SELECT id FROM grants WHERE revoked_at = 0 AND "
	inOrder               = " ORDER BY id {{lock}})"
	revokeOfClient        = revokeGrants + "client_id = ?" + inOrder
	revokeOfSubject       = revokeGrants + "subject = ?" + inOrder
	revokeOfClientSubject = revokeGrants + "subject = ? AND client_id = ?" + inOrder

	ofGrantsOfClient      = " WHERE grant_id IN (SELECT id FROM grants WHERE client_id = ?)"
	deleteCodesOfClient   = "DELETE FROM codes" + ofGrantsOfClient
	deleteRefreshOfClient = "DELETE FROM refresh_tokens" + ofGrantsOfClient
	deleteGrantsOfClient  = "DELETE FROM grants WHERE client_id = ?"
	deleteAccessOfClient  = "DELETE FROM access_tokens WHERE client_id = ?"
	deleteClient          = "DELETE FROM clients WHERE id = ?"
)

// RevokeAccess implements store.Grants.
func (s *Store) RevokeAccess(ctx context.Context, hash store.Hash, now time.Time) error {
	if err := s.one(ctx, revokeAccess, store.Millis(now), hash[:]); err != nil {
		return fmt.Errorf("revoking an access token: %w", err)
	}
	return nil
}

// RevokeGrant implements store.Grants.
func (s *Store) RevokeGrant(ctx context.Context, grantID string, now time.Time) error {
	if !storable(grantID) {
		return store.ErrNotFound
	}
	if err := s.one(ctx, revokeGrant, store.Millis(now), grantID); err != nil {
		return fmt.Errorf("revoking a grant: %w", err)
	}
	return nil
}

// RevokeGrants implements store.Grants.
func (s *Store) RevokeGrants(ctx context.Context, clientID int64, subject string, now time.Time) (int64, error) {
	var revoke step
	switch {
	case clientID == 0 && subject == "":
		return 0, errors.New("revoking grants: neither client nor subject given")
	case !storable(subject):
		return 0, nil
	case subject == "":
		revoke = do(revokeOfClient, store.Millis(now), clientID)
	case clientID == 0:
		revoke = do(revokeOfSubject, store.Millis(now), subject)
	default:
		revoke = do(revokeOfClientSubject, store.Millis(now), subject, clientID)
	}
	count, err := s.db.change(ctx, revoke)
	if err != nil {
		return 0, fmt.Errorf("revoking grants: %w", err)
	}
	return count, nil
}

// DeleteClient implements store.Clients. It revokes the grants first, so that nothing more comes to hang on them. There is no
// index for access tokens, as it would cost each of them what saves a moment once in a client's life.
func (s *Store) DeleteClient(ctx context.Context, id int64) error {
	const anyTime = 1 // the grants are deleted before anybody can see when they were revoked
	_, err := s.db.change(ctx,
		must(deleteClient, id),
		do(revokeOfClient, anyTime, id),
		do(deleteCodesOfClient, id),
		do(deleteRefreshOfClient, id),
		do(deleteGrantsOfClient, id),
		do(deleteAccessOfClient, id),
	)
	if errors.Is(err, errUnchanged) {
		err = store.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("deleting a client: %w", err)
	}
	return nil
}
