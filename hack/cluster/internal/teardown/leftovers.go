package teardown

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/authserver-dev/operator/hack/cluster/internal/layout"
)

// Files removes what container software writes to places of its own choice. Call it while the state directory is still
// there, since that tells which of them are this node's. The root is "" but in tests.
func Files(ctx context.Context, l layout.Layout, root string) error {
	err := errors.Join(shimSockets(ctx, root), networkResults(l, root), containerLogs(l, root), devicePlugins(root))
	emptyFolders(root)
	return err
}

// shimSockets removes the sockets of shims that are gone: one that was killed does not remove its own. Ours are all gone
// by now; a socket at which somebody answers is another containerd's.
func shimSockets(ctx context.Context, root string) error {
	sockets, err := filepath.Glob(root + "/run/containerd/s/*")
	if err != nil {
		return fmt.Errorf("looking for sockets: %w", err)
	}
	dialer := net.Dialer{Timeout: time.Second}
	for _, socket := range sockets {
		connection, err := dialer.DialContext(ctx, "unix", socket)
		if err == nil {
			_ = connection.Close()
			continue
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			continue // busy, or no socket at all
		}
		if err := removeFile(socket); err != nil {
			return err
		}
	}
	return nil
}

// networkResults removes what the CNI library remembers of this node's pods.
func networkResults(l layout.Layout, root string) error {
	sandboxes, err := os.ReadDir(filepath.Join(l.ContainerdRoot(), "io.containerd.grpc.v1.cri", "sandboxes"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking for pods: %w", err)
	}
	for _, sandbox := range sandboxes {
		results, err := filepath.Glob(root + "/var/lib/cni/results/*-" + sandbox.Name() + "-*")
		if err != nil {
			return fmt.Errorf("looking for network results: %w", err)
		}
		for _, result := range results {
			if err := removeFile(result); err != nil {
				return err
			}
		}
	}
	return nil
}

// containerLogs removes the kubelet's links to logs of this node.
func containerLogs(l layout.Layout, root string) error {
	links, err := filepath.Glob(root + "/var/log/containers/*.log")
	if err != nil {
		return fmt.Errorf("looking for logs: %w", err)
	}
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil || !strings.HasPrefix(target, l.State()+"/") {
			continue // somebody else's
		}
		if err := removeFile(link); err != nil {
			return err
		}
	}
	return nil
}

// devicePlugins removes the kubelet's socket for device plugins, if nobody listens there any more.
func devicePlugins(root string) error {
	socket := root + "/var/lib/kubelet/device-plugins/kubelet.sock"
	open, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		return fmt.Errorf("listing sockets: %w", err)
	}
	if strings.Contains(string(open), " "+socket+"\n") {
		return nil
	}
	return removeFile(socket)
}

// emptyFolders removes the folders of the above; those that hold anything of somebody else stay.
func emptyFolders(root string) {
	for _, dir := range []string{
		"/run/containerd/s", "/run/containerd", "/var/lib/cni/results", "/var/lib/cni", "/var/log/containers",
		"/var/lib/kubelet/device-plugins", "/var/lib/kubelet",
	} {
		_ = os.Remove(root + dir)
	}
}

// removeFile removes a file that may be gone.
func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing what a pod left: %w", err)
	}
	return nil
}
