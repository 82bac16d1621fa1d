package sqlstore_test

import (
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// gate is one address before databases, as a Service is: it leads new connections to the one in force. Open ones stay.
type gate struct {
	url string

	mu     sync.Mutex
	target string
	links  []*link
}

// link is a connection through the gate.
type link struct {
	client, server net.Conn
	// silent means that nothing gets through any more, and nobody is told.
	silent atomic.Bool
}

func newGate(t *testing.T, database string) *gate {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{}
	g.lead(t, database)
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = listener.Addr().String()
	g.url = u.String()
	t.Cleanup(func() { _ = listener.Close(); g.cut() })
	go g.serve(listener)
	return g
}

// lead leads new connections to the server of the database.
func (g *gate) lead(t *testing.T, database string) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.target = u.Host
}

// cut ends all connections.
func (g *gate) cut() {
	for _, l := range g.open() {
		_ = l.client.Close()
		_ = l.server.Close()
	}
}

// silence lets nothing through open connections any more, and returns how many they are.
func (g *gate) silence() int {
	open := g.open()
	for _, l := range open {
		l.silent.Store(true)
	}
	return len(open)
}

func (g *gate) open() []*link {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]*link(nil), g.links...)
}

func (g *gate) serve(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		g.mu.Lock()
		server, err := net.Dial("tcp", g.target)
		if err != nil {
			g.mu.Unlock()
			_ = client.Close()
			continue
		}
		l := &link{client: client, server: server}
		g.links = append(g.links, l)
		g.mu.Unlock()
		go l.carry(client, server)
		go l.carry(server, client)
	}
}

// carry carries bytes one way until either side ends.
func (l *link) carry(from, to net.Conn) {
	defer to.Close()
	buffer := make([]byte, 1<<14)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if l.silent.Load() {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
