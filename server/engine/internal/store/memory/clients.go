package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// CreateClient implements store.Clients.
func (s *Store) CreateClient(_ context.Context, client store.Client) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.clients[client.ID]; taken {
		return store.ErrConflict
	}
	if _, taken := s.aliases[client.Alias]; taken { // an empty alias is never there
		return store.ErrConflict
	}
	client.Version = 1
	s.putClient(client)
	return nil
}

// putClient stores a client; the caller holds the lock.
func (s *Store) putClient(client store.Client) {
	client.Doc, client.SecretSealed = slices.Clone(client.Doc), slices.Clone(client.SecretSealed)
	client.CreatedAt, client.ModifiedAt = rounded(client.CreatedAt), rounded(client.ModifiedAt)
	s.clients[client.ID] = client
	if client.Alias != "" {
		s.aliases[client.Alias] = client.ID
	}
}

// FindClient implements store.Clients.
func (s *Store) FindClient(_ context.Context, id int64) (store.Client, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	client, ok := s.clients[id]
	if !ok {
		return store.Client{}, store.ErrNotFound
	}
	return client, nil
}

// FindClientByAlias implements store.Clients.
func (s *Store) FindClientByAlias(ctx context.Context, alias string) (store.Client, error) {
	s.mu.RLock()
	id, ok := s.aliases[alias]
	s.mu.RUnlock()
	if !ok {
		return store.Client{}, store.ErrNotFound
	}
	return s.FindClient(ctx, id)
}

// ListClients implements store.Clients.
func (s *Store) ListClients(_ context.Context, start, end int) ([]store.Client, int, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	total := len(s.clients)
	start, end = min(max(start, 0), total), min(max(end, 0), total)
	ids := slices.Sorted(maps.Keys(s.clients))
	var page []store.Client
	for i := start; i < end; i++ {
		page = append(page, s.clients[ids[i]])
	}
	return page, total, nil
}

// UpdateClient implements store.Clients.
func (s *Store) UpdateClient(_ context.Context, client store.Client) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	have, ok := s.clients[client.ID]
	if !ok {
		return store.ErrNotFound
	}
	if owner, taken := s.aliases[client.Alias]; have.Version != client.Version || (taken && owner != client.ID) {
		return store.ErrConflict
	}
	delete(s.aliases, have.Alias)
	client.Version++
	client.CreatedAt = have.CreatedAt
	s.putClient(client)
	return nil
}

// DeleteClient implements store.Clients. It looks at every access token.
func (s *Store) DeleteClient(_ context.Context, id int64) error {
	if err := s.removeClient(id); err != nil {
		return err
	}
	for _, g := range s.owners.of(id, "") {
		g.mu.Lock()
		g.gone.Store(true)
		g.mu.Unlock()
		s.grants.remove(store.HashOf(g.id))
		s.forget(g)
	}
	s.access.removeAll(func(a *access) bool { return a.profile.clientID == id })
	return nil
}

func (s *Store) removeClient(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	client, ok := s.clients[id]
	if !ok {
		return store.ErrNotFound
	}
	delete(s.clients, id)
	delete(s.aliases, client.Alias)
	return nil
}

// ListKeys implements store.Keys.
func (s *Store) ListKeys(context.Context) ([]store.Key, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	keys := slices.Collect(maps.Values(s.keys))
	slices.SortFunc(keys, func(a, b store.Key) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.KID, b.KID))
	})
	return keys, nil
}

// CreateKey implements store.Keys.
func (s *Store) CreateKey(_ context.Context, key store.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.keys[key.KID]; taken {
		return store.ErrConflict
	}
	if _, active := s.activeKey(key.Alg); active && key.State == store.KeyActive {
		return store.ErrConflict
	}
	key.Public, key.PrivateSealed = slices.Clone(key.Public), slices.Clone(key.PrivateSealed)
	key.CreatedAt, key.ActivatedAt, key.RetiredAt = rounded(key.CreatedAt), rounded(key.ActivatedAt), rounded(key.RetiredAt)
	s.keys[key.KID] = key
	return nil
}

// ActivateKey implements store.Keys.
func (s *Store) ActivateKey(_ context.Context, kid string, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, ok := s.keys[kid]
	if !ok {
		return store.ErrNotFound
	}
	if key.State != store.KeyPending {
		return store.ErrConflict
	}
	if active, ok := s.activeKey(key.Alg); ok {
		active.State, active.RetiredAt = store.KeyRetiring, rounded(now)
		s.keys[active.KID] = active
	}
	key.State, key.ActivatedAt = store.KeyActive, rounded(now)
	s.keys[kid] = key
	return nil
}

// DeleteKey implements store.Keys.
func (s *Store) DeleteKey(_ context.Context, kid string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, kid)
	return nil
}

// activeKey returns the key that signs with the algorithm; the caller holds the lock.
func (s *Store) activeKey(alg string) (store.Key, bool) {
	for _, key := range s.keys {
		if key.Alg == alg && key.State == store.KeyActive {
			return key, true
		}
	}
	return store.Key{}, false
}

// rounded cuts a time to what a database keeps of it.
func rounded(t time.Time) time.Time { return store.Moment(store.Millis(t)) }
