package main

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

// limitMemory makes the collector respect the container's memory limit, so that a burst of logins is slowed down rather
// than killed. GOMAXPROCS needs no such care: the runtime follows the CPU limit.
func limitMemory(log *slog.Logger) {
	content, err := os.ReadFile(memoryFile)
	if err != nil {
		return // not in a container, or cgroup v1
	}
	limit := memoryLimit(string(content))
	if limit < math.MaxInt64 {
		debug.SetMemoryLimit(limit)
		log.Debug("Limiting memory", "bytes", limit)
	}
}

// memoryLimit returns the heap's share of what the file allows; math.MaxInt64 where there is no limit.
func memoryLimit(content string) int64 {
	bytes, err := strconv.ParseInt(strings.TrimSpace(content), 10, 64)
	if err != nil || bytes <= 0 {
		return math.MaxInt64 // "max"
	}
	return bytes / 100 * memoryShare
}
