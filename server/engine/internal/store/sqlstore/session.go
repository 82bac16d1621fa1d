package sqlstore

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// askSession asks a new session for its process, and whether it may write.
	askSession = "SELECT pg_backend_pid(), current_setting('transaction_read_only')"
	// ownSession gives a session that is this server's alone the isolation level of all changes, whatever server, database and
	// role have as their default.
	ownSession = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED"
	// probeWrite needs all that a change needs, a session that may write included, and changes nothing.
	probeWrite = "UPDATE schema_version SET version = version WHERE 1 = 0"
)

// Reasons why a new session is not used.
var (
	errReadOnly = errors.New("the database is read-only: it is a standby, or default_transaction_read_only is on")
	errEncoding = errors.New("the encoding of the database is not UTF8")
	// errShared means that there is a pooler, which was not known when the connection began.
	errShared = errors.New("a connection pooler shares its sessions")
)

// watchSessions has every new connection checked and prepared.
//
// A pooler like PgBouncer in transaction mode may run each transaction in another session of the server. Named prepared
// statements and settings of the session then belong to others as well. Such a pooler shows itself: the process that answers
// is not the one that was announced when the connection began. Behind it, statements have no names, and each change is a
// transaction that names its isolation level.
func (d *postgresDatabase) watchSessions(config *pgxpool.Config, files TLSFiles) {
	config.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
		if d.shared.Load() && namesStatements(c) {
			c.DefaultQueryExecMode = pgx.QueryExecModeExec
		}
		return files.apply(c)
	}
	// It takes the place of target_session_attrs: of several hosts, the one that may write is used.
	config.ConnConfig.ValidateConnect = d.checkSession
	config.ShouldPing = d.stale
	// A connection counts until it is closed, and a server that is gone does not say good-bye.
	config.BeforeClose = func(conn *pgx.Conn) {
		//nolint:forbidigo // the deadline of a connection is a time of the machine's clock
		_ = conn.PgConn().Conn().SetDeadline(time.Now().Add(closeTimeout))
	}
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		if d.shared.Load() && namesStatements(conn.Config()) {
			return errShared
		}
		return nil
	}
}

// stale says whether a connection must not be used. It asks one that was idle, and if that does not answer, no idle one is
// used: all lead to where the first one does.
func (d *postgresDatabase) stale(ctx context.Context, params pgxpool.ShouldPingParams) bool {
	if params.IdleDuration < trustedIdleTime {
		return false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pingTimeout)
	defer cancel()
	if params.Conn.Ping(ctx) == nil {
		return false
	}
	d.pool.Reset()
	return true // the pool asks again, and hears that the connection is closed
}

// namesStatements says whether a connection uses named prepared statements.
func namesStatements(c *pgx.ConnConfig) bool {
	return c.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement
}

// checkSession says whether a new session can be used, and prepares it.
func (d *postgresDatabase) checkSession(ctx context.Context, conn *pgconn.PgConn) error {
	process, readOnly, err := describeSession(ctx, conn)
	switch {
	case err != nil:
		return err
	case readOnly:
		return errReadOnly
	case !usableEncoding(conn.ParameterStatus("server_encoding")):
		return errEncoding
	case process != conn.PID():
		d.shared.Store(true)
	}
	if d.shared.Load() {
		return nil
	}
	return conn.Exec(ctx, ownSession).Close()
}

func describeSession(ctx context.Context, conn *pgconn.PgConn) (process uint32, readOnly bool, err error) {
	results, err := conn.Exec(ctx, askSession).ReadAll()
	if err != nil {
		return 0, false, err
	}
	if len(results) != 1 || len(results[0].Rows) != 1 || len(results[0].Rows[0]) != 2 {
		return 0, false, errors.New("the server describes its session in an unknown form")
	}
	row := results[0].Rows[0]
	number, err := strconv.ParseUint(string(row[0]), 10, 32)
	return uint32(number), string(row[1]) == "on", err
}

// usableEncoding says whether texts of requests can be stored. SQL_ASCII stores bytes.
func usableEncoding(encoding string) bool {
	return encoding == "UTF8" || encoding == "SQL_ASCII" || encoding == ""
}
