package login

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"github.com/authserver-dev/operator/internal/password"
)

// ErrBusy means that too many passwords wait to be checked. Trying again later may help.
var ErrBusy = errors.New("too many passwords wait to be checked")

const (
	// maxWaiting bounds how many attempts wait for their turn. At some 20 ms each the last one waits less than 3 s on one core.
	maxWaiting = 128
	// defaultMemory is the memory for hashing where the process has no limit, in bytes.
	defaultMemory = 1 << 30
	// expensive is what a hash must take, in bytes, for its memory to be returned at once.
	expensive = 2 * password.OwnMemory
)

// slots bounds the memory and the number of hashes that are computed at a time.
type slots struct {
	memory  *semaphore.Weighted
	size    int64
	count   *semaphore.Weighted
	waiting atomic.Int64
}

// newSlots returns slots for so many bytes of memory; 0 takes half of what the Go runtime may use.
func newSlots(memory int64) *slots {
	if memory == 0 {
		memory = min(debug.SetMemoryLimit(-1)/2, defaultMemory) // a negative argument only reads the limit
	}
	memory = max(memory, password.OwnMemory)
	return &slots{
		memory: semaphore.NewWeighted(memory), size: memory,
		count: semaphore.NewWeighted(int64(max(2, runtime.GOMAXPROCS(0)))),
	}
}

// take waits until a hash that needs so many bytes may be computed. The caller calls release afterwards.
func (s *slots) take(ctx context.Context, bytes int64) (release func(), err error) {
	if s.waiting.Add(1) > maxWaiting {
		s.waiting.Add(-1)
		return nil, ErrBusy
	}
	defer s.waiting.Add(-1)
	if err := s.count.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("waiting for a turn to check a password: %w", err)
	}
	weight := min(max(bytes, 1), s.size) // one that is larger than everything runs alone
	if err := s.memory.Acquire(ctx, weight); err != nil {
		s.count.Release(1)
		return nil, fmt.Errorf("waiting for memory to check a password: %w", err)
	}
	return func() {
		if bytes > expensive {
			runtime.GC() // else the next expensive hash would need its memory beside this one's
		}
		s.memory.Release(weight)
		s.count.Release(1)
	}, nil
}
