package process

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Spec describes a process.
type Spec struct {
	Name string
	Path string
	Args []string
	// Env is the whole environment: what a person has set in a shell (proxies, tokens) is no business of a daemon's.
	Env []string
	// Revision changes when the process must be started anew although its arguments are the same.
	Revision string
}

// Keeper remembers processes in a folder.
type Keeper struct {
	dir  string
	logs string
}

// NewKeeper returns a keeper with its records in dir and the processes' output in logs.
func NewKeeper(dir, logs string) *Keeper { return &Keeper{dir: dir, logs: logs} }

// record is what is remembered of a process.
type record struct {
	PID     int    `json:"pid"`
	Started string `json:"started"` // clock ticks since boot
	Boot    string `json:"boot"`
	Digest  string `json:"digest"`
}

// LogFile is where the output of the named process goes.
func (k *Keeper) LogFile(name string) string { return filepath.Join(k.logs, name+".log") }

// PID returns the id of the named process if it runs, else 0.
func (k *Keeper) PID(name string) int { return k.running(name).PID }

// Current says whether the process runs as specified.
func (k *Keeper) Current(spec Spec) bool {
	have := k.running(spec.Name)
	return have.PID != 0 && have.Digest == spec.digest()
}

// Start starts the process in a session of its own.
func (k *Keeper) Start(spec Spec) error {
	for _, dir := range []string{k.dir, k.logs} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("starting %s: %w", spec.Name, err)
		}
	}
	boot, err := bootID()
	if err != nil {
		return fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	log, err := os.OpenFile(k.LogFile(spec.Name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	defer log.Close()
	cmd := exec.Command(spec.Path, spec.Args...) //nolint:noctx // it outlives this command
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = spec.Env
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	pid := cmd.Process.Pid
	data, err := json.Marshal(record{PID: pid, Started: startTime(pid), Boot: boot, Digest: spec.digest()})
	if err == nil {
		err = os.WriteFile(k.recordFile(spec.Name), data, 0o600)
	}
	if err != nil {
		return fmt.Errorf("recording %s: %w", spec.Name, errors.Join(err, cmd.Process.Kill(), cmd.Wait()))
	}
	go func() { _ = cmd.Wait() }() // reaps it if it dies while this command still runs
	return nil
}

// Stop ends the named process: politely, and by force when the grace period is over.
func (k *Keeper) Stop(ctx context.Context, name string, grace time.Duration) error {
	pid := k.PID(name)
	if pid != 0 {
		polite, cancel := context.WithTimeout(ctx, grace)
		defer cancel()
		err := k.end(polite, name, syscall.SIGTERM)
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			err = k.end(ctx, name, syscall.SIGKILL)
		}
		if err != nil {
			return fmt.Errorf("stopping %s (process %d): %w", name, pid, err)
		}
	}
	if err := os.Remove(k.recordFile(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forgetting %s: %w", name, err)
	}
	return nil
}

// end sends a signal and waits until the process is gone.
func (k *Keeper) end(ctx context.Context, name string, signal syscall.Signal) error {
	pid := k.PID(name)
	if pid == 0 {
		return nil
	}
	if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	for k.PID(name) == pid {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// tailBytes bounds how much of a log is read for its last lines.
const tailBytes = 64 << 10

// Tail returns the last lines of the named process's output, at best effort: it serves messages.
func (k *Keeper) Tail(name string, lines int) string {
	file, err := os.Open(k.LogFile(name))
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err.Error()
	}
	data := make([]byte, min(info.Size(), tailBytes))
	count, err := file.ReadAt(data, info.Size()-int64(len(data)))
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(data[:count]), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// running returns the record of a process that still runs, else an empty one.
func (k *Keeper) running(name string) record {
	data, err := os.ReadFile(k.recordFile(name))
	if err != nil {
		return record{}
	}
	var have record
	if err := json.Unmarshal(data, &have); err != nil {
		return record{}
	}
	boot, err := bootID()
	if err != nil || boot != have.Boot || have.Started == "" || startTime(have.PID) != have.Started {
		return record{}
	}
	return have
}

func (k *Keeper) recordFile(name string) string { return filepath.Join(k.dir, name+".json") }

// digest identifies what was started. The same program in another checkout of the project is the same.
func (s Spec) digest() string {
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%q %q %q", s.Args, s.Env, s.Revision)))
}
