package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

const (
	// connectTimeout bounds the first contact with a server, and each further connection.
	connectTimeout = 10 * time.Second
	// migrationTimeout bounds the wait for another replica's migration and one of our own, of large tables too.
	migrationTimeout = 10 * time.Minute
	// verbTimeout bounds verbs whose callers set no deadline, the wait for a connection included.
	verbTimeout = 10 * time.Second
	// idleTime is how long a connection that nobody needs stays open.
	idleTime = 5 * time.Minute
	// migrationLock is an arbitrary number that names the advisory lock of the migrations.
	migrationLock = 7309453
	// Codes of PostgreSQL's errors. Nothing but orFail divides.
	uniqueViolation = "23505"
	divisionByZero  = "22012"
	shutdownClass   = "57P" // the server, or an administrator, ends the connection
)

// postgresDatabase is a database on a PostgreSQL server.
type postgresDatabase struct {
	pool  *pgxpool.Pool
	texts *texts
}

// OpenPostgreSQL connects to a PostgreSQL database and brings its schema up to date. The connection string, which may
// hold a password, never shows in errors.
func OpenPostgreSQL(ctx context.Context, connection string, maxConnections int) (*Store, error) {
	config, err := pgxpool.ParseConfig(strings.TrimSpace(connection))
	if err != nil {
		return nil, unreadable(err)
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	config.MaxConns = int32(max(1, maxConnections))
	config.MaxConnIdleTime = idleTime
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connecting to PostgreSQL: %w", err)
	}
	db := &postgresDatabase{pool: pool, texts: newTexts(postgresDialect())}
	if err := db.migrate(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("preparing the PostgreSQL database: %w", err)
	}
	return &Store{db: db}, nil
}

// unreadable says what is wrong with a connection string as far as that is no part of it: pieces of a password show in the
// parser's words where a special character in it was not escaped.
func unreadable(err error) error {
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("reading a file that the PostgreSQL connection string names: %w", file)
	}
	return errors.New("reading the PostgreSQL connection string: it is neither a postgres:// URL nor a list of key=value pairs " +
		"with valid values; its text is not shown, as it may hold a password (special characters in a URL's password must be percent-encoded)")
}

func (d *postgresDatabase) migrate(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, migrationTimeout)
	defer cancel()
	return pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		s := postgresSession{tx}
		if err := s.exec(ctx, "SELECT pg_advisory_xact_lock("+strconv.Itoa(migrationLock)+")"); err != nil {
			return fmt.Errorf("waiting for another server to migrate: %w", err)
		}
		return migrate(ctx, d.texts.dialect, s)
	})
}

// postgresSession migrates.
type postgresSession struct {
	tx pgx.Tx
}

func (s postgresSession) exec(ctx context.Context, statements string) error {
	_, err := s.tx.Exec(ctx, statements, pgx.QueryExecModeSimpleProtocol) // which takes several statements at once
	return err
}

func (s postgresSession) number(ctx context.Context, query string) (int, error) {
	var number int
	err := s.tx.QueryRow(ctx, query).Scan(&number)
	return number, err
}

// change takes one round trip: all steps are sent at once, and the server runs them as one transaction. No row stays
// locked while somebody waits for the network.
func (d *postgresDatabase) change(ctx context.Context, steps ...step) (int64, error) {
	var changed int64
	err := d.attempt(ctx, false, func(ctx context.Context) error {
		var err error
		changed, err = d.send(ctx, steps)
		return err
	})
	return changed, err
}

func (d *postgresDatabase) send(ctx context.Context, steps []step) (int64, error) {
	if len(steps) == 1 && !steps[0].must {
		tag, err := d.pool.Exec(ctx, d.texts.of(steps[0].query), steps[0].args...)
		return tag.RowsAffected(), err
	}
	var batch pgx.Batch
	for _, s := range steps {
		query := s.query
		if s.must {
			query = orFail(s.query)
		}
		batch.Queue(d.texts.of(query), s.args...)
	}
	results := d.pool.SendBatch(ctx, &batch)
	changed, err := read(results, len(steps))
	if closeErr := results.Close(); err == nil {
		err = closeErr
	}
	if has(err, divisionByZero) {
		err = errUnchanged
	}
	return changed, err
}

// orFail makes a statement fail if it changes no row, so that the steps that were sent behind it do not happen.
func orFail(query string) string {
	return "WITH changed AS (" + query + " RETURNING 1) SELECT 1 / COUNT(*) FROM changed"
}

// read reads the results of the steps and returns how many rows the first one changed.
func read(results pgx.BatchResults, steps int) (int64, error) {
	var first int64
	for i := range steps {
		tag, err := results.Exec()
		if err != nil {
			return 0, err
		}
		if i == 0 {
			first = tag.RowsAffected()
		}
	}
	return first, nil
}

func (d *postgresDatabase) changeRow(ctx context.Context, s step, dest ...any) error {
	return d.attempt(ctx, false, func(ctx context.Context) error { return d.one(ctx, s, dest) })
}

func (d *postgresDatabase) row(ctx context.Context, s step, dest ...any) error {
	return d.attempt(ctx, true, func(ctx context.Context) error { return d.one(ctx, s, dest) })
}

func (d *postgresDatabase) one(ctx context.Context, s step, dest []any) error {
	err := d.pool.QueryRow(ctx, d.texts.of(s.query), s.args...).Scan(dest...)
	if errors.Is(err, pgx.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}

func (d *postgresDatabase) rows(ctx context.Context, s step, each func(scan func(dest ...any) error) error) error {
	return d.attempt(ctx, false, func(ctx context.Context) error {
		rows, err := d.pool.Query(ctx, d.texts.of(s.query), s.args...)
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
	})
}

func (d *postgresDatabase) unique(err error) bool { return has(err, uniqueViolation) }

// has says whether an error is the server's and has the code.
func has(err error, code string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == code
}

func (d *postgresDatabase) ping(ctx context.Context) error {
	return d.attempt(ctx, true, d.pool.Ping)
}

func (d *postgresDatabase) close() error {
	d.pool.Close()
	return nil
}
