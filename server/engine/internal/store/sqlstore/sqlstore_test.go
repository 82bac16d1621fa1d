package sqlstore_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/store/sqlstore"
	"github.com/authserver-dev/operator/server/engine/internal/store/storetest"
	"github.com/authserver-dev/operator/test/postgrestest"
)

func TestSQLiteContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		st, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "engine with space?.db"))
		if err != nil {
			t.Fatal(err)
		}
		return st
	})
}

func TestPostgreSQLContract(t *testing.T) {
	server := postgrestest.Start(t)
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		st, err := sqlstore.OpenPostgreSQL(t.Context(), server.Database(t), 10)
		if err != nil {
			t.Fatal(err)
		}
		return st
	})
	t.Run("replicas that start together", func(t *testing.T) {
		url := server.Database(t)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				st, err := sqlstore.OpenPostgreSQL(t.Context(), url, 2)
				if err != nil {
					t.Error(err)
					return
				}
				if err := st.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	})
}

func TestConnectionStringStaysSecret(t *testing.T) {
	for name, url := range map[string]string{
		"malformed":   "postgres://user:hunter2hunter2@:bad:port/db",
		"unreachable": "postgres://user:hunter2hunter2@127.0.0.1:1/db?connect_timeout=1",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sqlstore.OpenPostgreSQL(t.Context(), url, 1)
			if err == nil {
				t.Fatal("opening succeeded")
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the password shows in %q", err)
			}
		})
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "engine.db")
	st, err := sqlstore.OpenSQLite(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlstore.SetVersionForTest(t.Context(), st, 99); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = sqlstore.OpenSQLite(t.Context(), path)
	if err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("opening a newer schema: %v", err)
	}
}
