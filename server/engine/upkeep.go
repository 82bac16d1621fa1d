package engine

import (
	"context"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/keys"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

const (
	// settingsInterval is how often the settings are read again, so that replicas agree.
	settingsInterval = 2 * time.Second
	// sweepInterval is how often one replica sweeps; sweepBatch bounds one statement. A sweep goes on until nothing is left
	// or its time is over: a bound on records would be one on how many can be issued.
	sweepInterval = 30 * time.Second
	sweepBatch    = 10_000
	leaseSweep    = "sweep"
	taskTimeout   = 20 * time.Second
)

// Run does the engine's background work until the context ends: it follows changes by other replicas, keeps the signing
// keys, and sweeps what has expired.
func (e *Engine) Run(ctx context.Context) {
	settings, ring, sweep := time.NewTicker(settingsInterval), time.NewTicker(keys.ReloadInterval), time.NewTicker(sweepInterval)
	defer settings.Stop()
	defer ring.Stop()
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-settings.C:
			e.task(ctx, "Reading the service settings", e.registry.Refresh)
		case <-ring.C:
			e.task(ctx, "Keeping signing keys", e.ring.Maintain)
		case <-sweep.C:
			e.task(ctx, "Sweeping expired records", e.sweep)
		}
	}
}

// task runs one piece of background work; a failure is logged and tried again at its next turn.
func (e *Engine) task(ctx context.Context, name string, work func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, taskTimeout)
	defer cancel()
	if err := work(ctx); err != nil && ctx.Err() == nil {
		e.opts.Log.ErrorContext(ctx, "Background work failed", "task", name, "error", err)
	}
}

// sweep deletes expired records, unless another replica does.
func (e *Engine) sweep(ctx context.Context) error {
	now := e.opts.Clock()
	mine, err := e.store.AcquireLease(ctx, store.Lease{Name: leaseSweep, Holder: e.replica, Now: now, Until: now.Add(2 * sweepInterval)})
	if err != nil || !mine {
		return err
	}
	for ctx.Err() == nil {
		deleted, err := e.store.Sweep(ctx, now, sweepBatch)
		if err != nil || deleted == 0 {
			return err
		}
	}
	return nil
}
