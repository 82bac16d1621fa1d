package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the SQLite driver

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// connectTimeout bounds the first contact with a database.
const connectTimeout = 10 * time.Second

// Store is a store.Store on a SQL database.
type Store struct {
	dialect dialect
	write   *sql.DB
	read    *sql.DB // the same as write where the database takes parallel writers

	mu         sync.RWMutex
	statements map[statementKey]*sql.Stmt
}

type statementKey struct {
	db    *sql.DB
	query string
}

var _ store.Store = (*Store)(nil)

// OpenSQLite opens or creates a database file and brings its schema up to date.
func OpenSQLite(ctx context.Context, path string) (*Store, error) {
	pragmas := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(NORMAL)", "busy_timeout(5000)", "cache_size(-8000)"}}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + pragmas.Encode()
	write, err := sql.Open("sqlite", dsn+"&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("opening SQLite database %s: %w", path, err)
	}
	write.SetMaxOpenConns(1) // SQLite has one writer; queueing here is fairer than its busy loop
	read, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening SQLite database %s: %w", path, err), write.Close())
	}
	read.SetMaxOpenConns(max(2, runtime.GOMAXPROCS(0)))
	read.SetMaxIdleConns(max(2, runtime.GOMAXPROCS(0)))
	return open(ctx, &Store{dialect: sqliteDialect(), write: write, read: read})
}

// OpenPostgreSQL connects to a PostgreSQL database and brings its schema up to
// date. The connection string, which may hold a password, never shows in errors.
func OpenPostgreSQL(ctx context.Context, connection string, maxConnections int) (*Store, error) {
	config, err := pgx.ParseConfig(strings.TrimSpace(connection))
	if err != nil {
		return nil, errors.New("parsing the PostgreSQL connection string: it is neither a postgres:// URL nor key=value pairs (its content is not shown)")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(maxConnections)
	db.SetMaxIdleConns(maxConnections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return open(ctx, &Store{dialect: postgresDialect(), write: db, read: db})
}

// open migrates a fresh store and closes it if that fails.
func open(ctx context.Context, s *Store) (*Store, error) {
	s.statements = map[statementKey]*sql.Stmt{}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("preparing the %s database: %w", s.dialect.name, err), s.Close())
	}
	return s, nil
}

// Ping implements store.Store.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.read.PingContext(ctx); err != nil {
		return fmt.Errorf("asking %s: %w", s.dialect.name, err)
	}
	return nil
}

// Close implements store.Store.
func (s *Store) Close() error {
	err := s.write.Close()
	if s.read != s.write {
		err = errors.Join(err, s.read.Close())
	}
	return err
}

// statement returns the prepared form of a query.
func (s *Store) statement(ctx context.Context, db *sql.DB, query string) (*sql.Stmt, error) {
	key := statementKey{db, query}
	s.mu.RLock()
	stmt, ok := s.statements[key]
	s.mu.RUnlock()
	if ok {
		return stmt, nil
	}
	stmt, err := db.PrepareContext(ctx, s.dialect.rebind(query))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first, ok := s.statements[key]; ok {
		return first, stmt.Close()
	}
	s.statements[key] = stmt
	return stmt, nil
}

// exec runs one statement by itself and returns how many rows it changed.
func (s *Store) exec(ctx context.Context, query string, args ...any) (int64, error) {
	stmt, err := s.statement(ctx, s.write, query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// row runs a query for one row.
func (s *Store) row(ctx context.Context, query string, args, dest []any) error {
	stmt, err := s.statement(ctx, s.read, query)
	if err != nil {
		return err
	}
	return notFound(stmt.QueryRowContext(ctx, args...).Scan(dest...))
}

// transaction is a transaction with the store's statements.
type transaction struct {
	store *Store
	tx    *sql.Tx
}

// inTransaction commits what fn did, or rolls it back when fn fails.
func (s *Store) inTransaction(ctx context.Context, fn func(transaction) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(transaction{s, tx}); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (t transaction) exec(ctx context.Context, query string, args ...any) (int64, error) {
	stmt, err := t.prepare(ctx, query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (t transaction) row(ctx context.Context, query string, args, dest []any) error {
	stmt, err := t.prepare(ctx, query)
	if err != nil {
		return err
	}
	return notFound(stmt.QueryRowContext(ctx, args...).Scan(dest...))
}

// prepare prepares inside the transaction: SQLite's only writing connection is taken by it.
func (t transaction) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	key := statementKey{t.store.write, query}
	t.store.mu.RLock()
	stmt, ok := t.store.statements[key]
	t.store.mu.RUnlock()
	if ok {
		return t.tx.StmtContext(ctx, stmt), nil
	}
	return t.tx.PrepareContext(ctx, t.store.dialect.rebind(query))
}

// warm prepares the statements that transactions use, while no transaction holds the connection.
func (s *Store) warm(ctx context.Context, queries ...string) error {
	for _, query := range queries {
		if _, err := s.statement(ctx, s.write, query); err != nil {
			return fmt.Errorf("preparing a statement: %w", err)
		}
	}
	return nil
}

func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}

// millis is how times are stored: milliseconds since the epoch, 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// scopes are stored with spaces between them, as requests carry them.
func joined(scopes []string) string { return strings.Join(scopes, " ") }

func fromJoined(scopes string) []string {
	if scopes == "" {
		return nil
	}
	return strings.Split(scopes, " ")
}
