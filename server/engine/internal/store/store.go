package store

import (
	"context"
	"errors"
	"time"
)

// Errors that callers branch on.
var (
	// ErrNotFound means that there is no such record (any more).
	ErrNotFound = errors.New("not found")
	// ErrConflict means that a unique value is taken or that the version read is no longer the current one.
	ErrConflict = errors.New("conflict")
	// ErrReplayed means that a code or refresh token was presented again after its one use, be it expired by
	// then or not. The verb that returns it has revoked the grant.
	ErrReplayed = errors.New("replayed")
	// ErrRepeated means that a refresh token was presented again within the leeway after its one use. Nothing has changed.
	ErrRepeated = errors.New("repeated")
)

// Grants keeps grants, codes and tokens.
type Grants interface {
	// IssueCode stores a grant with its code and, for hybrid flows, an access token, in one step.
	IssueCode(ctx context.Context, grant Grant, code Code, tokens Tokens) error
	// IssueTokens stores tokens. The grant is stored too where it is not nil (password, implicit). Where it is nil, an access
	// token may name a grant that it does not outlive: its ExpiresAt stays as it is. A refresh token raises it, and the
	// grant must be in force, or it is ErrNotFound.
	IssueTokens(ctx context.Context, grant *Grant, tokens Tokens) error
	// FindCode returns a code with its grant, expired and consumed ones included: the caller judges them.
	FindCode(ctx context.Context, hash Hash) (Code, Grant, error)
	// RedeemCode consumes the code and stores the tokens in one step, raising the grant's ExpiresAt to theirs.
	// A code consumed before is ErrReplayed and revokes the grant; an expired or unknown one, or one whose
	// grant is revoked, is ErrNotFound.
	RedeemCode(ctx context.Context, hash Hash, now time.Time, tokens Tokens) error
	// FindRefresh returns a refresh token with its grant, expired, superseded and revoked ones included.
	FindRefresh(ctx context.Context, hash Hash) (RefreshToken, Grant, error)
	// RotateRefresh supersedes a refresh token and stores the tokens in one step, raising the grant's ExpiresAt.
	// A token superseded before is ErrRepeated within the leeway, and ErrReplayed after it, which revokes the grant; an
	// expired or unknown one, or one whose grant is revoked, is ErrNotFound.
	RotateRefresh(ctx context.Context, rotation Rotation) error
	// FindAccess returns an access token, expired and revoked ones included; RevokedAt is set if the token or its grant
	// is revoked. A token whose grant is gone is ErrNotFound.
	FindAccess(ctx context.Context, hash Hash) (AccessToken, error)
	// RevokeAccess revokes one access token. An unknown one is ErrNotFound, a second time is not an error.
	RevokeAccess(ctx context.Context, hash Hash, now time.Time) error
	// RevokeGrant revokes a grant and all that hangs on it. An unknown one is ErrNotFound, a second time is not an error.
	RevokeGrant(ctx context.Context, grantID string, now time.Time) error
	// RevokeGrants revokes the grants of a client (0 means any) and subject (empty means any) that are in
	// force, and returns how many they were. One of both must be given, or it is an error.
	RevokeGrants(ctx context.Context, clientID int64, subject string, now time.Time) (int64, error)
	// FindGrant returns a grant.
	FindGrant(ctx context.Context, grantID string) (Grant, error)
}

// Clients keeps client applications.
type Clients interface {
	// CreateClient stores a client with version 1. A taken id or alias is ErrConflict.
	CreateClient(ctx context.Context, client Client) error
	// FindClient returns a client by id, FindClientByAlias by alias.
	FindClient(ctx context.Context, id int64) (Client, error)
	FindClientByAlias(ctx context.Context, alias string) (Client, error)
	// ListClients returns the clients numbered start to end (end excluded) by id, and how many there are in all.
	ListClients(ctx context.Context, start, end int) ([]Client, int, error)
	// UpdateClient replaces the client whose version is still client.Version, and counts the version up. CreatedAt stays as
	// it was. Another version, or a taken alias, is ErrConflict, an unknown client ErrNotFound.
	UpdateClient(ctx context.Context, client Client) error
	// DeleteClient removes a client with its grants, codes and tokens. An unknown one is ErrNotFound.
	DeleteClient(ctx context.Context, id int64) error
}

// Settings keeps the service settings.
type Settings interface {
	// FindSettings returns the settings; version 0 and no error where there are none yet.
	FindSettings(ctx context.Context) (Document, error)
	// PutSettings replaces the settings whose version is still doc.Version, and counts the version up. Another version is
	// ErrConflict.
	PutSettings(ctx context.Context, doc Document) error
}

// Keys keeps signing keys.
type Keys interface {
	// ListKeys returns all keys, oldest first.
	ListKeys(ctx context.Context) ([]Key, error)
	// CreateKey stores a key. A second active key of one algorithm, or a taken KID, is ErrConflict.
	CreateKey(ctx context.Context, key Key) error
	// ActivateKey makes the pending key active and the active key of its algorithm retiring, in one step.
	// ErrConflict if the key is not pending (any more) or another key of the algorithm is activated at the same moment,
	// ErrNotFound if it does not exist.
	ActivateKey(ctx context.Context, kid string, now time.Time) error
	// DeleteKey removes a key. An unknown one is not an error.
	DeleteKey(ctx context.Context, kid string) error
}

// Coordination lets replicas on one database share work.
type Coordination interface {
	// RememberID records an id until a sweep after expiresAt and says whether it is new (the jti of an
	// assertion, RFC 7523; a ticket that was used).
	RememberID(ctx context.Context, hash Hash, expiresAt time.Time) (bool, error)
	// AcquireLease takes or renews the named lease for the holder until the given time, if it is free at now.
	AcquireLease(ctx context.Context, lease Lease) (bool, error)
	// Sweep deletes up to limit expired records of each kind and returns how many it deleted. Superseded refresh
	// tokens stay until they would have expired, consumed codes until their grant's ExpiresAt, so that a replay is seen.
	Sweep(ctx context.Context, now time.Time, limit int) (int64, error)
}

// Lease is a claim on work that one replica does for all.
type Lease struct {
	Name   string
	Holder string
	Now    time.Time
	Until  time.Time
}

// Store is all that the engine remembers.
type Store interface {
	Grants
	Clients
	Settings
	Keys
	Coordination
	// Ping says whether the store answers.
	Ping(ctx context.Context) error
	// Close releases the store.
	Close() error
}
