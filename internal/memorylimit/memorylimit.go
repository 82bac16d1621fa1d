package memorylimit

import (
	"log/slog"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

const (
	// memoryFile says how much memory the container may have (cgroup v2).
	memoryFile = "/sys/fs/cgroup/memory.max"
	// memoryShare is the percentage of it that Go may take before the collector works harder. The rest is for what Go does
	// not count: the binary itself and the kernel's share.
	memoryShare = 80
)

// Set makes the collector respect the container's memory limit, so that a burst of logins slows the process down instead
// of ending it. The variable GOMEMLIMIT, which the runtime reads, goes before it. GOMAXPROCS needs no such care: the
// runtime follows the CPU limit.
func Set(env func(string) string, log *slog.Logger) {
	if env("GOMEMLIMIT") != "" {
		return
	}
	content, err := os.ReadFile(memoryFile)
	if err != nil {
		return // not in a container, or cgroup v1
	}
	limit := heapLimit(string(content))
	if limit < math.MaxInt64 {
		debug.SetMemoryLimit(limit)
		log.Debug("Limiting memory", "bytes", limit)
	}
}

// heapLimit returns the heap's share of what the file allows; math.MaxInt64 where there is no limit.
func heapLimit(content string) int64 {
	bytes, err := strconv.ParseInt(strings.TrimSpace(content), 10, 64)
	if err != nil || bytes <= 0 {
		return math.MaxInt64 // "max"
	}
	return bytes / 100 * memoryShare
}
