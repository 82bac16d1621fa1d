package keys

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// Store is what a Ring needs of the store.
type Store interface {
	ListKeys(ctx context.Context) ([]store.Key, error)
	CreateKey(ctx context.Context, key store.Key) error
	ActivateKey(ctx context.Context, kid string, now time.Time) error
	DeleteKey(ctx context.Context, kid string) error
	AcquireLease(ctx context.Context, lease store.Lease) (bool, error)
}

// Deps are what a Ring needs. All are required.
type Deps struct {
	Store  Store
	Sealer *Sealer
	Clock  func() time.Time
	// Policy returns the policy in force.
	Policy func() Policy
	// Algorithms are those that must have a key from the start; others get one when they are first asked for.
	Algorithms []authlete.JWSAlg
	// Replica names this process among those that share the store.
	Replica string
	Log     *slog.Logger
}

// Ring signs with the active keys and publishes all of them.
type Ring struct {
	deps Deps
	// current is what the last reload found.
	current atomic.Pointer[snapshot]
	// turns let one caller at a time make the first key of an algorithm; a channel, because waiting must end with
	// the caller's context.
	turns map[authlete.JWSAlg]chan struct{}
	// reloading keeps an older reading of the store from replacing a newer one.
	reloading sync.Mutex

	mu sync.Mutex
	// failure is why the last change or reload did not work.
	failure error
	// background ends when Start's work is done.
	background sync.WaitGroup
}

// New returns a Ring. It signs nothing before Start.
func New(deps Deps) (*Ring, error) {
	ring := &Ring{deps: deps, turns: map[authlete.JWSAlg]chan struct{}{}}
	for _, alg := range Algorithms() {
		ring.turns[alg] = make(chan struct{}, 1)
	}
	for _, alg := range deps.Algorithms {
		if ring.turns[alg] == nil {
			return nil, fmt.Errorf("%w: %q", ErrUnsupported, alg)
		}
	}
	ring.current.Store(&snapshot{})
	return ring, nil
}

// Start reads the keys, so that a wrong key encryption key stops the start, and
// makes the missing ones in the background, the cheap ones first. The background
// work ends with ctx; Wait waits for it.
func (r *Ring) Start(ctx context.Context) error {
	if err := r.reload(ctx); err != nil {
		return err
	}
	var missing []authlete.JWSAlg
	for _, alg := range Algorithms() { // cheapest first
		if slices.Contains(r.deps.Algorithms, alg) && r.current.Load().active[alg] == nil {
			missing = append(missing, alg)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	r.background.Go(func() {
		for _, alg := range missing {
			if _, err := r.ensure(ctx, alg); err != nil && !errors.Is(err, context.Canceled) {
				r.deps.Log.ErrorContext(ctx, "Making a signing key failed", "alg", string(alg), "error", err)
			}
		}
	})
	return nil
}

// Wait waits until the background work of Start is over.
func (r *Ring) Wait() { r.background.Wait() }

// Ready says why the ring cannot do its work, or nil. Keys that are still being
// made are no reason: Sign and JWKS wait for them.
func (r *Ring) Ready() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failure
}

// Sign returns the payload as a compact JWS of the algorithm's active key, with kid and typ in its header.
func (r *Ring) Sign(ctx context.Context, alg authlete.JWSAlg, payload []byte, typ string) (string, error) {
	key := r.current.Load().active[alg]
	if key == nil {
		var err error
		if key, err = r.ensure(ctx, alg); err != nil {
			return "", err
		}
	}
	signer, err := key.material.joseSigner(key.KID, key.Alg, typ)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("signing: %w", err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("serializing signature: %w", err)
	}
	return compact, nil
}

// JWKS returns the JWK Set document with the public keys, active ones first. It
// must not be modified.
func (r *Ring) JWKS(ctx context.Context) ([]byte, error) {
	for _, alg := range r.deps.Algorithms {
		if r.current.Load().active[alg] != nil {
			continue
		}
		if _, err := r.ensure(ctx, alg); err != nil {
			return nil, err
		}
	}
	return r.current.Load().jwks, nil
}

// ensure returns the active key of an algorithm and makes the first one if there is none.
func (r *Ring) ensure(ctx context.Context, alg authlete.JWSAlg) (*key, error) {
	turn := r.turns[alg]
	if turn == nil {
		return nil, fmt.Errorf("%w: %q", ErrUnsupported, alg)
	}
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for a signing key: %w", ctx.Err())
	}
	key, err := r.firstKey(ctx, alg)
	r.note(err)
	return key, err
}

func (r *Ring) firstKey(ctx context.Context, alg authlete.JWSAlg) (*key, error) {
	// Another caller or replica may have been here while this one waited.
	if err := r.reload(ctx); err != nil {
		return nil, err
	}
	if key := r.current.Load().active[alg]; key != nil {
		return key, nil
	}
	var past history
	if request := r.deps.Policy().Request; request != "" {
		past = past.with(request)
	}
	record, err := generate(r.deps.Sealer, alg, past)
	if err != nil {
		return nil, err
	}
	now := r.deps.Clock()
	record.State, record.CreatedAt, record.ActivatedAt = store.KeyActive, now, now
	switch err := r.deps.Store.CreateKey(ctx, record); {
	case errors.Is(err, store.ErrConflict): // another replica was faster; its key counts
	case err != nil:
		return nil, fmt.Errorf("storing signing key: %w", err)
	default:
		r.deps.Log.InfoContext(ctx, "Signing key created", "alg", record.Alg, "kid", record.KID, "state", string(record.State))
	}
	if err := r.reload(ctx); err != nil {
		return nil, err
	}
	key := r.current.Load().active[alg]
	if key == nil {
		return nil, fmt.Errorf("no active %s key after making one", alg)
	}
	return key, nil
}

// note remembers the outcome of the last work for Ready. That a caller gave up says nothing about the ring.
func (r *Ring) note(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failure = err
}
