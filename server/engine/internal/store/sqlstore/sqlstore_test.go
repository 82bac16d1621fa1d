package sqlstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/store/memory"
	"github.com/authserver-dev/operator/server/engine/internal/store/sqlstore"
	"github.com/authserver-dev/operator/server/engine/internal/store/storetest"
	"github.com/authserver-dev/operator/test/postgrestest"
)

// postgres is the server of all tests here. Each has a database of its own.
var postgres postgrestest.Shared

func TestMain(m *testing.M) {
	code := m.Run()
	postgres.Stop()
	os.Exit(code)
}

func openSQLite(tb testing.TB, path string) store.Store {
	tb.Helper()
	st, err := sqlstore.OpenSQLite(tb.Context(), path)
	if err != nil {
		tb.Fatal(err)
	}
	return st
}

func openPostgreSQL(tb testing.TB, url string) store.Store {
	tb.Helper()
	st, err := openConnection(tb.Context(), url, 16)
	if err != nil {
		tb.Fatal(err)
	}
	return st
}

func openConnection(ctx context.Context, connection string, connections int) (*sqlstore.Store, error) {
	return sqlstore.OpenPostgreSQL(ctx, sqlstore.PostgreSQL{Connection: connection, MaxConnections: connections})
}

func closeStore(tb testing.TB, st store.Store) {
	tb.Helper()
	if err := st.Close(); err != nil {
		tb.Errorf("Close: %v", err)
	}
}

func TestSQLiteContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		return openSQLite(t, filepath.Join(t.TempDir(), "a name with spaces, 50% and ?.db"))
	})
}

func TestPostgreSQLContract(t *testing.T) {
	server := postgres.Server(t)
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		return openPostgreSQL(t, server.Database(t))
	})
}

// TestStoresAgree runs random programs on the store in memory and on a SQL store.
func TestStoresAgree(t *testing.T) {
	for name, other := range map[string]struct {
		programs uint64
		open     func(*testing.T) store.Store
	}{
		"SQLite": {30, func(t *testing.T) store.Store {
			t.Helper()
			return openSQLite(t, filepath.Join(t.TempDir(), "engine.db"))
		}},
		"PostgreSQL": {6, func(t *testing.T) store.Store {
			t.Helper()
			return openPostgreSQL(t, postgres.Server(t).Database(t))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range other.programs {
				t.Run(fmt.Sprint(seed), func(t *testing.T) {
					t.Parallel()
					program := make([]byte, 3*400)
					random := rand.New(rand.NewPCG(seed, 1))
					for i := range program {
						program[i] = byte(random.Uint32())
					}
					st := other.open(t)
					defer closeStore(t, st)
					storetest.Compare(t, program, st, memory.New())
				})
			}
		})
	}
}

// FuzzStoresAgree looks for a program on which the store in memory and the one on SQLite differ.
func FuzzStoresAgree(f *testing.F) {
	f.Add([]byte{3, 1, 1, 6, 0, 1, 6, 0, 1, 28, 0, 0})                     // issue a code, redeem it twice, sweep
	f.Add([]byte{3, 9, 1, 6, 0, 8, 9, 0, 8, 9, 1, 8, 11, 0, 0})            // ... rotate, replay the rotation, look at a token
	f.Add([]byte{16, 1, 1, 4, 0, 1, 3, 5, 1, 20, 1, 0, 11, 1, 0, 5, 0, 0}) // delete a client with a token and a code
	f.Add([]byte{22, 1, 1, 22, 2, 0, 23, 2, 0, 24, 0, 0})                  // an active key gives way to a pending one
	f.Fuzz(func(t *testing.T, program []byte) {
		st := openSQLite(t, filepath.Join(t.TempDir(), "engine.db"))
		defer closeStore(t, st)
		storetest.Compare(t, program, st, memory.New())
	})
}

func BenchmarkSQLite(b *testing.B) {
	storetest.Benchmark(b, func(b *testing.B) store.Store {
		b.Helper()
		return openSQLite(b, filepath.Join(b.TempDir(), "engine.db"))
	})
}

func BenchmarkPostgreSQL(b *testing.B) {
	server := postgrestest.StartWith(b, postgrestest.Options{Sync: true})
	storetest.Benchmark(b, func(b *testing.B) store.Store {
		b.Helper()
		return openPostgreSQL(b, server.Database(b))
	})
}
