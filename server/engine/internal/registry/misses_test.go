package registry

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// TestUnknownClientsCostLittle: an identifier that nobody has costs one reading, not two per request, and a client that
// is made is known at once on its replica and soon on others. What is remembered is bounded.
func TestUnknownClientsCostLittle(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other := b.replica()
	for range 100 {
		_, err := b.Client(t.Context(), "nobody")
		_, freshErr := b.Fresh(t.Context(), "nobody")
		if !errors.Is(err, store.ErrNotFound) || !errors.Is(freshErr, store.ErrNotFound) {
			t.Fatal(err, freshErr)
		}
	}
	if got := b.store.reads.Load(); got != 1 {
		t.Errorf("%d readings of an unknown client, want 1", got)
	}
	if _, err := other.Client(t.Context(), "nobody"); !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
	b.add(t, 7, "nobody", "secret")
	b.Forget("nobody", "7") // as the call that makes a client does
	if _, err := b.Client(t.Context(), "nobody"); err != nil {
		t.Errorf("a new client on its replica: %v", err)
	}
	b.now = b.now.Add(freshInterval)
	if _, err := other.Fresh(t.Context(), "nobody"); err != nil {
		t.Errorf("a new client that authenticates at another replica: %v", err)
	}
	b.now = b.now.Add(cacheTime)
	for i := range cacheSize + 10 {
		_, _ = b.Client(t.Context(), "stranger-"+strconv.Itoa(i))
	}
	if got := len(b.misses); got > cacheSize {
		t.Errorf("%d unknown identifiers are remembered", got)
	}
	before := len(b.misses)
	_, _ = b.Client(t.Context(), strings.Repeat("x", MaxAlias+1))
	if len(b.misses) > before {
		t.Error("an impossible identifier is remembered")
	}
}

// TestUnknownClientIsReadAgain: other replicas make clients, too.
func TestUnknownClientIsReadAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := b.Client(t.Context(), "late"); !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
	b.add(t, 8, "late", "secret")
	b.now = b.now.Add(cacheTime - time.Millisecond)
	if _, err := b.Client(t.Context(), "late"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("read again too soon: %v", err)
	}
	b.now = b.now.Add(time.Millisecond)
	if _, err := b.Client(t.Context(), "late"); err != nil {
		t.Error(err)
	}
}
