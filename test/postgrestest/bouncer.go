package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// bouncerPath is where Debian's package pgbouncer puts the program.
const bouncerPath = "/usr/sbin/pgbouncer"

// errNoBouncer says what to do.
var errNoBouncer = errors.New("PgBouncer is not installed: run hack/deps.sh test, or install the Debian package pgbouncer")

// Bouncer starts PgBouncer in transaction mode before the server, which ends with the test, and returns a function from the
// URL of a database to the URL of the same database through it. Clients share few sessions, so that they meet each other's.
func (s *Server) Bouncer(tb testing.TB) func(database string) string {
	tb.Helper()
	if _, err := os.Stat(bouncerPath); err != nil {
		tb.Fatal(errNoBouncer)
	}
	dir := tb.TempDir()
	var port int
	var err error
	for range attempts {
		if port, err = s.startBouncer(dir, tb.Cleanup); err == nil {
			break
		}
	}
	if err != nil {
		tb.Fatalf("starting PgBouncer: %v", err)
	}
	return func(database string) string {
		through, err := url.Parse(database)
		if err != nil {
			tb.Fatal(err)
		}
		through.Host = loopback + ":" + strconv.Itoa(port)
		return through.String()
	}
}

// startBouncer starts PgBouncer on a free port and waits until it answers. Who starts it as root has it give up its rights.
func (s *Server) startBouncer(dir string, cleanup func(func())) (int, error) {
	port, err := freePort()
	if err != nil {
		return 0, err
	}
	password, _ := s.admin.User.Password()
	config := fmt.Sprintf(`[databases]
* = host=%s port=%d user=%s password=%s
[pgbouncer]
listen_addr = %s
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 500
`, s.Host, s.Port, s.admin.User.Username(), password, loopback, port)
	file := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		return 0, err
	}
	cmd := exec.Command(bouncerPath, "-q", file)
	if cmd.SysProcAttr, err = unprivileged(dir); err != nil {
		return 0, err
	}
	for parent := filepath.Dir(dir); parent != os.TempDir() && parent != "/"; parent = filepath.Dir(parent) {
		if err := os.Chmod(parent, 0o755); err != nil { // the user must get to the file
			return 0, err
		}
	}
	running, err := startChild(cmd)
	if err != nil {
		return 0, err
	}
	cleanup(running.end)
	return port, awaitBouncer(running, s.admin, port)
}

func awaitBouncer(running child, admin url.URL, port int) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	admin.Host = loopback + ":" + strconv.Itoa(port)
	for {
		conn, err := pgx.Connect(ctx, admin.String())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-running.exited:
			return errors.New("it ended")
		case <-time.After(20 * time.Millisecond):
		}
	}
}
