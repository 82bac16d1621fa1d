package keys

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// leaseName is the lease under which one replica changes the keys.
const leaseName = "signing-keys"

// leaseDuration outlives the making of an RSA key on a busy machine.
const leaseDuration = 30 * time.Second

// releaseTimeout bounds the end of the lease.
const releaseTimeout = 2 * time.Second

// Maintain learns of other replicas' keys and, while this replica holds the
// lease, makes the changes that are due. It must be called every ReloadInterval.
func (r *Ring) Maintain(ctx context.Context) error {
	err := r.maintain(ctx)
	r.note(err)
	return err
}

func (r *Ring) maintain(ctx context.Context) error {
	if err := r.reload(ctx); err != nil {
		return err
	}
	now := r.deps.Clock()
	steps := plan(r.current.Load().held(), r.deps.Policy(), now)
	if len(steps) == 0 {
		return nil
	}
	lease := store.Lease{Name: leaseName, Holder: r.deps.Replica, Now: now, Until: now.Add(leaseDuration)}
	switch held, err := r.deps.Store.AcquireLease(ctx, lease); {
	case err != nil:
		return fmt.Errorf("acquiring lease %q: %w", leaseName, err)
	case !held:
		return nil
	}
	defer r.release(ctx, lease)
	// What was planned on may be what the lease's last holder has just changed.
	if err := r.reload(ctx); err != nil {
		return err
	}
	for _, next := range plan(r.current.Load().held(), r.deps.Policy(), now) {
		if err := r.apply(ctx, next, now); err != nil {
			return err
		}
	}
	return r.reload(ctx)
}

// release ends the lease, so that a replica that stops now does not keep others waiting. One that cannot be ended ends by
// itself.
func (r *Ring) release(ctx context.Context, lease store.Lease) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	lease.Until = lease.Now
	if _, err := r.deps.Store.AcquireLease(ctx, lease); err != nil {
		r.deps.Log.DebugContext(ctx, "Ending a lease failed", "lease", lease.Name, "error", err)
	}
}

func (r *Ring) apply(ctx context.Context, next step, now time.Time) error {
	switch next.verb {
	case stepCreate:
		return r.create(ctx, next, now)
	case stepActivate:
		if err := r.deps.Store.ActivateKey(ctx, next.kid, now); err != nil {
			return ignoreLost(fmt.Errorf("activating signing key: %w", err))
		}
		r.deps.Log.InfoContext(ctx, "Signing key activated", "alg", string(next.alg), "kid", next.kid)
	case stepDelete:
		if err := r.deps.Store.DeleteKey(ctx, next.kid); err != nil {
			return fmt.Errorf("deleting signing key: %w", err)
		}
		r.deps.Log.InfoContext(ctx, "Signing key deleted", "alg", string(next.alg), "kid", next.kid)
	}
	return nil
}

func (r *Ring) create(ctx context.Context, next step, now time.Time) error {
	record, err := generate(r.deps.Sealer, next.alg, next.history)
	if err != nil {
		return err
	}
	record.State, record.CreatedAt = store.KeyPending, now
	if err := r.deps.Store.CreateKey(ctx, record); err != nil {
		return fmt.Errorf("storing signing key: %w", err)
	}
	r.deps.Log.InfoContext(ctx, "Signing key created", "alg", record.Alg, "kid", record.KID, "state", string(record.State))
	return nil
}

// ignoreLost drops the errors that mean that another replica was faster: its change is the one that was wanted.
func ignoreLost(err error) error {
	if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
