// Package livefile keeps a value that is read from files up to date while the
// files change. Where Kubernetes mounts them, a change swaps a symbolic link;
// where a person edits them, the file itself changes: watching the folders sees
// both, and reading again now and then covers what watching misses.
//
// A change that cannot be read keeps the last good value and is logged.
package livefile

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// pollInterval is how often the files are read again without a sign of change.
	pollInterval = 15 * time.Second
	// settle is how long a burst of changes may last before the files are read.
	settle = 20 * time.Millisecond
)

// Value is the current value of T.
type Value[T any] struct {
	name    string
	folders []string
	load    func() (T, error)
	log     *slog.Logger
	current atomic.Pointer[T]
	failed  atomic.Bool
}

// Options describe a Value.
type Options[T any] struct {
	// Name names the value in the log.
	Name string
	// Paths are the files, or folders, that it is read from.
	Paths []string
	// Load reads it.
	Load func() (T, error)
	Log  *slog.Logger
}

// Open reads the value for the first time.
func Open[T any](opts Options[T]) (*Value[T], error) {
	v := &Value[T]{name: opts.Name, load: opts.Load, log: opts.Log}
	for _, path := range opts.Paths {
		v.folders = append(v.folders, path, filepath.Dir(path))
	}
	first, err := v.load()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", v.name, err)
	}
	v.current.Store(&first)
	return v, nil
}

// Get returns the last value that could be read.
func (v *Value[T]) Get() T { return *v.current.Load() }

// Healthy says whether the last reading worked.
func (v *Value[T]) Healthy() bool { return !v.failed.Load() }

// Run keeps the value up to date until the context ends.
func (v *Value[T]) Run(ctx context.Context) {
	changes, stop := v.watch(ctx)
	defer stop()
	v.reload(ctx) // what changed between Open and the watch
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-changes:
			if !sleep(ctx, settle) {
				return
			}
			drain(changes)
		}
		v.reload(ctx)
	}
}

// watch reports changes in the folders; without a watcher, polling alone remains.
func (v *Value[T]) watch(ctx context.Context) (changes <-chan fsnotify.Event, stop func()) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		v.log.WarnContext(ctx, "Watching files is not possible, polling instead", "value", v.name, "error", err)
		return nil, func() {}
	}
	for _, folder := range v.folders {
		if err := watcher.Add(folder); err != nil {
			v.log.DebugContext(ctx, "Not watching", "path", folder, "error", err)
		}
	}
	return watcher.Events, func() { _ = watcher.Close() }
}

func (v *Value[T]) reload(ctx context.Context) {
	next, err := v.load()
	if err != nil {
		v.failed.Store(true)
		v.log.ErrorContext(ctx, "Keeping the last good value of a file that cannot be read", "value", v.name, "error", err)
		return
	}
	v.failed.Store(false)
	v.current.Store(&next)
}

func drain(changes <-chan fsnotify.Event) {
	for {
		select {
		case <-changes:
		default:
			return
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
