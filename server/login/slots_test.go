package login

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/authserver-dev/operator/internal/password"
)

// TestSlotsWeighMemory: hashes that run at the same time do not take more memory than there is, and one that is larger than
// all of it runs alone.
func TestSlotsWeighMemory(t *testing.T) {
	t.Parallel()
	const memory = 3 * password.OwnMemory
	s := newSlots(memory)
	var used, peak atomic.Int64
	var group sync.WaitGroup
	for i := range 60 {
		group.Go(func() {
			bytes := []int64{password.OwnMemory, 2 * password.OwnMemory, 100 * password.OwnMemory, 1}[i%4]
			release, err := s.take(t.Context(), bytes)
			if err != nil {
				t.Error(err)
				return
			}
			now := used.Add(min(bytes, memory))
			for old := peak.Load(); now > old && !peak.CompareAndSwap(old, now); old = peak.Load() {
			}
			used.Add(-min(bytes, memory))
			release()
		})
	}
	group.Wait()
	if peak.Load() > memory {
		t.Errorf("%d bytes were used at a time, want at most %d", peak.Load(), memory)
	}
}

// TestQueueIsBounded: those who find the queue full are told at once, and a place is free again afterwards.
func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(password.OwnMemory)
		release, err := s.take(t.Context(), password.OwnMemory)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for range maxWaiting {
			group.Go(func() {
				if _, err := s.take(ctx, password.OwnMemory); !errors.Is(err, context.Canceled) {
					t.Errorf("a waiting attempt got %v", err)
				}
			})
		}
		synctest.Wait()
		if _, err := s.take(t.Context(), 1); !errors.Is(err, ErrBusy) {
			t.Errorf("the queue is full, but take returned %v", err)
		}
		cancel()
		group.Wait()
		release()
		if release, err = s.take(t.Context(), password.OwnMemory); err != nil {
			t.Fatalf("after the queue: %v", err)
		}
		release()
	})
}
