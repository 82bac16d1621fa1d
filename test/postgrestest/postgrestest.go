package postgrestest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// Password is the password of the superuser "postgres".
	Password = "postgres-test-password"

	urlVariable  = "TEST_POSTGRES_URL"
	skipVariable = "AUTHSERVER_TEST_SKIP_POSTGRES"
	loopback     = "127.0.0.1"
	// adminTimeout bounds the creation of a database.
	adminTimeout = time.Minute
)

// Options say how the server is to be.
type Options struct {
	// Host is an address to listen on beside loopback; empty for none. Clients from everywhere may then log in.
	Host string
	// Sync makes commits wait for the disk, as in production. Without it tests are faster.
	Sync bool
	// TLS makes the server demand TLS and a client certificate of everybody but the superuser, who may log in without TLS by
	// password.
	TLS *Certificates
}

// Server is a PostgreSQL server that ends with the test.
type Server struct {
	// Host and Port are where it listens.
	Host string
	Port int

	admin    url.URL
	external bool
	process  *process // nil where it is external
}

// Start starts a server on loopback, which ends with the test. It fails the test where PostgreSQL is not installed.
func Start(tb testing.TB) *Server {
	tb.Helper()
	return StartWith(tb, Options{})
}

// StartOn starts a server that listens on the address and on loopback.
func StartOn(tb testing.TB, host string) *Server {
	tb.Helper()
	return StartWith(tb, Options{Host: host})
}

// StartWith starts a server with options, which ends with the test.
func StartWith(tb testing.TB, opts Options) *Server {
	tb.Helper()
	server, stop, err := start(opts)
	if err != nil {
		refuse(tb, err)
	}
	tb.Cleanup(stop)
	return server
}

// Shared is a server for all tests of a binary. It starts when the first one asks; TestMain stops it.
type Shared struct {
	Options Options

	mu     sync.Mutex
	server *Server
	stop   func()
}

// Server returns the server. It fails the test where PostgreSQL is not installed.
func (s *Shared) Server(tb testing.TB) *Server {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server == nil {
		server, stop, err := start(s.Options)
		if err != nil {
			refuse(tb, err)
		}
		s.server, s.stop = server, stop
	}
	return s.server
}

// Stop stops the server, if it was started.
func (s *Shared) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server != nil {
		s.stop()
		s.server = nil
	}
}

// refuse fails the test, or skips it where that is wanted.
func refuse(tb testing.TB, err error) {
	tb.Helper()
	if errors.Is(err, errNotInstalled) && os.Getenv(skipVariable) == "1" {
		fmt.Fprintf(os.Stderr, "SKIPPED %s: %v, and %s=1\n", tb.Name(), err, skipVariable)
		tb.Skipf("%v, and %s=1", err, skipVariable)
	}
	tb.Fatalf("starting PostgreSQL: %v", err)
}

// start starts a server, or uses the one that the environment names.
func start(opts Options) (*Server, func(), error) {
	if text := os.Getenv(urlVariable); text != "" {
		server, err := named(text)
		return server, func() {}, err
	}
	own, err := launch(opts)
	if err != nil {
		return nil, nil, err
	}
	return serverOf(own), own.stop, nil
}

// serverOf describes a server of our own.
func serverOf(own *process) *Server {
	host := own.opts.Host
	if host == "" {
		host = loopback
	}
	admin := url.URL{
		Scheme: "postgres", User: url.UserPassword("postgres", Password), Host: net.JoinHostPort(host, strconv.Itoa(own.port)),
		Path: "/postgres", RawQuery: "sslmode=disable",
	}
	return &Server{Host: host, Port: own.port, admin: admin, process: own}
}

// named is the server that a URL names. The URL, which holds a password, does not show in errors.
func named(text string) (*Server, error) {
	admin, err := url.Parse(text)
	if err != nil || (admin.Scheme != "postgres" && admin.Scheme != "postgresql") {
		return nil, errors.New(urlVariable + " is not a postgres:// URL")
	}
	port := 5432
	if admin.Port() != "" {
		if port, err = strconv.Atoi(admin.Port()); err != nil {
			return nil, errors.New("the port in " + urlVariable + " is not a number")
		}
	}
	return &Server{Host: admin.Hostname(), Port: port, admin: *admin, external: true}, nil
}

// Database creates an empty database and returns its URL.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	name := databaseName(tb)
	if err := s.administer("CREATE DATABASE " + name); err != nil {
		tb.Fatalf("creating a database: %v", err)
	}
	tb.Cleanup(func() {
		if !s.external {
			return // it goes with the server
		}
		if err := s.administer("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			tb.Errorf("dropping a database: %v", err)
		}
	})
	database := s.admin
	database.Path = "/" + name
	return database.String()
}

// AdminURL returns the URL of the administrator's database, for tests that look at or disturb the server.
func (s *Server) AdminURL() string { return s.admin.String() }

func (s *Server) administer(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), adminTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// databaseName is a name that no other test uses, in this process or another.
func databaseName(tb testing.TB) string {
	tb.Helper()
	random := make([]byte, 8)
	if _, err := rand.Read(random); err != nil {
		tb.Fatal(err)
	}
	return "authserver_test_" + hex.EncodeToString(random)
}
