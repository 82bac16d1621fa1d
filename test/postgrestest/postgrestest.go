// Package postgrestest starts a real PostgreSQL server for tests.
package postgrestest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL server that ends with the test.
type Server struct {
	// Host and Port are where it listens.
	Host string
	Port int
	seq  atomic.Int64
}

// Password is the password of the superuser "postgres".
const Password = "postgres-test-password"

// Start starts a server on loopback. It fails the test where PostgreSQL is not installed.
func Start(tb testing.TB) *Server {
	tb.Helper()
	return StartOn(tb, "127.0.0.1")
}

// StartOn starts a server that listens on the address and on loopback.
func StartOn(tb testing.TB, host string) *Server {
	tb.Helper()
	bin := binaries(tb)
	// Not tb.TempDir, whose parents another user may not enter.
	dir, err := os.MkdirTemp("", "postgrestest") //nolint:usetesting // see above
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	credential := unprivileged(tb, dir)
	data, passwordFile := filepath.Join(dir, "data"), filepath.Join(dir, "password")
	if err := os.WriteFile(passwordFile, []byte(Password), 0o644); err != nil {
		tb.Fatal(err)
	}
	initdb := exec.CommandContext(tb.Context(), filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "scram-sha-256",
		"--pwfile", passwordFile, "--no-sync", "-E", "UTF8", "--locale", "C")
	initdb.SysProcAttr, initdb.Dir = &syscall.SysProcAttr{Credential: credential}, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		tb.Fatalf("initdb: %v\n%s", err, out)
	}
	hba := "host all all 0.0.0.0/0 scram-sha-256\n"
	if err := os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte(hba), 0o644); err != nil {
		tb.Fatal(err)
	}
	server := &Server{Host: host, Port: freePort(tb)}
	listen := "127.0.0.1"
	if host != listen {
		listen += "," + host
	}
	postgres := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(server.Port),
		"-c", "listen_addresses="+listen, "-c", "unix_socket_directories="+dir, "-c", "max_connections=200", "-c", "shared_buffers=64MB")
	postgres.SysProcAttr, postgres.Dir = &syscall.SysProcAttr{Credential: credential, Pdeathsig: syscall.SIGQUIT}, dir
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		tb.Fatal(err)
	}
	postgres.Stdout, postgres.Stderr = log, log
	if err := postgres.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = postgres.Process.Signal(syscall.SIGQUIT) // immediate: nobody needs the data
		_ = postgres.Wait()
		_ = log.Close()
	})
	server.await(tb, log.Name())
	return server
}

// Database creates an empty database and returns its URL.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	admin, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		tb.Fatal(err)
	}
	defer admin.Close(ctx)
	name := fmt.Sprintf("test%d", s.seq.Add(1))
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		tb.Fatal(err)
	}
	return s.url(name)
}

func (s *Server) url(database string) string {
	return fmt.Sprintf("postgres://postgres:%s@%s:%d/%s?sslmode=disable", Password, s.Host, s.Port, database)
}

// await waits until the server answers.
func (s *Server) await(tb testing.TB, logFile string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.url("postgres"))
		if err == nil {
			_ = conn.Close(ctx)
			return
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(logFile)
			tb.Fatalf("PostgreSQL does not answer: %v\n%s", err, log)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// binaries finds Debian's newest PostgreSQL.
func binaries(tb testing.TB) string {
	tb.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		if os.Getenv("AUTHSERVER_TEST_SKIP_POSTGRES") == "1" {
			tb.Skip("PostgreSQL is not installed and AUTHSERVER_TEST_SKIP_POSTGRES=1")
		}
		tb.Fatal("PostgreSQL is not installed; run hack/deps.sh test (Debian package postgresql), " +
			"or set AUTHSERVER_TEST_SKIP_POSTGRES=1 to leave these tests out")
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1])
}

// unprivileged returns the user to run as: PostgreSQL refuses root.
func unprivileged(tb testing.TB, dir string) *syscall.Credential {
	tb.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		tb.Fatal(err)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		tb.Fatal(err)
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		tb.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func freePort(tb testing.TB) int {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
