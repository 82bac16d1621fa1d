package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Down stops the node and removes every process, mount, interface and file of it.
func (n *Node) Down(ctx context.Context) error {
	if _, err := os.Stat(n.state); errors.Is(err, os.ErrNotExist) {
		n.printf("No node here.\n")
		return nil
	}
	if os.Geteuid() != 0 {
		return errors.New("removing a node needs root: run this with sudo")
	}
	start := time.Now()
	names := Components()
	slices.Reverse(names)
	for _, name := range names {
		if name == "containerd" {
			n.killContainers(ctx)
		}
		if err := n.keeper.Stop(ctx, name); err != nil {
			return fmt.Errorf("taking down the node: %w", err)
		}
	}
	if err := n.killShims(ctx); err != nil {
		return fmt.Errorf("ending containers: %w", err)
	}
	if err := n.unmount(); err != nil {
		return err
	}
	if err := n.removeNetwork(ctx); err != nil {
		return fmt.Errorf("removing the network: %w", err)
	}
	if err := removeCgroups(); err != nil {
		return fmt.Errorf("removing cgroups: %w", err)
	}
	if err := os.RemoveAll(n.state); err != nil {
		return fmt.Errorf("removing the state: %w", err)
	}
	n.printf("The node is gone after %.1f s.\n", time.Since(start).Seconds())
	return nil
}

// killContainers ends all containers while containerd still answers; killShims sees to those that it cannot end.
func (n *Node) killContainers(ctx context.Context) {
	tasks, err := n.ctr(ctx, "tasks", "list", "-q")
	if err != nil {
		return // containerd is down already
	}
	for _, task := range strings.Fields(tasks) {
		if _, err := n.ctr(ctx, "tasks", "kill", "--all", "--signal", "SIGKILL", task); err != nil {
			n.printf("  %v\n", err)
		}
	}
}

// killShims ends the shims of this containerd and the containers below them.
func (n *Node) killShims(ctx context.Context) error {
	return waitFor(ctx, 20*time.Second, func(context.Context) error {
		found, err := n.shims()
		if err != nil {
			return err
		}
		for _, pid := range found {
			for _, victim := range append(children(pid), pid) {
				if err := syscall.Kill(victim, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
					return fmt.Errorf("killing process %d: %w", victim, err)
				}
			}
		}
		if len(found) > 0 {
			return fmt.Errorf("%d container shims still run", len(found))
		}
		return nil
	})
}

// shims returns the processes whose command line names this containerd's socket.
func (n *Node) shims() ([]int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil, err
	}
	var found []int
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // it ended meanwhile
		}
		args := strings.Split(string(data), "\x00")
		if !strings.Contains(filepath.Base(args[0]), "containerd-shim") || !slices.Contains(args, n.containerdSocket()) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			found = append(found, pid)
		}
	}
	return found, nil
}

// children returns the direct children of a process.
func children(pid int) []int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil // it ended meanwhile
	}
	var found []int
	for _, field := range strings.Fields(string(data)) {
		if child, err := strconv.Atoi(field); err == nil {
			found = append(found, child)
		}
	}
	return found
}

// unmount removes the mounts below the state directory, inner ones first.
func (n *Node) unmount() error {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	points := mountsBelow(string(data), n.state)
	slices.Reverse(points)
	for _, point := range points {
		if err := syscall.Unmount(point, syscall.MNT_DETACH); err != nil && !errors.Is(err, syscall.EINVAL) {
			return fmt.Errorf("unmounting %s: %w", point, err)
		}
	}
	return nil
}

// mountsBelow returns the mount points below dir in the order of a mountinfo file.
func mountsBelow(mountinfo, dir string) []string {
	var points []string
	for _, line := range strings.Split(mountinfo, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		if point := fields[4]; strings.HasPrefix(point, dir+"/") {
			points = append(points, point)
		}
	}
	return points
}

// removeCgroups removes the kubelet's control groups, which are empty now.
func removeCgroups() error {
	for _, pattern := range []string{"/sys/fs/cgroup/*/kubepods", "/sys/fs/cgroup/kubepods", "/sys/fs/cgroup/*/k8s.io", "/sys/fs/cgroup/k8s.io"} {
		roots, err := filepath.Glob(pattern)
		if err != nil {
			return err
		}
		for _, root := range roots {
			var dirs []string
			err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
				if err == nil && entry.IsDir() {
					dirs = append(dirs, path)
				}
				return nil // a group may vanish while we look
			})
			if err != nil {
				return err
			}
			slices.Reverse(dirs)
			for _, dir := range dirs {
				_ = os.Remove(dir) // a busy group belongs to somebody else
			}
		}
	}
	return nil
}
