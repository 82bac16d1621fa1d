package clientauth

import (
	"context"
	"fmt"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

const (
	// remoteTTL is how long fetched keys are used without asking again.
	remoteTTL = 10 * time.Minute
	// remoteMaxAge is how long they are used while the client's server cannot be reached.
	remoteMaxAge = time.Hour
	// minRefetch keeps forged assertions from turning the server into a load generator.
	minRefetch = time.Minute
	// maxRemotes bounds the memory.
	maxRemotes = 1024
)

// remoteKeys caches the keys behind jwks_uris.
type remoteKeys struct {
	fetcher Fetcher
	clock   func() time.Time

	mu   sync.Mutex
	sets map[string]*remoteSet
}

// remoteSet is the cache of one jwks_uri.
type remoteSet struct {
	// turn lets one caller fetch; a channel, because waiting must end with the caller's context.
	turn chan struct{}

	keys      []jose.JSONWebKey
	err       error
	fetched   time.Time // when keys were read
	attempted time.Time // when keys were asked for
}

func newRemoteKeys(fetcher Fetcher, clock func() time.Time) *remoteKeys {
	return &remoteKeys{fetcher: fetcher, clock: clock, sets: map[string]*remoteSet{}}
}

// get returns the keys, fetched within remoteTTL where the client's server can be reached.
func (r *remoteKeys) get(ctx context.Context, uri string) ([]jose.JSONWebKey, error) {
	return r.read(ctx, uri, remoteTTL)
}

// renew returns the keys, fetched within minRefetch.
func (r *remoteKeys) renew(ctx context.Context, uri string) ([]jose.JSONWebKey, error) {
	return r.read(ctx, uri, minRefetch)
}

func (r *remoteKeys) read(ctx context.Context, uri string, age time.Duration) ([]jose.JSONWebKey, error) {
	set := r.set(uri)
	select {
	case set.turn <- struct{}{}:
		defer func() { <-set.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for client keys: %w", ctx.Err())
	}
	now := r.clock()
	stale := now.Sub(set.fetched) >= age
	if stale && now.Sub(set.attempted) >= minRefetch {
		r.fetch(ctx, uri, set)
	}
	if now.Sub(set.fetched) >= remoteMaxAge {
		return nil, set.err
	}
	return set.keys, nil
}

// fetch asks for the keys. Keys that were read before survive a failure.
func (r *remoteKeys) fetch(ctx context.Context, uri string, set *remoteSet) {
	doc, err := r.fetcher.Fetch(ctx, uri)
	if ctx.Err() != nil {
		return // the caller gave up: that is no attempt
	}
	set.attempted = r.clock()
	if err != nil {
		set.err = fmt.Errorf("fetching %q: %w", uri, err)
		return
	}
	keys, err := parseKeys(doc)
	if err != nil {
		set.err = fmt.Errorf("reading %q: %w", uri, err)
		return
	}
	set.keys, set.err, set.fetched = keys, nil, set.attempted
}

// set returns the cache of a URI. When there are too many, they are all
// forgotten: that costs a fetch each and needs no bookkeeping.
func (r *remoteKeys) set(uri string) *remoteSet {
	r.mu.Lock()
	defer r.mu.Unlock()
	if set, ok := r.sets[uri]; ok {
		return set
	}
	if len(r.sets) >= maxRemotes {
		clear(r.sets)
	}
	set := &remoteSet{turn: make(chan struct{}, 1)}
	r.sets[uri] = set
	return set
}
