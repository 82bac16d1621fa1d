package sqlstore

import (
	"context"
	"errors"
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
	_, err := s.db.change(ctx,
		do(insertClient, c.ID, nullable(c.Alias), blob(c.Doc), blob(c.SecretSealed), store.Millis(c.CreatedAt), store.Millis(c.ModifiedAt)))
	if err != nil {
		return fmt.Errorf("storing a client: %w", s.conflict(err))
	}
	return nil
}

// nullable keeps empty aliases apart: in a unique index, NULL is not NULL.
func nullable(alias string) any {
	if alias == "" {
		return nil
	}
	return alias
}

// FindClient implements store.Clients.
func (s *Store) FindClient(ctx context.Context, id int64) (store.Client, error) {
	return s.client(ctx, do(selectClient, id))
}

// FindClientByAlias implements store.Clients.
func (s *Store) FindClientByAlias(ctx context.Context, alias string) (store.Client, error) {
	if !storable(alias) {
		return store.Client{}, store.ErrNotFound
	}
	return s.client(ctx, do(selectAlias, alias))
}

func (s *Store) client(ctx context.Context, find step) (store.Client, error) {
	var row clientRow
	if err := s.db.row(ctx, find, row.dest()...); err != nil {
		return store.Client{}, fmt.Errorf("reading a client: %w", err)
	}
	return row.client(), nil
}

// ListClients implements store.Clients.
func (s *Store) ListClients(ctx context.Context, start, end int) ([]store.Client, int, error) {
	var total int
	if err := s.db.row(ctx, do(countClients), &total); err != nil {
		return nil, 0, fmt.Errorf("counting clients: %w", err)
	}
	start = max(start, 0)
	var page []store.Client
	err := s.db.rows(ctx, do(listClients, max(end-start, 0), start), func(scan func(...any) error) error {
		var row clientRow
		err := scan(row.dest()...)
		page = append(page, row.client())
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("listing clients: %w", err)
	}
	return page, total, nil
}

// UpdateClient implements store.Clients.
func (s *Store) UpdateClient(ctx context.Context, c store.Client) error {
	changed, err := s.db.change(ctx,
		do(updateClient, nullable(c.Alias), blob(c.Doc), blob(c.SecretSealed), store.Millis(c.ModifiedAt), c.ID, c.Version))
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

// FindSettings implements store.Settings.
func (s *Store) FindSettings(ctx context.Context) (store.Document, error) {
	var doc store.Document
	err := s.db.row(ctx, do(selectSettings), &doc.Doc, &doc.Version)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.Document{}, fmt.Errorf("reading the service settings: %w", err)
	}
	return doc, nil
}

// PutSettings implements store.Settings.
func (s *Store) PutSettings(ctx context.Context, doc store.Document) error {
	put := do(updateSettings, blob(doc.Doc), doc.Version)
	if doc.Version == 0 {
		put = do(insertSettings, blob(doc.Doc))
	}
	changed, err := s.db.change(ctx, put)
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
	c.CreatedAt, c.ModifiedAt = store.Moment(r.created), store.Moment(r.modified)
	return c
}
