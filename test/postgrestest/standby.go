package postgrestest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// errExternal means that a test needs a server of its own.
var errExternal = errors.New("the server is not the tests' own")

// Standby starts a standby of the server, which ends with the test. It follows the server until it is promoted
// (SELECT pg_promote()).
func (s *Server) Standby(tb testing.TB) *Server {
	tb.Helper()
	if s.external {
		tb.Skipf("starting a standby: %v", errExternal)
	}
	standby, err := s.process.standby()
	if err != nil {
		tb.Fatalf("starting a standby: %v", err)
	}
	tb.Cleanup(standby.stop)
	return serverOf(standby)
}

func (p *process) standby() (*process, error) {
	dir, err := os.MkdirTemp("", "postgrestest")
	if err != nil {
		return nil, err
	}
	attributes, err := unprivileged(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	standby := &process{dir: dir, bin: p.bin, opts: p.opts, attributes: attributes}
	source := strings.Replace(serverOf(p).AdminURL(), "/postgres?", "?", 1)
	err = standby.tool(exec.Command(filepath.Join(p.bin, "pg_basebackup"), "-D", standby.data(), "-d", source, "-R", "-X", "stream",
		"-c", "fast", "--no-sync"))
	if err == nil {
		err = standby.startAnew()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return standby, nil
}

// Restart stops the server, as an administrator does, calls between while it is away, and starts it again on its port.
func (s *Server) Restart(tb testing.TB, between func()) {
	tb.Helper()
	if s.external {
		tb.Skipf("restarting the server: %v", errExternal)
	}
	s.process.end()
	between()
	if err := s.process.run(); err != nil {
		tb.Fatalf("starting the server again: %v", err)
	}
}

// Administer runs statements as the superuser.
func (s *Server) Administer(tb testing.TB, statements ...string) {
	tb.Helper()
	for _, statement := range statements {
		if err := s.administer(statement); err != nil {
			tb.Fatalf("running %s: %v", statement, err)
		}
	}
}
