package process

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func newKeeper(t *testing.T) *Keeper {
	t.Helper()
	dir := t.TempDir()
	return NewKeeper(filepath.Join(dir, "run"), filepath.Join(dir, "logs"))
}

func start(t *testing.T, k *Keeper, script string) Spec {
	t.Helper()
	spec := Spec{Name: "daemon", Path: "/bin/sh", Args: []string{"-c", script}, Env: []string{"PATH=/usr/bin:/bin"}}
	if err := k.Start(spec); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if pid := k.PID(spec.Name); pid != 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	return spec
}

func TestKeeperFindsItsProcessAgain(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	spec := start(t, k, "sleep 60")
	again := NewKeeper(k.dir, k.logs)
	if pid := again.PID(spec.Name); pid == 0 {
		t.Fatal("PID() = 0 for a process that runs")
	}
	if !again.Current(spec) {
		t.Error("Current() = false for what was started")
	}
	spec.Revision = "other configuration"
	if again.Current(spec) {
		t.Error("Current() = true for another revision")
	}
	if err := again.Stop(t.Context(), spec.Name, time.Minute); err != nil {
		t.Fatal(err)
	}
	if pid := k.PID(spec.Name); pid != 0 {
		t.Errorf("PID() = %d after Stop", pid)
	}
	if err := again.Stop(t.Context(), spec.Name, time.Minute); err != nil {
		t.Errorf("stopping what does not run: %v", err)
	}
}

func TestStopKillsWhatDoesNotListen(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	spec := start(t, k, "trap '' TERM; echo ready; while :; do sleep 1; done")
	for !strings.Contains(k.Tail(spec.Name, 1), "ready") {
		if k.PID(spec.Name) == 0 {
			t.Fatal("the process ended")
		}
	}
	if err := k.Stop(t.Context(), spec.Name, 50*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if pid := k.PID(spec.Name); pid != 0 {
		t.Errorf("PID() = %d after Stop", pid)
	}
}

func TestRecycledIDIsNotOurs(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	boot, err := bootID()
	if err != nil {
		t.Fatal(err)
	}
	mine, self := startTime(os.Getpid()), strconv.Itoa(os.Getpid())
	for name, record := range map[string]string{
		"other start time": `{"pid":` + self + `,"started":"1","boot":"` + boot + `"}`,
		"other boot":       `{"pid":` + self + `,"started":"` + mine + `","boot":"another"}`,
		"no process":       `{"pid":999999999,"started":"","boot":"` + boot + `"}`,
		"damaged":          `{"pid`,
	} {
		if err := os.WriteFile(k.recordFile("x"), []byte(record), 0o600); err != nil {
			t.Fatal(err)
		}
		if pid := k.PID("x"); pid != 0 {
			t.Errorf("%s: PID() = %d, want 0", name, pid)
		}
	}
}

func TestParseStat(t *testing.T) {
	t.Parallel()
	tail := " 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4242 1 1\n"
	for name, test := range map[string]struct{ stat, want string }{
		"plain":                 {"7 (sh) S" + tail, "4242"},
		"name with parentheses": {"7 (a) R (b)) S" + tail, "4242"},
		"zombie":                {"7 (sh) Z" + tail, ""},
		"short":                 {"7 (sh) S 1", ""},
		"empty":                 {"", ""},
	} {
		if got := parseStat(test.stat); got != test.want {
			t.Errorf("%s: parseStat() = %q, want %q", name, got, test.want)
		}
	}
}

func TestDescendants(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	spec := start(t, k, "sleep 60 & echo ready; wait")
	for !strings.Contains(k.Tail(spec.Name, 1), "ready") {
		if k.PID(spec.Name) == 0 {
			t.Fatal("the process ended")
		}
	}
	pid := k.PID(spec.Name)
	children := Descendants(pid)
	if len(children) != 1 {
		t.Fatalf("Descendants() = %v, want one", children)
	}
	found, err := Match(func(args []string) bool { return slices.Equal(args, []string{"sleep", "60"}) })
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(found, children[0]) && !slices.Contains(Descendants(os.Getpid()), children[0]) {
		t.Errorf("neither Match() = %v nor Descendants of this test has %d", found, children[0])
	}
	if err := syscall.Kill(children[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	out, err := Run(t.Context(), "hello", "cat")
	if err != nil || out != "hello" {
		t.Errorf("Run(cat) = %q, %v", out, err)
	}
	if _, err := Run(t.Context(), "", "sh", "-c", "echo reason >&2; exit 3"); err == nil || !strings.Contains(err.Error(), "reason") {
		t.Errorf("Run() of a failing command = %v, want its words", err)
	}
}
