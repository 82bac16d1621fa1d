package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"sync"

	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// sqliteDatabase is a database file with one writer and some readers.
type sqliteDatabase struct {
	readers *sql.DB
	writer  *writer

	mu       sync.RWMutex
	prepared map[string]*sql.Stmt
	texts    *texts
}

// OpenSQLite opens or creates a database file and brings its schema up to date.
func OpenSQLite(ctx context.Context, path string) (*Store, error) {
	db, err := openSQLite(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("opening SQLite database %s: %w", path, err)
	}
	return &Store{db: db}, nil
}

func openSQLite(ctx context.Context, path string) (*sqliteDatabase, error) {
	if err := create(path); err != nil {
		return nil, err
	}
	writer, err := openWriter(ctx, path)
	if err != nil {
		return nil, err
	}
	readers, err := sql.Open("sqlite", source(path, "query_only(1)", "busy_timeout(5000)", "cache_size(-4000)", inMemory))
	if err != nil {
		return nil, errors.Join(err, writer.close())
	}
	count := max(2, runtime.GOMAXPROCS(0))
	readers.SetMaxOpenConns(count)
	readers.SetMaxIdleConns(count)
	return &sqliteDatabase{readers: readers, writer: writer, prepared: map[string]*sql.Stmt{}, texts: writer.texts}, nil
}

// create makes the file, unless it is there, so that only the server's user can read it. SQLite gives the files beside it
// the same permissions.
func create(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// inMemory keeps SQLite's own scratch files off the disk: the container's is read-only, but for the folder of the database.
const inMemory = "temp_store(MEMORY)"

// source names the file for the driver.
func source(path string, pragmas ...string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + url.Values{"_pragma": pragmas}.Encode()
}

func (d *sqliteDatabase) change(ctx context.Context, steps ...step) (int64, error) {
	return d.writer.submit(ctx, steps, nil)
}

func (d *sqliteDatabase) changeRow(ctx context.Context, s step, dest ...any) error {
	_, err := d.writer.submit(ctx, []step{s}, dest)
	return err
}

func (d *sqliteDatabase) row(ctx context.Context, s step, dest ...any) error {
	stmt, err := d.statement(ctx, s.query)
	if err != nil {
		return err
	}
	// A lookup takes microseconds; the driver would start a goroutine to watch the context.
	return notFound(stmt.QueryRowContext(context.WithoutCancel(ctx), s.args...).Scan(dest...))
}

func (d *sqliteDatabase) rows(ctx context.Context, s step, each func(scan func(dest ...any) error) error) error {
	stmt, err := d.statement(ctx, s.query)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, s.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// statement returns the prepared form of a reading statement.
func (d *sqliteDatabase) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d.mu.RLock()
	stmt, ok := d.prepared[query]
	d.mu.RUnlock()
	if ok {
		return stmt, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if stmt, ok := d.prepared[query]; ok {
		return stmt, nil
	}
	stmt, err := d.readers.PrepareContext(ctx, d.texts.of(query))
	if err != nil {
		return nil, err
	}
	d.prepared[query] = stmt
	return stmt, nil
}

func (d *sqliteDatabase) unique(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code() == sqlitelib.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlitelib.SQLITE_CONSTRAINT_PRIMARYKEY)
}

func (d *sqliteDatabase) ping(ctx context.Context) error {
	_, err := d.change(ctx, do(probeWrite))
	return err
}

func (d *sqliteDatabase) close() error {
	return errors.Join(d.readers.Close(), d.writer.close()) // the last connection to close tidies the write-ahead log
}

func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}
