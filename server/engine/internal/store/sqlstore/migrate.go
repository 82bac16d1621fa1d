package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed migrations/*.sql
var migrations embed.FS //nolint:gochecknoglobals // embedded files are constants

// migrate brings the schema up to date, one replica at a time.
func (s *Store) migrate(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	err := s.inTransaction(ctx, func(t transaction) error {
		if s.dialect.lockMigrations != "" {
			if _, err := t.tx.ExecContext(ctx, s.dialect.lockMigrations); err != nil {
				return err
			}
		}
		return s.applyMigrations(ctx, t.tx)
	})
	if err != nil {
		return err
	}
	return s.warm(ctx, transactionStatements()...)
}

// applyMigrations runs the files that the database has not seen.
func (s *Store) applyMigrations(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)"); err != nil {
		return err
	}
	var version int
	if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM schema_version").Scan(&version); err != nil {
		return err
	}
	files, err := fs.Glob(migrations, "migrations/*.sql") // sorted by name
	if err != nil {
		return err
	}
	if version > len(files) {
		return fmt.Errorf("its schema has version %d, newer than this server's %d: use a newer server image", version, len(files))
	}
	for i := version; i < len(files); i++ {
		content, err := migrations.ReadFile(files[i])
		if err != nil {
			return err
		}
		for _, statement := range strings.Split(s.dialect.types.Replace(string(content)), ";\n") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("migrating to version %d: %w", i+1, err)
			}
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO schema_version (version) VALUES (%d)", i+1)); err != nil {
			return err
		}
	}
	return nil
}
