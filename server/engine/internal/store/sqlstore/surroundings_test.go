package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/store/sqlstore"
	"github.com/authserver-dev/operator/server/engine/internal/store/storetest"
	"github.com/authserver-dev/operator/test/postgrestest"
)

// surroundings are settings that stand before a database, and that the store must neither inherit nor assume.
func surroundings() map[string]func(*testing.T) string {
	inherited := func(settings ...string) func(*testing.T) string {
		return func(t *testing.T) string {
			t.Helper()
			url := postgres.Server(t).Database(t)
			for _, setting := range settings {
				administer(t, url, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET "+setting+"', current_database()); END $$")
			}
			return url
		}
	}
	return map[string]func(*testing.T) string{
		"repeatable read": inherited("default_transaction_isolation = ''repeatable read''"),
		"serializable":    inherited("default_transaction_isolation = serializable", "default_transaction_deferrable = on", "client_encoding = ''LATIN1''"),
	}
}

// TestPostgreSQLSurroundings runs the contract whatever the database has as its defaults.
func TestPostgreSQLSurroundings(t *testing.T) {
	for name, database := range surroundings() {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) store.Store {
				t.Helper()
				return openPostgreSQL(t, database(t))
			})
			t.Run("opened together", func(t *testing.T) {
				url := database(t)
				openTogether(t, func() (*sqlstore.Store, error) { return openConnection(t.Context(), url, 2) })
			})
		})
	}
}

// TestPostgreSQLBehindPooler runs the contract through PgBouncer in transaction mode, before a database with
// another default isolation level.
func TestPostgreSQLBehindPooler(t *testing.T) {
	through := postgres.Server(t).Bouncer(t)
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		return openPostgreSQL(t, through(surroundings()["repeatable read"](t)))
	})
}

// TestPoolerComesLater puts PgBouncer before a database that the store is connected to directly, as a change of a Service
// does: the sessions are gone, and new ones are shared.
func TestPoolerComesLater(t *testing.T) {
	server := postgres.Server(t)
	database := server.Database(t)
	gate := newGate(t, database)
	st := openPostgreSQL(t, gate.url)
	defer closeStore(t, st)
	access := token("a")
	if err := st.IssueTokens(t.Context(), nil, store.Tokens{Access: &access}); err != nil {
		t.Fatal(err)
	}
	gate.lead(t, server.Bouncer(t)(database))
	gate.cut()
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for range 20 {
				if _, err := st.FindAccess(t.Context(), access.Hash); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if err := st.RevokeAccess(t.Context(), access.Hash, now()); err != nil {
		t.Error(err)
	}
}

// TestPostgreSQLFailsOver leads one host name to another server. The old one lives on as one that only reads, and its
// connections stay open. Readiness says what is wrong while nobody may write; afterwards every verb works at once.
func TestPostgreSQLFailsOver(t *testing.T) {
	primary := postgrestest.Start(t)
	database := primary.Database(t)
	gate := newGate(t, database)
	st := openPostgreSQL(t, gate.url)
	defer closeStore(t, st)
	access := token("a")
	if err := st.IssueTokens(t.Context(), nil, store.Tokens{Access: &access}); err != nil {
		t.Fatal(err)
	}
	standby := primary.Standby(t)
	open(t, st, access.Hash)

	primary.Administer(t, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
	refused(t, "the primary only reads", func() error { return st.Ping(t.Context()) })
	refused(t, "the primary only reads", func() error { return st.RevokeAccess(t.Context(), access.Hash, now()) })
	gate.lead(t, standby.AdminURL())
	refused(t, "a standby", func() error { return st.Ping(t.Context()) })
	primary.Administer(t, "ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")
	gate.lead(t, database)
	open(t, st, access.Hash)

	primary.Administer(t, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
	standby.Administer(t, "SELECT pg_promote()")
	gate.lead(t, standby.AdminURL())
	if err := st.RevokeAccess(t.Context(), access.Hash, now()); err != nil {
		t.Errorf("changing something after the failover: %v", err)
	}
	if err := st.Ping(t.Context()); err != nil {
		t.Errorf("Ping after the failover: %v", err)
	}
}

// open opens several connections.
func open(t *testing.T, st store.Store, hash store.Hash) {
	t.Helper()
	for range 5 {
		lookUp(t, st, hash)
	}
}

// refused waits until a verb fails because the database is read-only: the server takes a moment to hear of it.
func refused(t *testing.T, when string, verb func() error) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		err := verb()
		if err != nil && strings.Contains(err.Error(), "read-only") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", when, err)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestPostgreSQLSilence leads one host name to another server while the connections to the old one fall silent, as they do
// when its machine is gone. One verb waits in vain; then the pool has no such connection left.
func TestPostgreSQLSilence(t *testing.T) {
	server := postgres.Server(t)
	database := server.Database(t)
	gate := newGate(t, database)
	st := openPostgreSQL(t, gate.url)
	defer closeStore(t, st)
	defer gate.cut() // the end of a silent connection takes long
	access := token("a")
	if err := st.IssueTokens(t.Context(), nil, store.Tokens{Access: &access}); err != nil {
		t.Fatal(err)
	}
	for _, idle := range []time.Duration{0, 1100 * time.Millisecond} { // the pool asks connections first that were idle for a second
		open(t, st, access.Hash)
		if gate.silence() < 2 {
			t.Fatal("the test needs several connections")
		}
		time.Sleep(idle)
		failed := 0
		for range 20 {
			if !answered(t, st, access.Hash) {
				failed++
			}
		}
		if failed > 1 {
			t.Errorf("%d lookups waited in vain, want 1", failed)
		}
	}
}

// answered says whether a lookup succeeds within a moment.
func answered(t *testing.T, st store.Store, hash store.Hash) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	_, err := st.FindAccess(ctx, hash)
	return err == nil
}

// TestMultipleHosts connects to the host that may write, wherever it stands in the list.
func TestMultipleHosts(t *testing.T) {
	primary := postgrestest.Start(t)
	database := primary.Database(t)
	standby := primary.Standby(t)
	both, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	both.Host = standby.Host + ":" + strconv.Itoa(standby.Port) + "," + primary.Host + ":" + strconv.Itoa(primary.Port)
	st := openPostgreSQL(t, both.String())
	defer closeStore(t, st)
	if err := st.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	_, err = openConnection(t.Context(), strings.Replace(standby.AdminURL(), "?", "?target_session_attrs=any&", 1), 1)
	if err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("opening a standby: %v", err)
	}
}

// TestSQLitePingNeedsToWrite: readiness tells for SQLite, too, that nothing can be written.
func TestSQLitePingNeedsToWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "engine.db")
	st := openSQLite(t, path)
	defer closeStore(t, st)
	if err := st.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	holder, err := other.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := holder.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := st.Ping(ctx); err == nil {
		t.Error("Ping succeeds while nobody else can write")
	}
	if _, err := holder.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(holder.Close(), st.Ping(t.Context())); err != nil {
		t.Error(err)
	}
}
