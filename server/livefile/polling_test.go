package livefile

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestPollingAlone: where nothing can be watched, for want of inotify or on a file system without it, a change is seen
// within the interval of polling.
func TestPollingAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var content atomic.Int64
		value, err := Open(Options[int64]{Name: "test", Log: slog.New(slog.DiscardHandler), Load: func() (int64, error) { return content.Load(), nil }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go value.follow(ctx, watch{})
		synctest.Wait()
		for next := range int64(3) {
			content.Store(next + 1)
			time.Sleep(pollInterval)
			synctest.Wait()
			if got := value.Get(); got != next+1 {
				t.Errorf("after an interval the value is %d, want %d", got, next+1)
			}
		}
		cancel()
		synctest.Wait()
	})
}
