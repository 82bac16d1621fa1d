package management

import (
	"crypto/sha256"
	"net/http"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// maxLines bounds the transports that are kept. Those that were not used for the longest time go first; their idle
// connections end by themselves, too.
const maxLines = 512

// lines are the transports of servers, kept from one reconcile to the next, so that connections are used again.
type lines struct {
	mu sync.Mutex
	of map[types.UID]line
	// turn numbers the uses.
	turn uint64
}

// line is a transport with what it was made from, and when it was last used.
type line struct {
	transport *http.Transport
	sum       [sha256.Size]byte
	used      uint64
}

// get returns the transport of a server: the one of before where it was made from the same, else a new one.
func (l *lines) get(server types.UID, sum [sha256.Size]byte, open func() (*http.Transport, error)) (*http.Transport, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn++
	have, ok := l.of[server]
	if !ok || have.sum != sum {
		transport, err := open()
		if err != nil {
			return nil, err
		}
		l.drop(server)
		have = line{transport: transport, sum: sum}
	}
	have.used = l.turn
	if l.of == nil {
		l.of = map[types.UID]line{}
	}
	l.of[server] = have
	if len(l.of) > maxLines {
		l.drop(l.oldest())
	}
	return have.transport, nil
}

// oldest returns the server whose transport was not used for the longest time.
func (l *lines) oldest() types.UID {
	var oldest types.UID
	least := l.turn
	for server, one := range l.of {
		if one.used <= least {
			oldest, least = server, one.used
		}
	}
	return oldest
}

// drop forgets a transport. Calls under way end in peace.
func (l *lines) drop(server types.UID) {
	if one, ok := l.of[server]; ok {
		one.transport.CloseIdleConnections()
		delete(l.of, server)
	}
}
