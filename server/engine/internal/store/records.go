package store

import (
	"crypto/sha256"
	"time"
)

// Hash is the SHA-256 of a token, code or ticket. The values have 256 bits of
// entropy, so that neither a salt nor a slow hash would add anything.
type Hash [sha256.Size]byte

// HashOf returns the hash of a token, code or ticket.
func HashOf(value string) Hash { return sha256.Sum256([]byte(value)) }

// Grant is what a subject allowed a client. Codes and tokens hang on it, and
// revoking it revokes them all.
type Grant struct {
	ID        string
	ClientID  int64
	Subject   string
	Scopes    []string
	Details   []byte // JSON, opaque to the store
	CreatedAt time.Time
	// ExpiresAt is when the last thing that hangs on the grant ends; the row is swept after it.
	ExpiresAt time.Time
	// RevokedAt is zero while the grant is in force.
	RevokedAt time.Time
}

// Code is an authorization code.
type Code struct {
	Hash      Hash
	GrantID   string
	ClientID  int64
	Request   []byte // JSON, opaque to the store
	ExpiresAt time.Time
	// ConsumedAt is zero until the code is redeemed.
	ConsumedAt time.Time
}

// AccessToken is an access token. GrantID is empty for client credentials.
type AccessToken struct {
	Hash      Hash
	GrantID   string
	GrantType string
	ClientID  int64
	Subject   string
	Scopes    []string
	IssuedAt  time.Time
	ExpiresAt time.Time
	// RevokedAt is when the token or its grant was revoked; zero while in force.
	RevokedAt time.Time
}

// RefreshToken is one generation of a grant's refresh token.
type RefreshToken struct {
	Hash       Hash
	GrantID    string
	ClientID   int64
	Scopes     []string
	Generation int64
	CreatedAt  time.Time
	ExpiresAt  time.Time
	// SupersededAt is zero until the token was rotated.
	SupersededAt time.Time
	// Successor is what was stored with the token when it was rotated, opaque to the store.
	Successor []byte
}

// Rotation replaces a refresh token.
type Rotation struct {
	// Hash is that of the token that is replaced.
	Hash Hash
	Now  time.Time
	// Leeway is how long the token may be presented again after it was replaced without being a replay.
	Leeway time.Duration
	// Successor is stored with the token.
	Successor []byte
	Tokens    Tokens
}

// Repeated says whether a token that was superseded at a time is presented again within the leeway. The times may come from
// the clocks of two replicas.
func (r *Rotation) Repeated(superseded time.Time) bool {
	return r.Leeway > 0 && !superseded.IsZero() && r.Now.Before(superseded.Add(r.Leeway))
}

// Tokens are what one grant of tokens creates. Nil members are not created.
type Tokens struct {
	Access  *AccessToken
	Refresh *RefreshToken
}

// Client is a client application.
type Client struct {
	ID    int64
	Alias string // unique where not empty
	Doc   []byte // JSON, opaque to the store
	// SecretSealed is the encrypted client secret; empty for a client without one.
	SecretSealed []byte
	// Version counts changes; Update succeeds only against the version that was read.
	Version    int64
	CreatedAt  time.Time
	ModifiedAt time.Time
}

// Document is the service settings with their version; version 0 means that there are none yet.
type Document struct {
	Doc     []byte
	Version int64
}

// KeyState is a step in the life of a signing key.
type KeyState string

// Key states, in order.
const (
	KeyPending  KeyState = "pending"  // published, not yet used
	KeyActive   KeyState = "active"   // signs
	KeyRetiring KeyState = "retiring" // published for verification only
)

// Key is a signing key.
type Key struct {
	KID string
	Alg string
	// State is where the key is in its life. At most one key per algorithm is active.
	State KeyState
	// Public is the public JWK, JSON; PrivateSealed the encrypted private key.
	Public        []byte
	PrivateSealed []byte
	CreatedAt     time.Time
	// ActivatedAt and RetiredAt are zero until the key got there.
	ActivatedAt time.Time
	RetiredAt   time.Time
}

// Millis is how stores keep times: milliseconds since the epoch, 0 for the zero time.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Moment is the inverse of Millis.
func Moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
