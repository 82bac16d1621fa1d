package storetest

import (
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

func ticketTests() map[string]func(suite) {
	return map[string]func(suite){
		"are consumed once":      suite.ticketOnce,
		"of the wrong kind stay": suite.ticketKind,
		"expire":                 suite.ticketExpiry,
		"are the store's own":    suite.ticketAliasing,
	}
}

func (s suite) ticketOnce() {
	ctx := s.Context()
	ticket := s.ticket("t")
	s.must(s.PutTicket(ctx, ticket))
	s.must(s.PutTicket(ctx, s.ticket("other")))
	got, err := s.ConsumeTicket(ctx, ticket.Hash, ticket.Kind, s.now)
	s.must(err)
	s.equal("ticket", got, ticket)
	_, err = s.ConsumeTicket(ctx, ticket.Hash, ticket.Kind, s.now)
	s.wantErr("second use", err, store.ErrNotFound)
	_, err = s.ConsumeTicket(ctx, store.HashOf("unknown"), ticket.Kind, s.now)
	s.wantErr("unknown ticket", err, store.ErrNotFound)
	_, err = s.ConsumeTicket(ctx, store.HashOf("other"), ticket.Kind, s.now)
	s.must(err)
}

func (s suite) ticketKind() {
	ctx := s.Context()
	ticket := s.ticket("t")
	ticket.Kind = store.TicketPassword
	s.must(s.PutTicket(ctx, ticket))
	_, err := s.ConsumeTicket(ctx, ticket.Hash, store.TicketAuthorization, s.now)
	s.wantErr("wrong kind", err, store.ErrNotFound)
	got, err := s.ConsumeTicket(ctx, ticket.Hash, store.TicketPassword, s.now)
	s.must(err)
	s.equal("ticket", got, ticket)
}

func (s suite) ticketExpiry() {
	ctx := s.Context()
	ticket := s.ticket("t")
	s.must(s.PutTicket(ctx, ticket))
	_, err := s.ConsumeTicket(ctx, ticket.Hash, ticket.Kind, ticket.ExpiresAt)
	s.wantErr("at its expiry", err, store.ErrNotFound)
	_, err = s.ConsumeTicket(ctx, ticket.Hash, ticket.Kind, ticket.ExpiresAt.Add(-time.Millisecond))
	s.must(err)
}

func (s suite) ticketAliasing() {
	ctx := s.Context()
	ticket := s.ticket("t")
	ticket.Request = []byte("abc")
	s.must(s.PutTicket(ctx, ticket))
	ticket.Request[0] = 'X'
	got, err := s.ConsumeTicket(ctx, ticket.Hash, ticket.Kind, s.now)
	s.must(err)
	s.equal("request", string(got.Request), "abc")
}
