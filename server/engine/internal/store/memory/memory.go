package memory

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// shards is the number of access token maps; a power of two.
const shards = 64

// Store is a store.Store in memory.
type Store struct {
	access [shards]accessShard

	mu       sync.RWMutex
	grants   map[string]store.Grant
	codes    map[store.Hash]store.Code
	refresh  map[store.Hash]store.RefreshToken
	tickets  map[store.Hash]store.Ticket
	clients  map[int64]store.Client
	aliases  map[string]int64
	keys     map[string]store.Key
	ids      map[store.Hash]time.Time
	leases   map[string]store.Lease
	settings store.Document
}

type accessShard struct {
	mu     sync.RWMutex
	tokens map[store.Hash]store.AccessToken
}

var _ store.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	s := &Store{
		grants: map[string]store.Grant{}, codes: map[store.Hash]store.Code{}, refresh: map[store.Hash]store.RefreshToken{},
		tickets: map[store.Hash]store.Ticket{}, clients: map[int64]store.Client{}, aliases: map[string]int64{},
		keys: map[string]store.Key{}, ids: map[store.Hash]time.Time{}, leases: map[string]store.Lease{},
	}
	for i := range s.access {
		s.access[i].tokens = map[store.Hash]store.AccessToken{}
	}
	return s
}

// Ping always succeeds.
func (s *Store) Ping(context.Context) error { return nil }

// Close does nothing: the records end with the process.
func (s *Store) Close() error { return nil }

// PutTicket implements store.Tickets.
func (s *Store) PutTicket(_ context.Context, ticket store.Ticket) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tickets[ticket.Hash] = ticket
	return nil
}

// ConsumeTicket implements store.Tickets.
func (s *Store) ConsumeTicket(_ context.Context, hash store.Hash, kind store.TicketKind, now time.Time) (store.Ticket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ticket, ok := s.tickets[hash]
	if !ok || ticket.Kind != kind || !ticket.ExpiresAt.After(now) {
		return store.Ticket{}, store.ErrNotFound
	}
	delete(s.tickets, hash)
	return ticket, nil
}

// FindSettings implements store.Settings.
func (s *Store) FindSettings(context.Context) (store.Document, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.settings, nil
}

// PutSettings implements store.Settings.
func (s *Store) PutSettings(_ context.Context, doc store.Document) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if doc.Version != s.settings.Version {
		return store.ErrConflict
	}
	s.settings = store.Document{Doc: slices.Clone(doc.Doc), Version: doc.Version + 1}
	return nil
}

// RememberID implements store.Coordination.
func (s *Store) RememberID(_ context.Context, hash store.Hash, expiresAt time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.ids[hash]; known {
		return false, nil
	}
	s.ids[hash] = expiresAt
	return true, nil
}

// AcquireLease implements store.Coordination.
func (s *Store) AcquireLease(_ context.Context, lease store.Lease) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	have, taken := s.leases[lease.Name]
	if taken && have.Holder != lease.Holder && have.Until.After(lease.Now) {
		return false, nil
	}
	s.leases[lease.Name] = lease
	return true, nil
}

// Sweep implements store.Coordination.
func (s *Store) Sweep(_ context.Context, now time.Time, limit int) (int64, error) {
	deleted := s.sweepAccess(now, limit)
	s.mu.Lock()
	defer s.mu.Unlock()
	deleted += sweep(s.tickets, limit, func(t store.Ticket) bool { return !t.ExpiresAt.After(now) })
	deleted += sweep(s.ids, limit, func(t time.Time) bool { return !t.After(now) })
	over := func(grantID string, expiresAt time.Time) bool {
		grant, ok := s.grants[grantID]
		return !ok || (!grant.ExpiresAt.After(now) && !expiresAt.After(now))
	}
	deleted += sweep(s.codes, limit, func(c store.Code) bool { return over(c.GrantID, c.ExpiresAt) })
	deleted += sweep(s.refresh, limit, func(r store.RefreshToken) bool { return over(r.GrantID, r.ExpiresAt) })
	deleted += sweep(s.grants, limit, func(g store.Grant) bool { return !g.ExpiresAt.After(now) })
	return deleted, nil
}

// sweepAccess deletes expired access tokens, one shard at a time.
func (s *Store) sweepAccess(now time.Time, limit int) int64 {
	var deleted int64
	for i := range s.access {
		shard := &s.access[i]
		shard.mu.Lock()
		deleted += sweep(shard.tokens, limit-int(deleted), func(t store.AccessToken) bool { return !t.ExpiresAt.After(now) })
		shard.mu.Unlock()
		if deleted >= int64(limit) {
			break
		}
	}
	return deleted
}

// sweep deletes up to limit entries that are over.
func sweep[K comparable, V any](records map[K]V, limit int, over func(V) bool) int64 {
	var deleted int64
	for key, value := range records {
		if deleted >= int64(limit) {
			break
		}
		if over(value) {
			delete(records, key)
			deleted++
		}
	}
	return deleted
}
