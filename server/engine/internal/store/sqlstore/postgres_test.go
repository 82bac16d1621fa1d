package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/store/sqlstore"
)

func TestPostgreSQLOpenedTogether(t *testing.T) {
	url := postgres.Server(t).Database(t)
	openTogether(t, func() (*sqlstore.Store, error) { return openConnection(t.Context(), url, 2) })
}

func TestPostgreSQLNewerSchema(t *testing.T) {
	url := postgres.Server(t).Database(t)
	closeStore(t, openPostgreSQL(t, url))
	administer(t, url, "UPDATE schema_version SET version = 99")
	_, err := openConnection(t.Context(), url, 2)
	if err == nil || !strings.Contains(err.Error(), "version 99") || !strings.Contains(err.Error(), "newer") {
		t.Errorf("opening a newer schema: %v", err)
	}
}

// TestPostgreSQLPlainRole runs the server with a role that may only use the tables that another one has made.
func TestPostgreSQLPlainRole(t *testing.T) {
	server := postgres.Server(t)
	url := server.Database(t)
	closeStore(t, openPostgreSQL(t, url))
	role := "plain_" + url[strings.LastIndex(url, "_")+1:strings.Index(url, "?")]
	administer(t, url, "CREATE ROLE "+role+" LOGIN PASSWORD 'plain-password'")
	t.Cleanup(func() { administer(t, url, "DROP OWNED BY "+role+"; DROP ROLE "+role) })
	administer(t, url, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "+role)
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	plain := fmt.Sprintf("host=%s port=%d dbname=%s user=%s password=plain-password sslmode=disable", config.Host, config.Port, config.Database, role)
	st := openPostgreSQL(t, plain)
	defer closeStore(t, st)
	access := token("a")
	if err := st.IssueTokens(t.Context(), nil, store.Tokens{Access: &access}); err != nil {
		t.Error(err)
	}
}

func administer(t *testing.T, url, statements string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, statements, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Error(err)
	}
	if err := conn.Close(ctx); err != nil {
		t.Error(err)
	}
}

// TestPostgreSQLLosesConnections ends every connection in the pool. Lookups go on as if nothing had happened, and after
// one of them so do changes.
func TestPostgreSQLLosesConnections(t *testing.T) {
	url := postgres.Server(t).Database(t)
	st := openPostgreSQL(t, url)
	defer closeStore(t, st)
	access := token("a")
	if err := st.IssueTokens(t.Context(), nil, store.Tokens{Access: &access}); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		lookUp(t, st, access.Hash) // opens connections
		administer(t, url, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		lookUp(t, st, access.Hash)
		if err := st.RevokeAccess(t.Context(), access.Hash, now()); err != nil {
			t.Errorf("changing something after a lookup: %v", err)
		}
	}
}

// lookUp looks the token up from several callers at once.
func lookUp(t *testing.T, st store.Store, hash store.Hash) {
	t.Helper()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := st.FindAccess(t.Context(), hash); err != nil {
				t.Errorf("looking a token up: %v", err)
			}
		})
	}
	group.Wait()
}

func TestPostgreSQLDeadline(t *testing.T) {
	url := postgres.Server(t).Database(t)
	st := openPostgreSQL(t, url)
	defer closeStore(t, st)
	access := token("a")
	if err := st.IssueTokens(t.Context(), nil, store.Tokens{Access: &access}); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), "BEGIN; LOCK TABLE access_tokens"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := st.RevokeAccess(ctx, access.Hash, now()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("changing a locked table: %v, want %v", err, context.DeadlineExceeded)
	}
	if _, err := conn.Exec(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := st.RevokeAccess(t.Context(), access.Hash, now()); err != nil {
		t.Errorf("changing it after that: %v", err)
	}
}
