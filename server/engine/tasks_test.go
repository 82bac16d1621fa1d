package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/store/memory"
)

// stuck is a store that does not answer some calls before their context ends.
type stuck struct {
	store.Store
	sweep, create bool
}

func (s *stuck) Sweep(ctx context.Context, now time.Time, limit int) (int64, error) {
	if s.sweep {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return s.Store.Sweep(ctx, now, limit)
}

func (s *stuck) CreateKey(ctx context.Context, key store.Key) error {
	if s.create {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.Store.CreateKey(ctx, key)
}

// TestTasksDoNotWaitForEachOther: a sweep that hangs does not keep a replica from the settings of the others.
func TestTasksDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := memory.New()
		one, two := replica(t, st), replica(t, &stuck{Store: st, sweep: true})
		ctx, cancel := context.WithCancel(t.Context())
		go two.Run(ctx)
		time.Sleep(sweepInterval + time.Millisecond) // the sweep has begun
		service, err := one.ServiceGet(ctx)
		if err != nil {
			t.Fatal(err)
		}
		service.ServiceName = "changed"
		if _, err := one.ServiceUpdate(ctx, service); err != nil {
			t.Fatal(err)
		}
		time.Sleep(settingsInterval)
		if got := two.registry.Service().ServiceName; got != "changed" {
			t.Errorf("name = %q while a sweep hangs", got)
		}
		cancel()
		synctest.Wait()
	})
}

// TestCloseEndsTheMakingOfKeys: a store that does not answer does not hold up the end of the process.
func TestCloseEndsTheMakingOfKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := replica(t, &stuck{Store: memory.New(), create: true})
		synctest.Wait()
		began := time.Now()
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("Close took %s", took)
		}
	})
}
