package sqlstore

import "context"

// SetVersionForTest pretends that a newer server has migrated the database.
func SetVersionForTest(ctx context.Context, s *Store, version int) error {
	_, err := s.exec(ctx, "INSERT INTO schema_version (version) VALUES (?)", version)
	return err
}
