package memory

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// Store is a store.Store in memory.
type Store struct {
	grants    *table[*grant] // by the hash of their id
	codes     *table[*code]
	refreshes *table[*refresh]
	access    *table[access]
	ids       *table[struct{}]
	owners    *owners
	profiles  *profiles
	noGrant   *grant // of access tokens that name a grant that is gone already

	mu       sync.RWMutex // guards what is below: records that seldom change
	clients  map[int64]store.Client
	aliases  map[string]int64
	keys     map[string]store.Key
	leases   map[string]store.Lease
	settings store.Document
}

var _ store.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	s := &Store{
		noGrant: &grant{},
		grants:  newTable[*grant](), codes: newTable[*code](), refreshes: newTable[*refresh](),
		access: newTable[access](), ids: newTable[struct{}](), owners: newOwners(), profiles: newProfiles(),
		clients: map[int64]store.Client{}, aliases: map[string]int64{}, keys: map[string]store.Key{}, leases: map[string]store.Lease{},
	}
	s.noGrant.gone.Store(true)
	return s
}

// Ping always succeeds.
func (s *Store) Ping(context.Context) error { return nil }

// Close does nothing: the records end with the process.
func (s *Store) Close() error { return nil }

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
	return s.ids.add(hash, store.Millis(expiresAt), struct{}{}), nil
}

// AcquireLease implements store.Coordination.
func (s *Store) AcquireLease(_ context.Context, lease store.Lease) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	have, taken := s.leases[lease.Name]
	if taken && have.Holder != lease.Holder && store.Millis(have.Until) > store.Millis(lease.Now) {
		return false, nil
	}
	s.leases[lease.Name] = lease
	return true, nil
}

// Sweep implements store.Coordination.
func (s *Store) Sweep(_ context.Context, now time.Time, limit int) (int64, error) {
	at := store.Millis(now)
	deleted := len(s.access.sweep(at, limit, nil)) + len(s.ids.sweep(at, limit, nil))
	ended := s.refreshes.sweep(at, limit, nil)
	for _, r := range ended {
		r.grant.drop(r)
	}
	total := int64(deleted + len(ended))
	over := s.grants.sweep(at, limit, func(g *grant) int64 { return g.end(at) })
	for _, g := range over {
		total += 1 + s.forget(g)
	}
	return total, nil
}

// end returns when the grant ends. If that is not after now, nothing can be done with the grant from here on.
func (g *grant) end(now int64) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.expires <= now {
		g.gone.Store(true)
	}
	return g.expires
}
