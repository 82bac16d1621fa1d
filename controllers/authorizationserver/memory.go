package authorizationserver

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// memoryLife is how long something is remembered of a server that nobody looks at any more.
const memoryLife = 2 * checkInterval

// memory remembers something about each server until it is due to be found out again, and somewhat longer, for as long as
// the operator runs. Its zero value is ready for use.
type memory[T interface{ due() time.Time }] struct {
	mu sync.Mutex
	of map[types.UID]T
}

func (m *memory[T]) get(server types.UID) (T, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	one, ok := m.of[server]
	return one, ok
}

// put remembers something about a server, and returns what it forgets: that of servers that have gone.
func (m *memory[T]) put(server types.UID, one T, now time.Time) []T {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of == nil {
		m.of = map[types.UID]T{}
	}
	var gone []T
	for uid, other := range m.of {
		if now.Sub(other.due()) > memoryLife {
			gone = append(gone, other)
			delete(m.of, uid)
		}
	}
	m.of[server] = one
	return gone
}

func (m *memory[T]) drop(server types.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.of, server)
}
