package lock

import (
	"context"
	"errors"
	"testing"
)

func TestAcquire(t *testing.T) {
	t.Parallel()
	name := t.TempDir()
	first, err := Acquire(t.Context(), name, func() { t.Error("waited for a free lock") })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Acquire(ctx, name, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("Acquire() of a taken lock = %v, want it to wait until the context ends", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := Acquire(t.Context(), name, func() { t.Error("waited for a lock that was freed") })
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}
