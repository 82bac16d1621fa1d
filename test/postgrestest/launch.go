package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	initTimeout  = 2 * time.Minute
	startTimeout = time.Minute
	// attempts is how often a server is started anew, because another process took the port that was free.
	attempts = 3
)

// errNotInstalled says what to do.
var errNotInstalled = errors.New("PostgreSQL is not installed: run hack/deps.sh test, or install the Debian package postgresql")

// process is a server of our own.
type process struct {
	dir    string
	port   int
	cmd    *exec.Cmd
	exited chan struct{}
}

// launch creates a database cluster and starts a server on it.
func launch(opts Options) (*process, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "postgrestest")
	if err != nil {
		return nil, err
	}
	p, err := launchIn(dir, bin, opts)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return p, nil
}

func launchIn(dir, bin string, opts Options) (*process, error) {
	attributes, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	if err := initialize(dir, bin, opts, attributes); err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		p, err := run(dir, bin, opts, attributes)
		if err == nil {
			return p, nil
		}
		if attempt == attempts {
			return nil, err
		}
	}
}

// initialize creates the cluster.
func initialize(dir, bin string, opts Options, attributes *syscall.SysProcAttr) error {
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte(Password), 0o644); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), initTimeout)
	defer cancel()
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "postgres",
		"-A", "scram-sha-256", "--pwfile", password, "--no-sync", "-E", "UTF8", "--locale", "C")
	initdb.SysProcAttr, initdb.Dir = attributes, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("running initdb: %w\n%s", err, out)
	}
	clients := loopback + "/32"
	if opts.Host != "" {
		clients = "0.0.0.0/0"
	}
	return os.WriteFile(filepath.Join(dir, "data", "pg_hba.conf"), []byte("host all all "+clients+" scram-sha-256\n"), 0o644)
}

// run starts a server and waits until it answers.
func run(dir, bin string, opts Options, attributes *syscall.SysProcAttr) (*process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close() // the server has its own copy
	listen, sync := loopback, "off"
	if opts.Host != "" && opts.Host != loopback {
		listen += "," + opts.Host
	}
	if opts.Sync {
		sync = "on"
	}
	cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", filepath.Join(dir, "data"), "-p", strconv.Itoa(port),
		"-c", "listen_addresses="+listen, "-c", "unix_socket_directories="+dir, "-c", "fsync="+sync,
		"-c", "max_connections=200", "-c", "shared_buffers=64MB")
	cmd.SysProcAttr, cmd.Dir, cmd.Stdout, cmd.Stderr = attributes, dir, log, log
	p := &process{dir: dir, port: port, cmd: cmd, exited: make(chan struct{})}
	started := make(chan error)
	go p.supervise(started)
	if err := <-started; err != nil {
		return nil, err
	}
	if err := p.await(); err != nil {
		p.end()
		text, _ := os.ReadFile(log.Name())
		return nil, fmt.Errorf("waiting for the server: %w\n%s", err, text)
	}
	return p, nil
}

// supervise starts the server and waits for its end on one thread: the server is killed when the thread that started it
// ends, and so does not outlive a test that is killed.
func (p *process) supervise(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err == nil {
		_ = p.cmd.Wait() // it is told to end; how it does is of no interest
	}
	close(p.exited)
}

func (p *process) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	address := fmt.Sprintf("postgres://postgres:%s@%s:%d/postgres?sslmode=disable", Password, loopback, p.port)
	for {
		conn, err := pgx.Connect(ctx, address)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-p.exited:
			return errors.New("it ended")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// end ends the server at once: nobody needs the data.
func (p *process) end() {
	_ = p.cmd.Process.Signal(syscall.SIGQUIT) // an error means that it has ended
	<-p.exited
}

// stop ends the server and removes its files.
func (p *process) stop() {
	p.end()
	_ = os.RemoveAll(p.dir) // what is left lies in the temporary directory
}

// binaries finds Debian's newest PostgreSQL.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", errNotInstalled
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}

// version is the number in /usr/lib/postgresql/15/bin/postgres.
func version(path string) int {
	number, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	if err != nil {
		return 0
	}
	return number
}

// unprivileged says how to run the server: PostgreSQL refuses root.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	attributes := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() != 0 {
		return attributes, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attributes, os.Chown(dir, int(uid), int(gid))
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", loopback+":0")
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}
