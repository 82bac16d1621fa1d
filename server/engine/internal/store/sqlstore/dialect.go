package sqlstore

import (
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

// dialect is what differs between the databases.
type dialect struct {
	name string
	// types replaces the {{...}} marks of the migrations.
	types *strings.Replacer
	// numbered says that placeholders are $1, $2, ... instead of ?.
	numbered bool
	// lockMigrations makes replicas that start together migrate one after the other; empty where BEGIN does it.
	lockMigrations string
	// unique says whether an error is a violated unique constraint.
	unique func(error) bool
}

func sqliteDialect() dialect {
	return dialect{
		name:  "SQLite",
		types: strings.NewReplacer("{{blob}}", "BLOB", "{{hashtable}}", "WITHOUT ROWID"),
		unique: func(err error) bool {
			var e *sqlite.Error
			return errors.As(err, &e) && (e.Code() == sqlitelib.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlitelib.SQLITE_CONSTRAINT_PRIMARYKEY)
		},
	}
}

// migrationLock is an arbitrary number that names the advisory lock of the migrations.
const migrationLock = 7309453

func postgresDialect() dialect {
	return dialect{
		name:           "PostgreSQL",
		types:          strings.NewReplacer("{{blob}}", "BYTEA", "{{hashtable}}", "WITH (fillfactor = 90)"),
		numbered:       true,
		lockMigrations: "SELECT pg_advisory_xact_lock(" + strconv.Itoa(migrationLock) + ")",
		unique: func(err error) bool {
			var e *pgconn.PgError
			return errors.As(err, &e) && e.Code == "23505"
		},
	}
}

// rebind rewrites the ? placeholders of a statement for the dialect. The statements of this package hold no ? elsewhere.
func (d dialect) rebind(query string) string {
	if !d.numbered {
		return query
	}
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}
