// Package process starts long-lived processes, finds them again in a later run,
// and stops them. A process is remembered by its id and its start time, so that
// a recycled id is never mistaken for it.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Spec describes a process.
type Spec struct {
	Name string
	Path string
	Args []string
	Env  []string
}

// Keeper remembers processes in a folder: NAME.pid, and NAME.log for their output.
type Keeper struct {
	dir string
}

// NewKeeper returns a keeper that works in dir.
func NewKeeper(dir string) *Keeper { return &Keeper{dir: dir} }

// LogFile is where the output of the named process goes.
func (k *Keeper) LogFile(name string) string { return filepath.Join(k.dir, name+".log") }

// PID returns the id of the named process if it runs, else 0.
func (k *Keeper) PID(name string) int {
	data, err := os.ReadFile(k.pidFile(name))
	if err != nil {
		return 0
	}
	id, started, ok := strings.Cut(strings.TrimSpace(string(data)), " ")
	if !ok {
		return 0
	}
	pid, err := strconv.Atoi(id)
	if err != nil || startTime(pid) != started {
		return 0
	}
	return pid
}

// Start starts the process in a session of its own unless it runs.
func (k *Keeper) Start(spec Spec) error {
	if k.PID(spec.Name) != 0 {
		return nil
	}
	if err := os.MkdirAll(k.dir, 0o755); err != nil {
		return err
	}
	log, err := os.OpenFile(k.LogFile(spec.Name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(spec.Path, spec.Args...) //nolint:noctx // it outlives this command
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), spec.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	record := fmt.Sprintf("%d %s\n", cmd.Process.Pid, startTime(cmd.Process.Pid))
	if err := os.WriteFile(k.pidFile(spec.Name), []byte(record), 0o644); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // reaps it if it dies while this command still runs
	return nil
}

// Stop ends the named process: first politely, after ten seconds by force.
func (k *Keeper) Stop(ctx context.Context, name string) error {
	pid := k.PID(name)
	if pid == 0 {
		return k.forget(name)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stopping %s: %w", name, err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for killed := false; k.PID(name) != 0; {
		if !killed && time.Now().After(deadline) {
			killed = true
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("killing %s: %w", name, err)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return k.forget(name)
}

// Tail returns the last lines of the named process's output.
func (k *Keeper) Tail(name string, lines int) string {
	data, err := os.ReadFile(k.LogFile(name))
	if err != nil {
		return ""
	}
	all := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

func (k *Keeper) pidFile(name string) string { return filepath.Join(k.dir, name+".pid") }

func (k *Keeper) forget(name string) error {
	if err := os.Remove(k.pidFile(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// startTime returns when the process started, in clock ticks since boot, or "" if there is none (a zombie counts as none).
func startTime(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The name in parentheses may hold spaces; fields are counted behind it. State is field 3, start time field 22.
	_, rest, ok := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 20 || fields[0] == "Z" {
		return ""
	}
	return fields[19]
}
