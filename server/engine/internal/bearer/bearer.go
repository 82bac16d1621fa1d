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

// Subjects knows the people who may use the server.
type Subjects interface {
	Known(subject string) bool
}

// Deps are what a Judge needs. All are required.
type Deps struct {
	Store    Store
	Registry Registry
	Subjects Subjects
	Clock    func() time.Time
}

// Judge judges access tokens.
type Judge struct {
	deps Deps
}

// NewJudge returns a Judge.
func NewJudge(deps Deps) *Judge { return &Judge{deps: deps} }

// Token is an access token with its client.
type Token struct {
	store.AccessToken
	// Client is nil where the token is not usable.
	Client *registry.Client
}

// Usable says whether the token is good: known, in time, not revoked, its client neither deleted nor locked, its subject
// somebody who may use the server.
func (t *Token) Usable() bool { return t.Client != nil }

// Existent says whether the token is known.
func (t *Token) Existent() bool { return t.ClientID != 0 }

// Judge looks an access token up. One that is unknown or no good is not an error.
func (j *Judge) Judge(ctx context.Context, value string) (Token, error) {
	record, err := j.deps.Store.FindAccess(ctx, store.HashOf(value))
	if errors.Is(err, store.ErrNotFound) {
		return Token{}, nil
	}
	if err != nil {
		return Token{}, fmt.Errorf("finding access token: %w", err)
	}
	token := Token{AccessToken: record}
	if !record.RevokedAt.IsZero() || !j.deps.Clock().Before(record.ExpiresAt) || !j.Known(record.Subject) {
		return token, nil
	}
	token.Client, err = j.Client(ctx, record.ClientID)
	return token, err
}

// Known says whether the subject of a token, if it has one, may use the server.
func (j *Judge) Known(subject string) bool { return subject == "" || j.deps.Subjects.Known(subject) }

// Client returns the client of a token; nil if it is deleted or locked.
func (j *Judge) Client(ctx context.Context, id int64) (*registry.Client, error) {
	client, err := j.deps.Registry.Client(ctx, strconv.FormatInt(id, 10))
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
