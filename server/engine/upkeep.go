package engine

import (
	"context"
	"sync"
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
// keys, and sweeps what has expired. Each has a goroutine, so that none waits for another.
func (e *Engine) Run(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	for _, t := range []task{
		{"Reading the service settings", settingsInterval, e.registry.Refresh},
		{"Keeping signing keys", keys.ReloadInterval, e.ring.Maintain},
		{"Sweeping expired records", sweepInterval, e.sweep},
	} {
		group.Go(func() { e.repeat(ctx, t) })
	}
}

// task is a piece of background work and how often it is done.
type task struct {
	name     string
	interval time.Duration
	work     func(context.Context) error
}

// repeat does a task until the context ends; a failure is logged and tried again at its next turn.
func (e *Engine) repeat(ctx context.Context, t task) {
	ticker := time.NewTicker(t.interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		bounded, cancel := context.WithTimeout(ctx, taskTimeout)
		if err := t.work(bounded); err != nil && ctx.Err() == nil {
			e.opts.Log.ErrorContext(ctx, "Background work failed", "task", t.name, "error", err)
		}
		cancel()
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
