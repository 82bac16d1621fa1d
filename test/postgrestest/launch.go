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
	child

	dir, bin string
	port     int
	opts     Options
	// attributes say as which user it runs.
	attributes *syscall.SysProcAttr
}

// child is a program that runs until it is told to end.
type child struct {
	cmd    *exec.Cmd
	exited chan struct{}
}

// startChild starts a program.
func startChild(cmd *exec.Cmd) (child, error) {
	c := child{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error)
	go c.supervise(started)
	return c, <-started
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
	p := &process{dir: dir, bin: bin, opts: opts, attributes: attributes}
	if err := p.initialize(); err != nil {
		return nil, err
	}
	if err := p.startAnew(); err != nil {
		return nil, err
	}
	return p, nil
}

// startAnew starts the server on a free port.
func (p *process) startAnew() error {
	for attempt := 1; ; attempt++ {
		err := p.startOnFreePort()
		if err == nil || attempt == attempts {
			return err
		}
	}
}

func (p *process) startOnFreePort() error {
	port, err := freePort()
	if err != nil {
		return err
	}
	p.port = port
	return p.run()
}

// initialize creates the cluster.
func (p *process) initialize() error {
	password := filepath.Join(p.dir, "password")
	if err := os.WriteFile(password, []byte(Password), 0o644); err != nil {
		return err
	}
	err := p.tool(exec.Command(filepath.Join(p.bin, "initdb"), "-D", p.data(), "-U", "postgres",
		"-A", "scram-sha-256", "--pwfile", password, "--no-sync", "-E", "UTF8", "--locale", "C"))
	if err != nil {
		return err
	}
	if p.opts.TLS != nil {
		if err := p.opts.TLS.install(p.dir, p.attributes); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(p.data(), "pg_hba.conf"), []byte(p.rules()), 0o644)
}

// rules say who may log in, and how.
func (p *process) rules() string {
	clients := loopback + "/32"
	if p.opts.Host != "" {
		clients = "0.0.0.0/0"
	}
	if p.opts.TLS != nil {
		return "hostssl all all " + clients + " cert\nhostnossl all postgres " + clients + " scram-sha-256\n"
	}
	return "host all all " + clients + " scram-sha-256\nhost replication all " + clients + " scram-sha-256\n"
}

func (p *process) data() string { return filepath.Join(p.dir, "data") }

// tool runs a program of PostgreSQL's to its end.
func (p *process) tool(cmd *exec.Cmd) error {
	cmd.SysProcAttr, cmd.Dir = p.attributes, p.dir
	timer := time.AfterFunc(initTimeout, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running %s: %w\n%s", filepath.Base(cmd.Path), err, out)
	}
	return nil
}

// run starts the server on its port and waits until it answers.
func (p *process) run() error {
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close() // the server has its own copy
	cmd := exec.Command(filepath.Join(p.bin, "postgres"), p.arguments()...)
	cmd.SysProcAttr, cmd.Dir, cmd.Stdout, cmd.Stderr = p.attributes, p.dir, log, log
	if p.child, err = startChild(cmd); err != nil {
		return err
	}
	if err := p.await(); err != nil {
		p.end()
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("waiting for the server: %w\n%s", err, text)
	}
	return nil
}

func (p *process) arguments() []string {
	listen, sync := loopback, "off"
	if p.opts.Host != "" && p.opts.Host != loopback {
		listen += "," + p.opts.Host
	}
	if p.opts.Sync {
		sync = "on"
	}
	arguments := []string{"-D", p.data(), "-p", strconv.Itoa(p.port)}
	settings := []string{
		"listen_addresses=" + listen, "unix_socket_directories=" + p.dir, "fsync=" + sync, "max_connections=200", "shared_buffers=64MB",
	}
	if p.opts.TLS != nil {
		settings = append(settings, "ssl=on", "ssl_ca_file="+filepath.Join(p.dir, caFile), "ssl_cert_file="+filepath.Join(p.dir, serverCertFile),
			"ssl_key_file="+filepath.Join(p.dir, serverKeyFile))
	}
	for _, setting := range settings {
		arguments = append(arguments, "-c", setting)
	}
	return arguments
}

// supervise starts the server and waits for its end on one thread: the server is killed when the thread that started it
// ends, and so does not outlive a test that is killed.
func (c child) supervise(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := c.cmd.Start()
	started <- err
	if err == nil {
		_ = c.cmd.Wait() // it is told to end; how it does is of no interest
	}
	close(c.exited)
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

// end ends the program at once.
func (c child) end() {
	_ = c.cmd.Process.Signal(syscall.SIGQUIT) // an error means that it has ended
	<-c.exited
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
