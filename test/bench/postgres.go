package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// startPostgreSQL starts Debian's server on the server's core and loopback, as the user postgres.
func startPostgreSQL() (url string, stop func(), err error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		return "", nil, fmt.Errorf("PostgreSQL is not installed (Debian package postgresql)")
	}
	slices.Sort(found)
	bin := found[len(found)-1]
	address, err := freeAddress()
	if err != nil {
		return "", nil, err
	}
	port := address[len("127.0.0.1:"):]
	data, err := os.MkdirTemp("/tmp", "authserver-bench-pg")
	if err != nil {
		return "", nil, err
	}
	asPostgres := func(args ...string) *exec.Cmd {
		return exec.Command("runuser", append([]string{"-u", "postgres", "--"}, args...)...)
	}
	if out, err := exec.Command("chown", "postgres", data).CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("chown: %w: %s", err, out)
	}
	if out, err := asPostgres(bin+"/initdb", "-D", data, "-U", "bench", "-A", "trust", "--locale", "C").CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	control := func(verb string, args ...string) *exec.Cmd {
		return asPostgres(append([]string{bin + "/pg_ctl", verb, "-D", data, "-w"}, args...)...)
	}
	options := fmt.Sprintf("-p %s -c listen_addresses=127.0.0.1 -c unix_socket_directories=%s", port, data)
	if out, err := control("start", "-l", data+"/log", "-o", options).CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("starting PostgreSQL: %w: %s", err, out)
	}
	stop = func() {
		_ = control("stop", "-m", "immediate").Run() // nothing of it is needed any more
		_ = os.RemoveAll(data)
	}
	url = fmt.Sprintf("postgres://bench@127.0.0.1:%s/postgres?sslmode=disable", port)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		stop()
		return "", nil, err
	}
	return url, stop, conn.Close(ctx)
}
