package livefile

import (
	"context"
	"errors"
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
	// lastProblem is what was logged last; only one goroutine reads files.
	lastProblem string
}

// PartialError comes from a Load that returns a value which is good to use, although parts of it could not be read.
type PartialError struct{ Err error }

// Error returns what could not be read.
func (e *PartialError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *PartialError) Unwrap() error { return e.Err }

// Options describe a Value.
type Options[T any] struct {
	// Name names the value in the log.
	Name string
	// Paths are the files, or folders, that it is read from.
	Paths []string
	// Load reads it. It is never called twice at the same time.
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
	if err != nil && !partial(err) {
		return nil, fmt.Errorf("reading %s: %w", v.name, err)
	}
	v.current.Store(&first)
	v.note(context.Background(), err)
	return v, nil
}

func partial(err error) bool {
	var part *PartialError
	return errors.As(err, &part)
}

// note remembers how the last reading went. A problem that stays is logged once.
func (v *Value[T]) note(ctx context.Context, err error) {
	v.failed.Store(err != nil)
	problem := ""
	if err != nil {
		problem = err.Error()
	}
	switch problem {
	case v.lastProblem:
	case "":
		v.log.InfoContext(ctx, "Files can be read again", "value", v.name)
	default:
		v.log.ErrorContext(ctx, "Keeping the last good content of files that cannot be read", "value", v.name, "error", problem)
	}
	v.lastProblem = problem
}

// Name returns the name of the value.
func (v *Value[T]) Name() string { return v.name }

// Get returns the last value that could be read.
func (v *Value[T]) Get() T { return *v.current.Load() }

// Healthy says whether the last reading worked.
func (v *Value[T]) Healthy() bool { return !v.failed.Load() }

// Run keeps the value up to date until the context ends.
func (v *Value[T]) Run(ctx context.Context) {
	watcher := v.watch(ctx)
	defer watcher.close()
	v.follow(ctx, watcher)
}

// follow reads the value whenever the watcher sees a change, and at intervals.
func (v *Value[T]) follow(ctx context.Context, watcher watch) {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	v.reload(ctx) // what changed before the watch was there
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case err := <-watcher.errors: // events may be lost, e.g. when a queue overflows
			v.log.WarnContext(ctx, "Watching files missed something", "value", v.name, "error", err)
		case <-watcher.changes:
			if !sleep(ctx, settle) {
				return
			}
			drain(watcher.changes)
		}
		v.reload(ctx)
	}
}

// watch is a watcher of folders; without one, polling alone remains.
type watch struct {
	changes <-chan fsnotify.Event
	errors  <-chan error
	close   func()
}

func (v *Value[T]) watch(ctx context.Context) watch {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		v.log.WarnContext(ctx, "Watching files is not possible, polling instead", "value", v.name, "error", err)
		return watch{close: func() {}}
	}
	for _, folder := range v.folders {
		if err := watcher.Add(folder); err != nil {
			v.log.DebugContext(ctx, "Not watching", "path", folder, "error", err)
		}
	}
	return watch{changes: watcher.Events, errors: watcher.Errors, close: func() { _ = watcher.Close() }}
}

func (v *Value[T]) reload(ctx context.Context) {
	next, err := v.load()
	if err == nil || partial(err) {
		v.current.Store(&next)
	}
	v.note(ctx, err)
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
