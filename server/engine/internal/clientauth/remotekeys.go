package clientauth

import (
	"context"
	"fmt"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/authserver-dev/operator/server/engine/internal/clientkeys"
)

const (
	// remoteTTL is how long fetched keys are used without asking again.
	remoteTTL = 10 * time.Minute
	// remoteMaxAge is how long they are used while the client's server cannot be reached.
	remoteMaxAge = time.Hour
	// minRefetch keeps forged assertions from turning the server into a load generator.
	minRefetch = time.Minute
	// fetchTimeout bounds a request, whatever the Fetcher does.
	fetchTimeout = 10 * time.Second
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
	mu sync.Mutex

	keys      []jose.JSONWebKey
	err       error
	fetched   time.Time // when keys were read
	attempted time.Time // when a request for keys began
	// fetching is closed at the end of the request that is under way; nil without one.
	fetching chan struct{}
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

// read returns keys that are younger than age at once. Otherwise it waits for the one request that is under way, or begins
// one where the last did not begin just now. What fails leaves the keys from before, while they are not too old.
func (r *remoteKeys) read(ctx context.Context, uri string, age time.Duration) ([]jose.JSONWebKey, error) {
	set := r.set(uri)
	now := r.clock()
	keys, fetching := r.fresh(ctx, set, uri, now.Add(-age))
	if fetching == nil && keys != nil {
		return keys, nil
	}
	if fetching != nil {
		select {
		case <-fetching:
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for client keys: %w", ctx.Err())
		}
	}
	set.mu.Lock()
	defer set.mu.Unlock()
	if now.Sub(set.fetched) >= remoteMaxAge {
		return nil, set.err
	}
	return set.keys, nil
}

// fresh returns keys that were read after the given time, or the request to wait for, if one is under way or may begin.
func (r *remoteKeys) fresh(ctx context.Context, set *remoteSet, uri string, after time.Time) ([]jose.JSONWebKey, <-chan struct{}) {
	set.mu.Lock()
	defer set.mu.Unlock()
	if set.keys != nil && set.fetched.After(after) {
		return set.keys, nil
	}
	now := r.clock()
	if set.fetching == nil && now.Sub(set.attempted) >= minRefetch {
		// The attempt counts from its beginning, and no caller can end it: strangers choose when callers hang up.
		set.attempted, set.fetching = now, make(chan struct{})
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
		go func() {
			defer cancel()
			r.fetch(detached, uri, set)
		}()
	}
	return nil, set.fetching
}

// fetch asks for the keys. Keys that were read before survive a failure.
func (r *remoteKeys) fetch(ctx context.Context, uri string, set *remoteSet) {
	keys, err := r.download(ctx, uri)
	set.mu.Lock()
	defer set.mu.Unlock()
	if set.err = err; err == nil {
		set.keys, set.fetched = keys, set.attempted
	}
	close(set.fetching)
	set.fetching = nil
}

func (r *remoteKeys) download(ctx context.Context, uri string) ([]jose.JSONWebKey, error) {
	doc, err := r.fetcher.Fetch(ctx, uri)
	if err != nil {
		return nil, fmt.Errorf("fetching %q: %w", uri, err)
	}
	keys, err := clientkeys.Parse(doc)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", uri, err)
	}
	return keys, nil
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
	set := &remoteSet{}
	r.sets[uri] = set
	return set
}
