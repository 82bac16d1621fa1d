package serve

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	// logBufferSize is how much of the log is written at once under load: a system call per request would cost as much
	// as the request.
	logBufferSize = 64 << 10
	// logDelay is how long a line waits at most. It is what a killed process may lose.
	logDelay = 100 * time.Millisecond
)

// logBuffer gathers lines. Errors and the end of the program do not wait.
type logBuffer struct {
	mu      sync.Mutex
	out     io.Writer
	lines   []byte
	waiting bool
}

func newLogBuffer(out io.Writer) *logBuffer {
	return &logBuffer{out: out, lines: make([]byte, 0, logBufferSize)}
}

// Write takes a line.
func (b *logBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines)+len(line) > logBufferSize {
		b.write()
	}
	b.lines = append(b.lines, line...)
	if !b.waiting {
		b.waiting = true
		time.AfterFunc(logDelay, b.Flush)
	}
	return len(line), nil
}

// Flush writes what waits.
func (b *logBuffer) Flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = false
	b.write()
}

func (b *logBuffer) write() {
	if len(b.lines) > 0 {
		_, _ = b.out.Write(b.lines) // there is nowhere to say that the log cannot be written
		b.lines = b.lines[:0]
	}
}

// urgent is a handler whose errors do not wait.
type urgent struct {
	slog.Handler

	flush func()
}

// Handle implements slog.Handler.
func (u urgent) Handle(ctx context.Context, record slog.Record) error {
	err := u.Handler.Handle(ctx, record)
	if record.Level >= slog.LevelError {
		u.flush()
	}
	return err
}

// WithAttrs implements slog.Handler.
func (u urgent) WithAttrs(attrs []slog.Attr) slog.Handler {
	return urgent{u.Handler.WithAttrs(attrs), u.flush}
}

// WithGroup implements slog.Handler.
func (u urgent) WithGroup(name string) slog.Handler {
	return urgent{u.Handler.WithGroup(name), u.flush}
}
