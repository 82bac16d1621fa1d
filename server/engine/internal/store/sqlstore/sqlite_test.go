package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/store/sqlstore"
)

// now is the time of the tests.
func now() time.Time { return time.UnixMilli(1_800_000_000_000).UTC() }

func token(name string) store.AccessToken {
	return store.AccessToken{Hash: store.HashOf(name), GrantType: "client_credentials", ClientID: 7, IssuedAt: now(), ExpiresAt: now().Add(time.Hour)}
}

func TestSQLiteKeepsWhatWasAnswered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "engine.db")
	st := openSQLite(t, path)
	access := token("a")
	if err := st.IssueTokens(t.Context(), nil, store.Tokens{Access: &access}); err != nil {
		t.Fatal(err)
	}
	second := openSQLite(t, path) // as a process that starts before the first has ended
	for _, open := range []store.Store{second, st} {
		if _, err := open.FindAccess(t.Context(), access.Hash); err != nil {
			t.Error(err)
		}
		closeStore(t, open)
	}
	again := openSQLite(t, path)
	defer closeStore(t, again)
	if _, err := again.FindAccess(t.Context(), access.Hash); err != nil {
		t.Error(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, want 0600", info.Mode().Perm())
	}
}

// TestSQLiteGroups checks that changes that are committed together succeed and fail each by itself.
func TestSQLiteGroups(t *testing.T) {
	st := openSQLite(t, filepath.Join(t.TempDir(), "engine.db"))
	defer closeStore(t, st)
	const callers, rounds = 32, 20
	var conflicts atomic.Int32
	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() {
			for round := range rounds {
				access := token(fmt.Sprint(caller, "-", round))
				if err := st.IssueTokens(t.Context(), nil, store.Tokens{Access: &access}); err != nil {
					t.Error(err)
				}
				// Half of the clients have an id that is taken. Their steps before that one must not stay.
				id := int64(round*callers + caller/2 + 1)
				switch err := st.CreateClient(t.Context(), store.Client{ID: id}); {
				case errors.Is(err, store.ErrConflict):
					conflicts.Add(1)
				case err != nil:
					t.Error(err)
				}
				grant := store.Grant{ID: fmt.Sprint("grant", id), ClientID: 7, ExpiresAt: now().Add(time.Hour)}
				code := store.Code{Hash: store.HashOf(fmt.Sprint("code", caller%16)), GrantID: grant.ID, ExpiresAt: grant.ExpiresAt}
				if err := st.IssueCode(t.Context(), grant, code, store.Tokens{}); err != nil {
					conflicts.Add(1)
				}
			}
		})
	}
	group.Wait()
	if want := int32(callers*rounds/2 + callers*rounds - 16); conflicts.Load() != want {
		t.Errorf("%d conflicts, want %d", conflicts.Load(), want)
	}
	for caller := range callers {
		for round := range rounds {
			if _, err := st.FindAccess(t.Context(), store.HashOf(fmt.Sprint(caller, "-", round))); err != nil {
				t.Error(err)
			}
		}
	}
	count, err := st.RevokeGrants(t.Context(), 7, "", now())
	if err != nil || count != 16 {
		t.Errorf("%d grants were stored, want 16: one for each code (%v)", count, err)
	}
}

func TestSQLiteCanceledCaller(t *testing.T) {
	st := openSQLite(t, filepath.Join(t.TempDir(), "engine.db"))
	defer closeStore(t, st)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	access := token("a")
	if _, err := st.FindAccess(ctx, access.Hash); !errors.Is(err, context.Canceled) {
		t.Errorf("reading with a canceled context: %v", err)
	}
	err := st.IssueTokens(ctx, nil, store.Tokens{Access: &access})
	if _, found := st.FindAccess(t.Context(), access.Hash); (err == nil) != (found == nil) {
		t.Errorf("writing with a canceled context: %v, looking for the outcome: %v", err, found)
	}
}

// TestSQLiteGivenUp checks that callers who give up at any moment are told the truth: an error means that nothing happened.
func TestSQLiteGivenUp(t *testing.T) {
	st := openSQLite(t, filepath.Join(t.TempDir(), "engine.db"))
	defer closeStore(t, st)
	const callers, rounds = 16, 40
	var group sync.WaitGroup
	var given atomic.Int32
	for caller := range callers {
		group.Go(func() {
			for round := range rounds {
				ctx, cancel := context.WithCancel(t.Context())
				timer := time.AfterFunc(time.Duration(caller*round)*time.Microsecond, cancel)
				access := token(fmt.Sprint(caller, "-", round))
				err := st.IssueTokens(ctx, nil, store.Tokens{Access: &access})
				timer.Stop()
				cancel()
				if err != nil {
					given.Add(1)
				}
				if _, found := st.FindAccess(t.Context(), access.Hash); (err == nil) != (found == nil) {
					t.Errorf("writing: %v, looking for the outcome: %v", err, found)
				}
			}
		})
	}
	group.Wait()
	if n := given.Load(); n == 0 || n == callers*rounds {
		t.Errorf("%d of %d callers gave up; the test needs some", n, callers*rounds)
	}
}

func TestSQLiteClosed(t *testing.T) {
	st := openSQLite(t, filepath.Join(t.TempDir(), "engine.db"))
	var group sync.WaitGroup
	for caller := range 16 {
		group.Go(func() {
			for i := 0; ; i++ { // until the store is closed
				access := token(fmt.Sprint(caller, "-", i))
				if err := st.IssueTokens(t.Context(), nil, store.Tokens{Access: &access}); err != nil {
					return
				}
			}
		})
	}
	closeStore(t, st)
	group.Wait()
	if err := st.Ping(t.Context()); err == nil {
		t.Error("a closed store answers")
	}
}

func TestSQLiteUnusablePaths(t *testing.T) {
	directory := t.TempDir()
	garbage := filepath.Join(directory, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("this is no database ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"no directory":   filepath.Join(directory, "missing", "engine.db"),
		"a directory":    directory,
		"not a database": garbage,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sqlstore.OpenSQLite(t.Context(), path)
			if err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("OpenSQLite = %v, want an error that names the file", err)
			}
		})
	}
}

func TestSQLiteNewerSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "engine.db")
	closeStore(t, openSQLite(t, path))
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "UPDATE schema_version SET version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = sqlstore.OpenSQLite(t.Context(), path)
	if err == nil || !strings.Contains(err.Error(), "version 99") || !strings.Contains(err.Error(), "newer") {
		t.Errorf("opening a newer schema: %v", err)
	}
}

func TestSQLiteOpenedTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "engine.db")
	openTogether(t, func() (*sqlstore.Store, error) { return sqlstore.OpenSQLite(t.Context(), path) })
}

// openTogether opens an empty database several times at once.
func openTogether(t *testing.T, open func() (*sqlstore.Store, error)) {
	t.Helper()
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			st, err := open()
			if err != nil {
				t.Error(err)
				return
			}
			if err := st.CreateClient(t.Context(), store.Client{ID: 1}); err != nil && !errors.Is(err, store.ErrConflict) {
				t.Error(err)
			}
			closeStore(t, st)
		})
	}
	group.Wait()
}
