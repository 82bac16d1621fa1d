package bearer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/registry"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// Store finds access tokens.
type Store interface {
	FindAccess(ctx context.Context, hash store.Hash) (store.AccessToken, error)
}

// Registry finds clients.
type Registry interface {
	Client(ctx context.Context, identifier string) (*registry.Client, error)
}

// Judge judges access tokens.
type Judge struct {
	store    Store
	registry Registry
	clock    func() time.Time
}

// NewJudge returns a Judge.
func NewJudge(tokens Store, clients Registry, clock func() time.Time) *Judge {
	return &Judge{store: tokens, registry: clients, clock: clock}
}

// Token is an access token with its client.
type Token struct {
	store.AccessToken
	// Client is nil where the token is not usable.
	Client *registry.Client
}

// Usable says whether the token is good: known, in time, not revoked, its client neither deleted nor locked.
func (t *Token) Usable() bool { return t.Client != nil }

// Existent says whether the token is known.
func (t *Token) Existent() bool { return t.ClientID != 0 }

// Judge looks an access token up. One that is unknown or no good is not an error.
func (j *Judge) Judge(ctx context.Context, value string) (Token, error) {
	record, err := j.store.FindAccess(ctx, store.HashOf(value))
	if errors.Is(err, store.ErrNotFound) {
		return Token{}, nil
	}
	if err != nil {
		return Token{}, fmt.Errorf("finding access token: %w", err)
	}
	token := Token{AccessToken: record}
	if !record.RevokedAt.IsZero() || !j.clock().Before(record.ExpiresAt) {
		return token, nil
	}
	token.Client, err = j.Client(ctx, record.ClientID)
	return token, err
}

// Client returns the client of a token; nil if it is deleted or locked.
func (j *Judge) Client(ctx context.Context, id int64) (*registry.Client, error) {
	client, err := j.registry.Client(ctx, strconv.FormatInt(id, 10))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil //nolint:nilnil // no client is an answer, as documented
	}
	if err != nil {
		return nil, fmt.Errorf("finding client: %w", err)
	}
	if client.Locked {
		return nil, nil //nolint:nilnil // as above
	}
	return client, nil
}
