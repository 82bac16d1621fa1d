package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// bootID identifies the boot of the machine, since which start times count.
func bootID() (string, error) {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(data)), err
}

// startTime returns when the process started, in clock ticks since boot, or "" if there is none (a zombie counts as none).
func startTime(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	return parseStat(string(data))
}

// parseStat returns the start time from the text of /proc/PID/stat.
func parseStat(stat string) string {
	// The name in parentheses may hold anything, parentheses too; fields are counted behind it. State is field 3, start time field 22.
	end := strings.LastIndex(stat, ")")
	if end < 0 {
		return ""
	}
	fields := strings.Fields(stat[end+1:])
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return fields[19]
}

// Match returns the ids of the processes whose command line satisfies match.
func Match(match func(args []string) bool) ([]int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil, err
	}
	var found []int
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil || len(data) == 0 || !match(strings.Split(strings.TrimRight(string(data), "\x00"), "\x00")) {
			continue // another process, a kernel thread, or it ended meanwhile
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			found = append(found, pid)
		}
	}
	return found, nil
}

// Descendants returns the ids of all processes below pid, parents first.
func Descendants(pid int) []int {
	// Every thread has children of its own.
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil
	}
	var found []int
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // it ended meanwhile
		}
		for field := range strings.FieldsSeq(string(data)) {
			if child, err := strconv.Atoi(field); err == nil {
				found = append(append(found, child), Descendants(child)...)
			}
		}
	}
	return found
}
