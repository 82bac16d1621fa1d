package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// maxGroup is how many changes are committed together at most. It bounds how long the first waits for the last.
const maxGroup = 128

// errClosed means that the store was closed.
var errClosed = errors.New("the store is closed")

// writer is the one connection that writes to a SQLite database. It runs the changes that wait for it in one transaction:
// each by itself takes effect or not, all share the wait for the disk, and none is answered before it is over.
type writer struct {
	db    *sql.DB
	conn  *sql.Conn
	texts *texts

	queue     chan *request
	closing   chan struct{}
	closeOnce sync.Once
	stopped   chan struct{}

	// Only the writer's goroutine uses what is below.
	prepared map[string]*sql.Stmt
}

// request is a change that waits for the writer.
type request struct {
	steps []step
	dest  []any // where the one row goes that the first step returns; nil if it returns none
	// claimed is set by who decides the request's fate: the writer that takes it up or the caller that gives it up.
	claimed atomic.Bool
	done    chan struct{}
	changed int64
	err     error
}

func openWriter(ctx context.Context, path string) (*writer, error) {
	// The log is merged into the database when it has 4000 pages (16 MiB): random keys then share more of the writing.
	db, err := sql.Open("sqlite", source(path, "journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(5000)", "cache_size(-16000)",
		"wal_autocheckpoint(4000)", "journal_size_limit(67108864)", inMemory))
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	w := &writer{
		db: db, conn: conn, texts: newTexts(sqliteDialect()), prepared: map[string]*sql.Stmt{},
		queue: make(chan *request, maxGroup), closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	if err := w.migrate(ctx); err != nil {
		return nil, errors.Join(err, w.release())
	}
	go w.work(context.WithoutCancel(ctx))
	return w, nil
}

func (w *writer) migrate(ctx context.Context) error {
	if err := w.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := migrate(ctx, w.texts.dialect, w); err != nil {
		return errors.Join(err, w.exec(context.WithoutCancel(ctx), "ROLLBACK"))
	}
	return w.exec(ctx, "COMMIT")
}

func (w *writer) exec(ctx context.Context, statements string) error {
	_, err := w.conn.ExecContext(ctx, statements)
	return err
}

func (w *writer) number(ctx context.Context, query string) (int, error) {
	var number int
	err := w.conn.QueryRowContext(ctx, query).Scan(&number)
	return number, err
}

func (w *writer) close() error {
	w.closeOnce.Do(func() { close(w.closing) })
	<-w.stopped
	return w.release()
}

func (w *writer) release() error { return errors.Join(w.conn.Close(), w.db.Close()) }

// submit hands a change to the writer and waits for its outcome. A context that ends gives the change up, unless the
// writer has begun with it.
func (w *writer) submit(ctx context.Context, steps []step, dest []any) (int64, error) {
	r := &request{steps: steps, dest: dest, done: make(chan struct{})}
	select {
	case w.queue <- r:
	case <-w.closing:
		return 0, errClosed
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	select {
	case <-r.done:
		return r.changed, r.err
	case <-ctx.Done():
		return r.abandon(ctx.Err())
	case <-w.stopped:
		return r.abandon(errClosed)
	}
}

// abandon gives the request up for a reason, or waits for its outcome if the writer has begun with it.
func (r *request) abandon(why error) (int64, error) {
	if r.claimed.CompareAndSwap(false, true) {
		return 0, why
	}
	<-r.done
	return r.changed, r.err
}

// work runs changes until the writer is closed. No caller's context reaches the statements: one that is cut off would take
// the other callers' changes with it.
func (w *writer) work(ctx context.Context) {
	defer close(w.stopped)
	for {
		select {
		case first := <-w.queue:
			w.group(ctx, first)
		case <-w.closing:
			return
		}
	}
}

// group runs a change and those that wait behind it in one transaction.
func (w *writer) group(ctx context.Context, first *request) {
	members, err := w.members(ctx, first)
	if err == nil {
		_, err = w.run(ctx, "COMMIT")
	}
	if err != nil {
		err = w.undo(ctx, err)
		if members == nil && first.claimed.CompareAndSwap(false, true) {
			members = []*request{first}
		}
	}
	for _, r := range members {
		if err != nil {
			r.changed, r.err = 0, err
		}
		close(r.done)
	}
}

// members begins the transaction and runs the changes in it. After an error that ends the transaction none is taken from
// the queue any more: it would be lost.
func (w *writer) members(ctx context.Context, first *request) ([]*request, error) {
	if _, err := w.run(ctx, "BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	var members []*request
	for r := first; r != nil; r = w.next(len(members)) {
		if !r.claimed.CompareAndSwap(false, true) {
			continue
		}
		members = append(members, r)
		if err := w.member(ctx, r); err != nil {
			return members, err
		}
	}
	return members, nil
}

// undo rolls the group back. After some errors SQLite has done so itself.
func (w *writer) undo(ctx context.Context, cause error) error {
	if err := w.exec(ctx, "ROLLBACK"); err != nil {
		return fmt.Errorf("%w (rolling back: %w)", cause, err)
	}
	return cause
}

// next returns a change that waits already, or nil.
func (w *writer) next(members int) *request {
	if members >= maxGroup {
		return nil
	}
	select {
	case r := <-w.queue:
		return r
	default:
		return nil
	}
}

// member runs one change of a group. What goes wrong with it is its own outcome; an error that ends the group's
// transaction is returned.
func (w *writer) member(ctx context.Context, r *request) error {
	if _, err := w.run(ctx, "SAVEPOINT member"); err != nil {
		return err
	}
	r.changed, r.err = w.steps(ctx, r)
	if r.err != nil {
		if _, err := w.run(ctx, "ROLLBACK TO member"); err != nil {
			return r.err // the savepoint is gone because the transaction is
		}
	}
	_, err := w.run(ctx, "RELEASE member")
	return err
}

func (w *writer) steps(ctx context.Context, r *request) (int64, error) {
	if r.dest != nil {
		stmt, err := w.statement(ctx, r.steps[0].query)
		if err != nil {
			return 0, err
		}
		return 1, notFound(stmt.QueryRowContext(ctx, r.steps[0].args...).Scan(r.dest...))
	}
	var first int64
	for i, s := range r.steps {
		changed, err := w.run(ctx, s.query, s.args...)
		if err == nil && s.must && changed == 0 {
			err = errUnchanged
		}
		if err != nil {
			return 0, err
		}
		if i == 0 {
			first = changed
		}
	}
	return first, nil
}

// run runs a statement and returns how many rows it changed.
func (w *writer) run(ctx context.Context, query string, args ...any) (int64, error) {
	stmt, err := w.statement(ctx, query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (w *writer) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt, ok := w.prepared[query]; ok {
		return stmt, nil
	}
	stmt, err := w.conn.PrepareContext(ctx, w.texts.of(query))
	if err != nil {
		return nil, err
	}
	w.prepared[query] = stmt
	return stmt, nil
}
