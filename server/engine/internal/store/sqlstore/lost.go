package sqlstore

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// attempt runs a verb, with a deadline where its caller has none, so that it does not wait for a lost server for ever.
//
// When a server restarts, every connection in the pool is lost, but shows it only when it is used. So the first that does
// empties the pool, and the verb is tried again on a new connection: if it changes nothing, or if nothing of it was sent. A
// change that was sent may have happened, and consuming once more would look like a replay.
func (d *postgresDatabase) attempt(ctx context.Context, harmless bool, verb func(context.Context) error) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	err := verb(ctx)
	if err == nil || ctx.Err() != nil || !lost(err) {
		return err
	}
	d.pool.Reset()
	if harmless || pgconn.SafeToRetry(err) {
		err = verb(ctx)
	}
	return err
}

// lost says whether an error means that an open connection has ended.
func lost(err error) bool {
	if _, refused := errors.AsType[*pgconn.ConnectError](err); refused {
		return false // there was no connection
	}
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(answer.Code, shutdownClass)
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
