package sqlstore

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func startWriter(t *testing.T) *writer {
	t.Helper()
	w, err := openWriter(t.Context(), filepath.Join(t.TempDir(), "engine.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// TestBrokenTransaction: a change that ends the transaction of its group, as SQLite does when the disk fails, takes those
// with it that are in the group; those that wait behind them are not lost.
func TestBrokenTransaction(t *testing.T) {
	t.Parallel()
	w := startWriter(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			for round := range 20 {
				good := []step{{query: "UPDATE clients SET id = id"}}
				if round%5 == 0 {
					good = []step{{query: "ROLLBACK"}}
				}
				if _, err := w.submit(ctx, good, nil); errors.Is(err, context.DeadlineExceeded) {
					t.Error("a change got no answer")
					return
				}
			}
		})
	}
	group.Wait()
	if _, err := w.submit(ctx, []step{{query: "UPDATE clients SET id = id"}}, nil); err != nil {
		t.Errorf("after the failures: %v", err)
	}
}

// TestScratchFilesAreInMemory: in a container there is nowhere else for them.
func TestScratchFilesAreInMemory(t *testing.T) {
	t.Parallel()
	const memory = 2
	if got, err := startWriter(t).number(t.Context(), "PRAGMA temp_store"); err != nil || got != memory {
		t.Errorf("temp_store = %d, %v", got, err)
	}
}
