package pace

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// TestMemoryIsBounded: nothing is kept of objects that went away while they waited, nor of quiet servers.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	p := New(func() time.Time { return now })
	for i := range 20_000 {
		server := types.UID(fmt.Sprint(i / 20))
		p.Admit(server, types.UID(fmt.Sprint("object", i)))
		now = now.Add(100 * time.Millisecond) // twice as fast as turns come, and nobody returns
	}
	now = now.Add(time.Hour)
	p.Admit("last", "object")
	if len(p.queues) != 1 {
		t.Errorf("%d servers are remembered, want 1", len(p.queues))
	}
	for i := range 20_000 {
		p.Admit("last", types.UID(fmt.Sprint("object", i)))
		now = now.Add(interval)
	}
	if q := p.queues["last"]; len(q.turns) > 1 || len(q.order) > 1 {
		t.Errorf("%d turns, %d in order are remembered", len(q.turns), len(q.order))
	}
	for i := range 1000 {
		p.Admit("last", types.UID(fmt.Sprint("gone", i)))
	}
	now = now.Add(1000*interval + 2*lateness)
	p.Admit("last", "object")
	if q := p.queues["last"]; len(q.turns) != 0 || len(q.order) != 0 {
		t.Errorf("%d turns, %d in order are remembered of objects that never came back", len(q.turns), len(q.order))
	}
}
