package sqlstore

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// maxAttempts is how often a verb is tried: connections may be lost, and new ones be shared, as nobody knew.
const maxAttempts = 3

// attempt runs a verb, with a deadline where its caller has none, so that it does not wait for a lost server for ever.
//
// When a server restarts or gives its place to another one, all connections in the pool are useless, and each shows it only
// when it is used. So the first that does empties the pool, and the verb is tried again on a new connection: if it changes
// nothing, or if nothing of it happened. A change that was sent may have happened, and consuming once more would look like a
// replay.
func (d *postgresDatabase) attempt(ctx context.Context, harmless bool, verb func(context.Context) error) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	var err error
	for range maxAttempts {
		err = verb(ctx)
		if err == nil || !d.replaceConnections(err) {
			break
		}
		d.pool.Reset()
		if ctx.Err() != nil || !harmless && !undone(err) {
			break
		}
	}
	return withoutConnection(err)
}

// replaceConnections says whether an error means that the connections of the pool are useless.
func (d *postgresDatabase) replaceConnections(err error) bool {
	if errors.Is(err, errShared) {
		return true
	}
	if _, refused := errors.AsType[*pgconn.ConnectError](err); refused {
		return false // there was no connection
	}
	switch {
	case has(err, duplicateStatement), has(err, unknownStatement):
		d.shared.Store(true) // a pooler that checkSession did not recognize
		return true
	case has(err, readOnlyTransaction):
		return true // the server became a standby
	default:
		return lost(err)
	}
}

// undone says whether an error means that nothing of the verb happened.
func undone(err error) bool {
	return pgconn.SafeToRetry(err) || errors.Is(err, errShared) || has(err, duplicateStatement) || has(err, unknownStatement) ||
		has(err, readOnlyTransaction)
}

// lost says whether an error means that an open connection has ended, or does not answer any more.
func lost(err error) bool {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(answer.Code, shutdownClass)
	}
	if pgconn.Timeout(err) {
		return true
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false // the caller gave up, or no connection became free
	}
	_, network := errors.AsType[net.Error](err)
	return network || pgconn.SafeToRetry(err) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

// bounded sets a deadline where the caller has none.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, verbTimeout)
}
