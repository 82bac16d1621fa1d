package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Cores of the server and of the load.
const (
	serverCore = "0"
	loadCore   = "1"
	ticks      = 100 // USER_HZ, the unit of /proc/PID/stat
)

// pinSelf keeps this process on a core.
func pinSelf(core string) error {
	out, err := exec.Command("taskset", "-a", "-p", "-c", core, strconv.Itoa(os.Getpid())).CombinedOutput()
	if err != nil {
		return fmt.Errorf("pinning to core %s (Debian package util-linux): %w: %s", core, err, out)
	}
	return nil
}

// process is a pinned process that serves.
type process struct {
	cmd *exec.Cmd
	// ready is how long it took from start to the first connection, or the first 200 of readiness.
	ready time.Duration
}

// start starts a command on the server's core and waits until check succeeds.
func start(check func() bool, log, name string, args ...string) (*process, error) {
	return startOn(serverCore, check, log, name, args...)
}

// startOn starts a command on a core and waits until check succeeds.
func startOn(core string, check func() bool, log, name string, args ...string) (*process, error) {
	cmd := exec.Command("taskset", append([]string{"-c", core, name}, args...)...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	file, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	cmd.Stdout, cmd.Stderr = file, file
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for !check() {
		if time.Since(began) > 20*time.Second {
			_ = cmd.Process.Kill()
			text, _ := os.ReadFile(log)
			return nil, fmt.Errorf("%s does not serve:\n%s", filepath.Base(name), text)
		}
		time.Sleep(500 * time.Microsecond)
	}
	return &process{cmd: cmd, ready: time.Since(began)}, nil
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL) // nothing of it is needed any more
	_ = p.cmd.Wait()
}

// cpu is the processor time that the process has used.
func (p *process) cpu() time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / ticks
}

// resident is the memory that the process holds, in MiB.
func (p *process) resident() float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, _ := strconv.Atoi(strings.Fields(value)[0])
			return float64(kib) / 1024
		}
	}
	return 0
}

// dialable says whether something listens.
func dialable(address string) func() bool {
	return func() bool {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(context.Background(), "tcp", address)
		if err != nil {
			return false
		}
		_ = conn.Close()
		return true
	}
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}
