package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

const (
	insertTicket  = "INSERT INTO tickets (hash, kind, client_id, request, expires_at) VALUES (?, ?, ?, ?, ?)"
	consumeTicket = "DELETE FROM tickets WHERE hash = ? AND kind = ? AND expires_at > ? RETURNING client_id, request, expires_at"
)

// PutTicket implements store.Tickets.
func (s *Store) PutTicket(ctx context.Context, t store.Ticket) error {
	if _, err := s.db.change(ctx, do(insertTicket, t.Hash[:], string(t.Kind), t.ClientID, blob(t.Request), store.Millis(t.ExpiresAt))); err != nil {
		return fmt.Errorf("storing a ticket: %w", err)
	}
	return nil
}

// ConsumeTicket implements store.Tickets.
func (s *Store) ConsumeTicket(ctx context.Context, hash store.Hash, kind store.TicketKind, now time.Time) (store.Ticket, error) {
	ticket := store.Ticket{Hash: hash, Kind: kind}
	var expires int64
	consume := do(consumeTicket, hash[:], string(kind), store.Millis(now))
	if err := s.db.changeRow(ctx, consume, &ticket.ClientID, &ticket.Request, &expires); err != nil {
		return store.Ticket{}, fmt.Errorf("consuming a ticket: %w", err)
	}
	ticket.ExpiresAt = store.Moment(expires)
	return ticket, nil
}
