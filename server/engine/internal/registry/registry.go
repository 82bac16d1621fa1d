package registry

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

const (
	// cacheTime is how long a client and the settings are taken from the cache.
	cacheTime = 2 * time.Second
	// freshInterval bounds how often one client is read past the cache because a request failed to authenticate.
	freshInterval = 200 * time.Millisecond
	// cacheSize bounds the number of cached clients.
	cacheSize = 10_000
)

// Store is what the registry needs of the engine's storage.
type Store interface {
	store.Clients
	store.Settings
}

// Sealer encrypts client secrets at rest. The context binds a sealed value to its place.
type Sealer interface {
	Seal(plaintext []byte, context string) ([]byte, error)
	Open(sealed []byte, context string) ([]byte, error)
}

// Deps are what a Registry needs.
type Deps struct {
	Store  Store
	Sealer Sealer
	Clock  func() time.Time
}

// Registry knows the clients and the settings.
type Registry struct {
	deps    Deps
	service atomic.Pointer[settings]

	mu      sync.RWMutex
	clients map[string]entry
	// misses are identifiers that the store did not know, and when it was asked: strangers may name any.
	misses map[string]time.Time
}

// entry is a cached client.
type entry struct {
	client *Client
	read   time.Time
}

// settings are the service settings with their version in the store.
type settings struct {
	service *authlete.Service
	version int64
	read    time.Time
}

// New returns a registry. Load must be called before the first request.
func New(deps Deps) *Registry {
	return &Registry{deps: deps, clients: map[string]entry{}, misses: map[string]time.Time{}}
}

// Client returns a client by alias or decimal id; store.ErrNotFound if there is none.
func (r *Registry) Client(ctx context.Context, identifier string) (*Client, error) {
	return r.client(ctx, identifier, cacheTime)
}

// Fresh returns a client as the store has it now. It serves requests that did not authenticate with what the cache
// has, because another replica may just have changed the secret.
func (r *Registry) Fresh(ctx context.Context, identifier string) (*Client, error) {
	return r.client(ctx, identifier, freshInterval)
}

// client takes a cached client that is younger than maxAge, or reads it.
func (r *Registry) client(ctx context.Context, identifier string, maxAge time.Duration) (*Client, error) {
	now := r.deps.Clock()
	r.mu.RLock()
	cached, ok := r.clients[identifier]
	missed, unknown := r.misses[identifier]
	r.mu.RUnlock()
	if ok && now.Sub(cached.read) < maxAge {
		return cached.client, nil
	}
	if unknown && now.Sub(missed) < maxAge {
		return nil, store.ErrNotFound
	}
	record, err := r.find(ctx, identifier)
	if errors.Is(err, store.ErrNotFound) {
		r.remember(identifier, now)
		return nil, err
	}
	if err != nil {
		r.Forget(identifier)
		return nil, err
	}
	client := cached.client
	if client == nil || client.Version != record.Version || client.ClientID != record.ID {
		if client, err = r.Decode(record); err != nil {
			return nil, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.clients) >= cacheSize {
		clear(r.clients)
	}
	delete(r.misses, identifier)
	r.clients[identifier] = entry{client: client, read: now}
	return client, nil
}

// remember notes that the store does not know an identifier. Create, update and delete forget it on this replica; others
// ask the store again after cacheTime.
func (r *Registry) remember(identifier string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.clients, identifier)
	if len(identifier) > MaxAlias || strings.ContainsFunc(identifier, NotAlias) {
		return // no store was asked, and nothing may grow by what strangers send
	}
	if len(r.misses) >= cacheSize {
		clear(r.misses)
	}
	r.misses[identifier] = now
}

// find reads a client by id, which no alias can be mistaken for, or by alias.
func (r *Registry) find(ctx context.Context, identifier string) (store.Client, error) {
	if id, err := strconv.ParseInt(identifier, 10, 64); err == nil && IDString(id) == identifier {
		return r.deps.Store.FindClient(ctx, id)
	}
	if len(identifier) > MaxAlias || strings.ContainsFunc(identifier, NotAlias) {
		return store.Client{}, store.ErrNotFound // whatever a request says, the store is asked for nothing impossible
	}
	return r.deps.Store.FindClientByAlias(ctx, identifier)
}

// MaxAlias is the greatest length of an alias.
const MaxAlias = 128

// NotAlias is true for characters that no alias has: all but printable ASCII without the space.
func NotAlias(c rune) bool { return c <= ' ' || c > '~' }

// Record reads a client past the cache, as the store has it.
func (r *Registry) Record(ctx context.Context, identifier string) (store.Client, error) {
	return r.find(ctx, identifier)
}

// Forget drops a client from the cache, and that there is none.
func (r *Registry) Forget(identifiers ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, identifier := range identifiers {
		delete(r.clients, identifier)
		delete(r.misses, identifier)
	}
}

// Decode opens a record. The secret is in ClientSecret.
func (r *Registry) Decode(record store.Client) (*Client, error) {
	client := &Client{Version: record.Version}
	if err := json.Unmarshal(record.Doc, &client.Client); err != nil {
		return nil, fmt.Errorf("decoding client %d: %w", record.ID, err)
	}
	client.ClientID, client.ClientIDAlias = record.ID, record.Alias
	client.CreatedAt, client.ModifiedAt = record.CreatedAt.UnixMilli(), record.ModifiedAt.UnixMilli()
	if len(record.SecretSealed) == 0 {
		return client, nil
	}
	secret, err := r.deps.Sealer.Open(record.SecretSealed, secretContext(record.ID))
	if err != nil {
		return nil, fmt.Errorf("opening the secret of client %d: %w", record.ID, err)
	}
	client.ClientSecret, client.hasSecret, client.secretHash = string(secret), true, sha256.Sum256(secret)
	return client, nil
}

// Encode turns a client into a record, its secret sealed.
func (r *Registry) Encode(client *authlete.Client, version int64) (store.Client, error) {
	record := store.Client{
		ID: client.ClientID, Alias: client.ClientIDAlias, Version: version,
		CreatedAt: time.UnixMilli(client.CreatedAt).UTC(), ModifiedAt: time.UnixMilli(client.ModifiedAt).UTC(),
	}
	document := *client
	document.ClientSecret = ""
	doc, err := json.Marshal(document)
	if err != nil {
		return store.Client{}, fmt.Errorf("encoding client %d: %w", client.ClientID, err)
	}
	record.Doc = doc
	if client.ClientSecret == "" {
		return record, nil
	}
	record.SecretSealed, err = r.deps.Sealer.Seal([]byte(client.ClientSecret), secretContext(client.ClientID))
	if err != nil {
		return store.Client{}, fmt.Errorf("sealing the secret of client %d: %w", client.ClientID, err)
	}
	return record, nil
}

// secretContext binds a sealed secret to its client.
func secretContext(id int64) string { return "client-secret/" + strconv.FormatInt(id, 10) }

// Service returns the settings in force. They are shared and must not be changed.
func (r *Registry) Service() *authlete.Service { return r.service.Load().service }

// Load puts the declared settings in force: it stores them where the store has none or others.
func (r *Registry) Load(ctx context.Context, declared *authlete.Service) error {
	for range 5 { // replicas that start together overwrite each other with the same content
		doc, err := r.deps.Store.FindSettings(ctx)
		if err != nil {
			return err
		}
		wanted, err := json.Marshal(declared)
		if err != nil {
			return fmt.Errorf("encoding the service settings: %w", err)
		}
		if !bytes.Equal(doc.Doc, wanted) {
			err = r.deps.Store.PutSettings(ctx, store.Document{Doc: wanted, Version: doc.Version})
			if errors.Is(err, store.ErrConflict) {
				continue
			}
			if err != nil {
				return err
			}
			doc.Version++
		}
		service := *declared
		r.service.Store(&settings{service: &service, version: doc.Version, read: r.deps.Clock()})
		return nil
	}
	return fmt.Errorf("storing the service settings: %w", store.ErrConflict)
}

// Current reads the settings again and returns them with their version.
func (r *Registry) Current(ctx context.Context) (*authlete.Service, int64, error) {
	if err := r.Refresh(ctx); err != nil {
		return nil, 0, err
	}
	current := r.service.Load()
	return current.service, current.version, nil
}

// Update replaces the settings whose version is still the given one; store.ErrConflict if it is not.
func (r *Registry) Update(ctx context.Context, service *authlete.Service, version int64) error {
	doc, err := json.Marshal(service)
	if err != nil {
		return fmt.Errorf("encoding the service settings: %w", err)
	}
	if err := r.deps.Store.PutSettings(ctx, store.Document{Doc: doc, Version: version}); err != nil {
		return err
	}
	copied := *service
	r.service.Store(&settings{service: &copied, version: version + 1, read: r.deps.Clock()})
	return nil
}

// Refresh reads the settings again, because another replica may have changed them.
func (r *Registry) Refresh(ctx context.Context) error {
	doc, err := r.deps.Store.FindSettings(ctx)
	if err != nil {
		return err
	}
	current := r.service.Load()
	if current != nil && doc.Version == current.version {
		return nil
	}
	service := &authlete.Service{}
	if err := json.Unmarshal(doc.Doc, service); err != nil {
		return fmt.Errorf("decoding the service settings: %w", err)
	}
	r.service.Store(&settings{service: service, version: doc.Version, read: r.deps.Clock()})
	return nil
}
