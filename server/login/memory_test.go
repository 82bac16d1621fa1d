package login_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/password"
	"github.com/authserver-dev/operator/server/login"
)

const (
	// podLimit is the default memory limit of a pod, runtimeLimit what the server gives the Go runtime of it.
	podLimit     = 256 << 20
	runtimeLimit = podLimit / 100 * 80
	// childVariable makes the test binary measure instead of test.
	childVariable = "AUTHSERVER_TEST_HASH_MEMORY"
)

// mostExpensive is the hash that takes the most memory of those that are accepted.
const mostExpensive = "$argon2id$v=19$m=131072,t=1,p=1$c2FsdHNhbHRzYWx0$a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5"

// TestMostExpensiveHashFitsThePod: many parallel logins against the most expensive hash stay within the memory of a pod. The heap of a
// process of its own is measured.
func TestMostExpensiveHashFitsThePod(t *testing.T) {
	t.Parallel()
	if password.Check(mostExpensive) != nil || password.Check(strings.Replace(mostExpensive, "131072", "131073", 1)) == nil {
		t.Fatal("the hash is not the most expensive one")
	}
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=TestMeasureHashMemory", "-test.v")
	command.Env = append(os.Environ(), childVariable+"=1", "GOMAXPROCS=4")
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("measuring: %v\n%s", err, output)
	}
	_, after, _ := strings.Cut(string(output), "heap=")
	digits, _, _ := strings.Cut(after, "\n")
	heap, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
	if err != nil {
		t.Fatalf("the measurement printed %s", output)
	}
	t.Logf("the heap took at most %d MiB", heap>>20)
	if heap > podLimit {
		t.Errorf("the heap took %d MiB, more than the pod's %d MiB", heap>>20, podLimit>>20)
	}
}

// TestMeasureHashMemory is the measured process.
func TestMeasureHashMemory(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		t.Skip("only for TestMostExpensiveHashFitsThePod")
	}
	debug.SetMemoryLimit(runtimeLimit)
	checker := login.New(login.Options{
		Users:        directory{"alice": {Subject: "1", Username: "alice", PasswordHash: mostExpensive}},
		FreeAttempts: 100, MaxDelay: time.Second, Clock: time.Now, Observe: func(string) {},
	})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { _, _ = checker.Check(t.Context(), login.Attempt{Username: "alice", Password: "x"}) })
	}
	group.Wait()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Printf("heap=%d\n", stats.HeapSys)
}
