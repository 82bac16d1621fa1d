package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

const (
	clientColumns = "id, COALESCE(alias, ''), doc, secret_sealed, version, created_at, modified_at"
	insertClient  = "INSERT INTO clients (id, alias, doc, secret_sealed, version, created_at, modified_at) VALUES (?, ?, ?, ?, 1, ?, ?)"
	updateClient  = "UPDATE clients SET alias = ?, doc = ?, secret_sealed = ?, version = version + 1, modified_at = ? WHERE id = ? AND version = ?"
	listClients   = "SELECT " + clientColumns + " FROM clients ORDER BY id LIMIT ? OFFSET ?"
	selectClient  = "SELECT " + clientColumns + " FROM clients WHERE id = ?"
	selectAlias   = "SELECT " + clientColumns + " FROM clients WHERE alias = ?"
	countClients  = "SELECT COUNT(*) FROM clients"

	selectSettings = "SELECT doc, version FROM settings WHERE id = 1"
	insertSettings = "INSERT INTO settings (id, doc, version) VALUES (1, ?, 1) ON CONFLICT (id) DO NOTHING"
	updateSettings = "UPDATE settings SET doc = ?, version = version + 1 WHERE id = 1 AND version = ?"
)

// CreateClient implements store.Clients.
func (s *Store) CreateClient(ctx context.Context, c store.Client) error {
	_, err := s.exec(ctx, insertClient, c.ID, nullable(c.Alias), c.Doc, c.SecretSealed, millis(c.CreatedAt), millis(c.ModifiedAt))
	if err != nil {
		return fmt.Errorf("storing a client: %w", s.conflict(err))
	}
	return nil
}

// conflict turns a violated unique constraint into store.ErrConflict.
func (s *Store) conflict(err error) error {
	if s.dialect.unique(err) {
		return store.ErrConflict
	}
	return err
}

// nullable keeps empty aliases out of the unique index.
func nullable(text string) sql.NullString { return sql.NullString{String: text, Valid: text != ""} }

// FindClient implements store.Clients.
func (s *Store) FindClient(ctx context.Context, id int64) (store.Client, error) {
	return s.client(ctx, selectClient, id)
}

// FindClientByAlias implements store.Clients.
func (s *Store) FindClientByAlias(ctx context.Context, alias string) (store.Client, error) {
	return s.client(ctx, selectAlias, alias)
}

func (s *Store) client(ctx context.Context, query string, key any) (store.Client, error) {
	var row clientRow
	if err := s.row(ctx, query, []any{key}, row.dest()); err != nil {
		return store.Client{}, fmt.Errorf("reading a client: %w", err)
	}
	return row.client(), nil
}

// ListClients implements store.Clients.
func (s *Store) ListClients(ctx context.Context, start, end int) ([]store.Client, int, error) {
	var total int
	if err := s.row(ctx, countClients, nil, []any{&total}); err != nil {
		return nil, 0, fmt.Errorf("counting clients: %w", err)
	}
	stmt, err := s.statement(ctx, s.read, listClients)
	if err != nil {
		return nil, 0, fmt.Errorf("listing clients: %w", err)
	}
	start = max(start, 0)
	rows, err := stmt.QueryContext(ctx, max(end-start, 0), start)
	if err != nil {
		return nil, 0, fmt.Errorf("listing clients: %w", err)
	}
	defer rows.Close()
	var page []store.Client
	for rows.Next() {
		var row clientRow
		if err := rows.Scan(row.dest()...); err != nil {
			return nil, 0, fmt.Errorf("listing clients: %w", err)
		}
		page = append(page, row.client())
	}
	return page, total, rows.Err()
}

// UpdateClient implements store.Clients.
func (s *Store) UpdateClient(ctx context.Context, c store.Client) error {
	changed, err := s.exec(ctx, updateClient, nullable(c.Alias), c.Doc, c.SecretSealed, millis(c.ModifiedAt), c.ID, c.Version)
	if err != nil {
		return fmt.Errorf("changing a client: %w", s.conflict(err))
	}
	if changed == 1 {
		return nil
	}
	if _, err := s.FindClient(ctx, c.ID); err != nil {
		return err
	}
	return fmt.Errorf("changing a client: %w", store.ErrConflict)
}

// DeleteClient implements store.Clients.
func (s *Store) DeleteClient(ctx context.Context, id int64) error {
	err := s.inTransaction(ctx, func(t transaction) error {
		changed, err := t.exec(ctx, "DELETE FROM clients WHERE id = ?", id)
		if err != nil {
			return err
		}
		if changed == 0 {
			return store.ErrNotFound
		}
		for _, table := range []string{"access_tokens", "refresh_tokens", "codes", "grants", "tickets"} {
			if _, err := t.exec(ctx, "DELETE FROM "+table+" WHERE client_id = ?", id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("deleting a client: %w", err)
	}
	return nil
}

// FindSettings implements store.Settings.
func (s *Store) FindSettings(ctx context.Context) (store.Document, error) {
	var doc store.Document
	err := s.row(ctx, selectSettings, nil, []any{&doc.Doc, &doc.Version})
	if err != nil && !isNotFound(err) {
		return store.Document{}, fmt.Errorf("reading the service settings: %w", err)
	}
	return doc, nil
}

// PutSettings implements store.Settings.
func (s *Store) PutSettings(ctx context.Context, doc store.Document) error {
	query, args := updateSettings, []any{doc.Doc, doc.Version}
	if doc.Version == 0 {
		query, args = insertSettings, args[:1]
	}
	changed, err := s.exec(ctx, query, args...)
	if err == nil && changed == 0 {
		err = store.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("storing the service settings: %w", err)
	}
	return nil
}

// clientRow is a row of the table clients.
type clientRow struct {
	c                 store.Client
	created, modified int64
}

func (r *clientRow) dest() []any {
	return []any{&r.c.ID, &r.c.Alias, &r.c.Doc, &r.c.SecretSealed, &r.c.Version, &r.created, &r.modified}
}

func (r *clientRow) client() store.Client {
	c := r.c
	c.CreatedAt, c.ModifiedAt = fromMillis(r.created), fromMillis(r.modified)
	return c
}
