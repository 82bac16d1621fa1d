package livefile_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/authserver-dev/operator/server/livefile"
)

// TestKubernetesSwap changes a file as the kubelet does: a new folder, then a swapped link.
func TestKubernetesSwap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	publish := func(version, content string) {
		if err := os.Mkdir(filepath.Join(dir, version), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, version, "value"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(version, filepath.Join(dir, "..tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	publish("..1", "one")
	path := filepath.Join(dir, "value")
	if err := os.Symlink("..data/value", path); err != nil {
		t.Fatal(err)
	}
	value, err := livefile.Open(livefile.Options[string]{
		Name: "test", Paths: []string{path}, Log: slog.New(slog.DiscardHandler),
		Load: func() (string, error) {
			data, err := os.ReadFile(path)
			if err == nil && string(data) == "bad" {
				err = errors.New("bad content")
			}
			return string(data), err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); value.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	// The deadline is shorter than the interval of polling: what is seen in time was seen by watching.
	await := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: the value is %q", what, value.Get())
			}
		}
	}
	publish("..2", "two")
	await("after a swap", func() bool { return value.Get() == "two" })
	publish("..3", "bad")
	await("after a bad swap", func() bool { return !value.Healthy() })
	if value.Get() != "two" {
		t.Errorf("a bad file replaced the value: %q", value.Get())
	}
	publish("..4", "four")
	await("after mending", func() bool { return value.Healthy() && value.Get() == "four" })
}
