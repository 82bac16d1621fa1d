package postgrestest_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/authserver-dev/operator/test/postgrestest"
)

func TestDatabasesAreSeparate(t *testing.T) {
	server := postgrestest.Start(t)
	first, second := server.Database(t), server.Database(t)
	execute(t, first, "CREATE TABLE things (id INT)")
	execute(t, second, "CREATE TABLE things (id INT)")
}

func TestNamedServer(t *testing.T) {
	server := postgrestest.Start(t)
	t.Setenv("TEST_POSTGRES_URL", server.AdminURL())
	var database string
	t.Run("has a database for the test", func(t *testing.T) {
		named := postgrestest.Start(t)
		if named.Port != server.Port || named.Host != server.Host {
			t.Errorf("the server is at %s:%d, want %s:%d", named.Host, named.Port, server.Host, server.Port)
		}
		database = named.Database(t)
		execute(t, database, "CREATE TABLE things (id INT)")
	})
	conn, err := pgx.Connect(t.Context(), database)
	if err == nil {
		_ = conn.Close(t.Context())
	}
	if err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("connecting to the database of a test that is over: %v", err)
	}
}

func execute(t *testing.T, database, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Error(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
