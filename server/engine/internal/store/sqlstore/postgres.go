package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

const (
	// migrationTimeout bounds the wait for another replica's migration and one of our own, of large tables too.
	migrationTimeout = 10 * time.Minute
	// verbTimeout bounds verbs whose callers set no deadline, the wait for a connection included.
	verbTimeout = 10 * time.Second
	// migrationLock is an arbitrary number that names the advisory lock of the migrations.
	migrationLock = 7309453
)

// postgresDatabase is a database on a PostgreSQL server.
type postgresDatabase struct {
	pool  *pgxpool.Pool
	texts *texts
	// shared says that a pooler stands before the server and gives each transaction any of its sessions (see session.go).
	shared atomic.Bool
}

// PostgreSQL says how to reach a PostgreSQL database.
type PostgreSQL struct {
	// Connection is a postgres:// URL or a list of key=value pairs. It may hold a password: no part of it shows in errors.
	Connection string
	// MaxConnections bounds the pool.
	MaxConnections int
	// TLS names files for TLS; they are read for each new connection.
	TLS TLSFiles
}

// OpenPostgreSQL connects to a PostgreSQL database and brings its schema up to date.
func OpenPostgreSQL(ctx context.Context, opts PostgreSQL) (*Store, error) {
	config, err := poolConfig(opts)
	if err != nil {
		return nil, fmt.Errorf("reading the PostgreSQL connection string: %w", err)
	}
	db := &postgresDatabase{texts: newTexts(postgresDialect())}
	db.watchSessions(config, opts.TLS)
	db.pool, err = pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connecting to PostgreSQL: %w", withoutConnection(err))
	}
	if err := db.migrate(ctx); err != nil {
		db.pool.Close()
		return nil, fmt.Errorf("preparing the PostgreSQL database: %w", err)
	}
	return &Store{db: db}, nil
}

// readCommitted is what every change runs at: a change that waited for another one goes on with what that one left, and the
// conditions of its statements decide. At higher levels it would fail instead.
func readCommitted() pgx.TxOptions { return pgx.TxOptions{IsoLevel: pgx.ReadCommitted} }

func (d *postgresDatabase) migrate(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, migrationTimeout)
	defer cancel()
	return d.attempt(ctx, false, func(ctx context.Context) error {
		return pgx.BeginTxFunc(ctx, d.pool, readCommitted(), func(tx pgx.Tx) error {
			s := postgresSession{tx}
			if err := s.exec(ctx, "SELECT pg_advisory_xact_lock("+strconv.Itoa(migrationLock)+")"); err != nil {
				return fmt.Errorf("waiting for another server to migrate: %w", err)
			}
			return migrate(ctx, d.texts.dialect, s)
		})
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
	if d.shared.Load() {
		return d.sendShared(ctx, steps)
	}
	if len(steps) == 1 && !steps[0].must {
		tag, err := d.pool.Exec(ctx, d.texts.of(steps[0].query), steps[0].args...)
		return tag.RowsAffected(), err
	}
	var batch pgx.Batch
	d.queue(&batch, steps)
	return results(d.pool.SendBatch(ctx, &batch), 0, len(steps))
}

// sendShared sends a change as a transaction that names its isolation level: a session that others use, too, keeps no
// settings.
func (d *postgresDatabase) sendShared(ctx context.Context, steps []step) (int64, error) {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	var batch pgx.Batch
	batch.Queue("BEGIN ISOLATION LEVEL READ COMMITTED")
	d.queue(&batch, steps)
	batch.Queue("COMMIT")
	changed, err := results(conn.SendBatch(ctx, &batch), 1, len(steps)+2)
	if err != nil && !conn.Conn().IsClosed() && conn.Conn().PgConn().TxStatus() != 'I' {
		// If this fails, the pool closes the connection, which ends the transaction as well.
		_, _ = conn.Exec(ctx, "ROLLBACK")
	}
	return changed, err
}

func (d *postgresDatabase) queue(batch *pgx.Batch, steps []step) {
	for _, s := range steps {
		query := s.query
		if s.must {
			query = orFail(s.query)
		}
		batch.Queue(d.texts.of(query), s.args...)
	}
}

// results reads the results of a batch of statements and returns how many rows the statement with the number counted changed.
func results(batch pgx.BatchResults, counted, statements int) (int64, error) {
	changed, err := read(batch, counted, statements)
	if closeErr := batch.Close(); err == nil {
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

func read(batch pgx.BatchResults, counted, statements int) (int64, error) {
	var changed int64
	for i := range statements {
		tag, err := batch.Exec()
		if err != nil {
			return 0, err
		}
		if i == counted {
			changed = tag.RowsAffected()
		}
	}
	return changed, nil
}

func (d *postgresDatabase) changeRow(ctx context.Context, s step, dest ...any) error {
	return d.attempt(ctx, false, func(ctx context.Context) error {
		return pgx.BeginTxFunc(ctx, d.pool, readCommitted(), func(tx pgx.Tx) error { return d.one(ctx, tx, s, dest) })
	})
}

func (d *postgresDatabase) row(ctx context.Context, s step, dest ...any) error {
	return d.attempt(ctx, true, func(ctx context.Context) error { return d.one(ctx, d.pool, s, dest) })
}

// querier is a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

func (d *postgresDatabase) one(ctx context.Context, in querier, s step, dest []any) error {
	err := in.QueryRow(ctx, d.texts.of(s.query), s.args...).Scan(dest...)
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

func (d *postgresDatabase) ping(ctx context.Context) error {
	return d.attempt(ctx, true, func(ctx context.Context) error {
		_, err := d.pool.Exec(ctx, d.texts.of(probeWrite))
		return err
	})
}

func (d *postgresDatabase) close() error {
	d.pool.Close()
	return nil
}
