package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// Store is a store.Store on a SQL database.
type Store struct {
	db database
}

var _ store.Store = (*Store)(nil)

// database runs statements. They are written once, with ? for arguments and marks where the dialects differ.
type database interface {
	// change runs the steps in one transaction, and returns how many rows the first one changed. It fails with errUnchanged,
	// and nothing has happened, if a step that must change a row did not.
	change(ctx context.Context, steps ...step) (int64, error)
	// changeRow runs a statement that changes and returns one row. It is store.ErrNotFound if there is none.
	changeRow(ctx context.Context, s step, dest ...any) error
	// row reads one row. It is store.ErrNotFound if there is none.
	row(ctx context.Context, s step, dest ...any) error
	// rows calls each for every row, with a function that reads it.
	rows(ctx context.Context, s step, each func(scan func(dest ...any) error) error) error
	// unique says whether an error is a violated unique constraint.
	unique(err error) bool
	ping(ctx context.Context) error
	close() error
}

// step is one statement of a change.
type step struct {
	query string
	args  []any
	// must says that the change is off if the statement changes no row.
	must bool
}

// errUnchanged means that a step changed no row, but had to.
var errUnchanged = errors.New("no row changed")

func do(query string, args ...any) step { return step{query: query, args: args} }

func must(query string, args ...any) step { return step{query: query, args: args, must: true} }

// Ping implements store.Store.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.db.ping(ctx); err != nil {
		return fmt.Errorf("asking the database: %w", err)
	}
	return nil
}

// Close implements store.Store.
func (s *Store) Close() error {
	if err := s.db.close(); err != nil {
		return fmt.Errorf("closing the database: %w", err)
	}
	return nil
}

// one runs a statement that must change a row: store.ErrNotFound if it does not.
func (s *Store) one(ctx context.Context, query string, args ...any) error {
	changed, err := s.db.change(ctx, do(query, args...))
	if err == nil && changed == 0 {
		return store.ErrNotFound
	}
	return err
}

// conflict turns a violated unique constraint into store.ErrConflict.
func (s *Store) conflict(err error) error {
	if err != nil && s.db.unique(err) {
		return store.ErrConflict
	}
	return err
}

// storable says whether a text can be in the database. PostgreSQL refuses even to compare others, which requests may hold.
func storable(text string) bool { return utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 }

// blob is how a document is stored: never NULL.
func blob(content []byte) []byte {
	if content == nil {
		return []byte{}
	}
	return content
}

// Scopes are stored with spaces between them, as requests carry them.
func joined(scopes []string) string { return strings.Join(scopes, " ") }

func split(scopes string) []string {
	if scopes == "" {
		return nil
	}
	return strings.Split(scopes, " ")
}
