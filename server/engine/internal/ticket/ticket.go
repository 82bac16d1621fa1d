package ticket

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// Purpose says which call issued a ticket. A ticket of one purpose is none for another.
type Purpose string

// Purposes.
const (
	Authorization Purpose = "authorization"
	Password      Purpose = "password"
)

// expirySize is the size of the expiry that precedes the request, milliseconds since the epoch.
const expirySize = 8

var (
	// ErrUnknown means that a value is no ticket of the purpose, or that it has expired.
	ErrUnknown = errors.New("unknown ticket")
	// ErrUsed means that the ticket was used before.
	ErrUsed = errors.New("used ticket")
)

// Sealer encrypts and authenticates values for a context; *keys.Sealer is one. Two sealed values are never equal.
type Sealer interface {
	Seal(plain []byte, context string) ([]byte, error)
	Open(sealed []byte, context string) ([]byte, error)
}

// Store remembers which tickets were used.
type Store interface {
	RememberID(ctx context.Context, hash store.Hash, expiresAt time.Time) (bool, error)
}

// Deps are what Tickets need. All are required.
type Deps struct {
	Sealer Sealer
	Store  Store
	Clock  func() time.Time
	// Lifetime is how long the front end may take to decide.
	Lifetime time.Duration
}

// Tickets makes tickets of requests.
type Tickets struct{ deps Deps }

// New returns Tickets.
func New(deps Deps) *Tickets { return &Tickets{deps: deps} }

// Ticket is an opened ticket.
type Ticket struct {
	// Request is the document that was sealed.
	Request []byte

	hash      store.Hash
	expiresAt time.Time
}

// Seal returns a ticket for a request. It stores nothing.
func (t *Tickets) Seal(purpose Purpose, request []byte) (string, error) {
	plain := make([]byte, expirySize, expirySize+len(request))
	binary.BigEndian.PutUint64(plain, uint64(t.deps.Clock().Add(t.deps.Lifetime).UnixMilli()))
	sealed, err := t.deps.Sealer.Seal(append(plain, request...), sealContext(purpose))
	if err != nil {
		return "", fmt.Errorf("sealing a ticket: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Open returns the ticket that a value stands for, used or not. It stores nothing.
func (t *Tickets) Open(purpose Purpose, value string) (Ticket, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return Ticket{}, ErrUnknown
	}
	plain, err := t.deps.Sealer.Open(sealed, sealContext(purpose))
	if err != nil || len(plain) < expirySize {
		return Ticket{}, ErrUnknown
	}
	expiresAt := time.UnixMilli(int64(binary.BigEndian.Uint64(plain)))
	if !t.deps.Clock().Before(expiresAt) {
		return Ticket{}, ErrUnknown
	}
	// The bytes are hashed, not the text: several texts may stand for the same bytes.
	return Ticket{Request: plain[expirySize:], hash: store.HashOf("ticket " + string(sealed)), expiresAt: expiresAt}, nil
}

// Use uses a ticket up. Of several calls for one ticket, parallel ones and ones on other replicas included, one succeeds.
func (t *Tickets) Use(ctx context.Context, ticket *Ticket) error {
	first, err := t.deps.Store.RememberID(ctx, ticket.hash, ticket.expiresAt)
	if err != nil {
		return fmt.Errorf("using a ticket: %w", err)
	}
	if !first {
		return ErrUsed
	}
	return nil
}

func sealContext(purpose Purpose) string { return "ticket/" + string(purpose) }
