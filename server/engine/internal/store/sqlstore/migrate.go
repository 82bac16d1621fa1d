package sqlstore

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
)

// migrations holds the steps of the schema, one numbered file each. A file that was released never changes.
//
//go:embed migrations/*.sql
var migrations embed.FS

// session is a connection that has locked the schema: no other replica migrates meanwhile.
type session interface {
	// exec runs statements without arguments or results.
	exec(ctx context.Context, statements string) error
	// number runs a query for one number.
	number(ctx context.Context, query string) (int, error)
}

// migrate brings the schema up to date.
func migrate(ctx context.Context, d dialect, s session) error {
	version, err := schemaVersion(ctx, d, s)
	if err != nil {
		return fmt.Errorf("reading the version of the schema: %w", err)
	}
	files, err := fs.Glob(migrations, "migrations/*.sql") // sorted by name
	if err != nil {
		return fmt.Errorf("listing migrations: %w", err)
	}
	if version > len(files) {
		return fmt.Errorf("the schema has version %d, and this server knows versions up to %d: use a newer server image", version, len(files))
	}
	for number := version + 1; number <= len(files); number++ {
		if err := apply(ctx, d, s, files[number-1]); err != nil {
			return fmt.Errorf("migrating the schema to version %d: %w", number, err)
		}
		if err := s.exec(ctx, fmt.Sprintf("UPDATE schema_version SET version = %d", number)); err != nil {
			return fmt.Errorf("recording version %d of the schema: %w", number, err)
		}
	}
	return nil
}

// schemaVersion returns the version of the schema, 0 for an empty database. It changes nothing where the schema is known,
// so that a server may run with a role that cannot create tables.
func schemaVersion(ctx context.Context, d dialect, s session) (int, error) {
	tables, err := s.number(ctx, d.versioned)
	if err != nil {
		return 0, err
	}
	if tables == 0 {
		return 0, s.exec(ctx, "CREATE TABLE schema_version (version INTEGER NOT NULL); INSERT INTO schema_version (version) VALUES (0)")
	}
	return s.number(ctx, "SELECT version FROM schema_version")
}

func apply(ctx context.Context, d dialect, s session, file string) error {
	content, err := migrations.ReadFile(file)
	if err != nil {
		return err
	}
	return s.exec(ctx, d.marks.Replace(string(content)))
}
