package teardown

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/hack/cluster/internal/layout"
)

func TestMountsBelow(t *testing.T) {
	t.Parallel()
	mountinfo := "22 1 0:20 / /proc rw - proc proc rw\n" +
		"30 1 8:1 / /state rw - ext4 /dev/sda rw\n" +
		"31 1 0:31 / /state/a rw - overlay overlay rw\n" +
		"32 31 0:32 / /state/a/with\\040space rw - tmpfs tmpfs rw\n" +
		"33 1 0:33 / /state-of-others/b rw - tmpfs tmpfs rw\nshort\n"
	want := []string{"/state/a", "/state/a/with space"}
	if diff := cmp.Diff(want, mountsBelow(mountinfo, "/state")); diff != "" {
		t.Errorf("mountsBelow() (-want +got):\n%s", diff)
	}
}

func TestIsShim(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want bool
	}{
		"ours":           {[]string{"/usr/bin/containerd-shim-runc-v2", "-namespace", "k8s.io", "-address", "/state/containerd.sock"}, true},
		"another's":      {[]string{"/usr/bin/containerd-shim-runc-v2", "-address", "/run/containerd/containerd.sock"}, false},
		"another socket": {[]string{"/usr/bin/containerd-shim-runc-v2", "-address", "/state/containerd.sock.ttrpc"}, false},
		"an editor":      {[]string{"vi", "/state/containerd.sock"}, false},
	} {
		if got := isShim(test.args, "/state/containerd.sock"); got != test.want {
			t.Errorf("%s: isShim() = %v, want %v", name, got, test.want)
		}
	}
}

func TestWorksIn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want bool
	}{
		"ours":                {[]string{"/bin/kubelet", "--config", "/state/kubelet.yaml"}, true},
		"another's":           {[]string{"/bin/kubelet", "--config", "/state-2/kubelet.yaml"}, false},
		"another program":     {[]string{"/usr/bin/vi", "/state/kubelet.yaml"}, false},
		"no arguments at all": {[]string{"kubelet"}, false},
	} {
		if got := worksIn(test.args, []string{"etcd", "kubelet"}, "/state"); got != test.want {
			t.Errorf("%s: worksIn() = %v, want %v", name, got, test.want)
		}
	}
}

func TestProgramsEndsWhatNobodyRecorded(t *testing.T) {
	t.Parallel()
	l := newLayout(t)
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", "sleep 60; true", l.Path("kubelet.yaml"))
	cmd.Args[0] = "test-kubelet"
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }() // reaps it, as init does it for a real one
	programs := []string{"test-kubelet"}
	if found, err := Unrecorded(l, programs, cmd.Process.Pid); err != nil || len(found) > 0 {
		t.Errorf("Unrecorded() = %v, %v although it is known", found, err)
	}
	if found, err := Unrecorded(l, programs); err != nil || len(found) != 1 {
		t.Errorf("Unrecorded() = %v, %v, want one", found, err)
	}
	if err := Programs(t.Context(), l, programs); err != nil {
		t.Fatal(err)
	}
	<-done
}

func TestContainersEndsShimAndContainers(t *testing.T) {
	t.Parallel()
	l := newLayout(t)
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", "sleep 60 & wait", "-address", l.ContainerdSocket())
	cmd.Args[0] = "containerd-shim-test" // the process's own word for its name
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }() // killed, and reaped here as init does it for a real one
	if err := Containers(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	<-done
}

// Not in parallel: a process that another test starts has this one's socket for a moment, which then seems to be alive.
func TestFilesRemovesOnlyOurs(t *testing.T) {
	l, root := newLayout(t), t.TempDir()
	ours := []string{
		"var/lib/cni/results/net-id1-eth0", "var/lib/cni/results/cni-loopback-id1-lo",
		"var/lib/kubelet/device-plugins/kubelet.sock",
	}
	others := []string{"var/lib/cni/results/net-id2-eth0", "var/log/containers/other.log"}
	listen(t, root+"/run/containerd/s/live")
	dead := listen(t, root+"/run/containerd/s/dead")
	dead.SetUnlinkOnClose(false) // as if it were killed
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(l.ContainerdRoot(), "io.containerd.grpc.v1.cri", "sandboxes", "id1", "x"), "")
	for _, file := range append(ours, others...) {
		write(t, filepath.Join(root, file), "")
	}
	link := root + "/var/log/containers/ours.log"
	if err := os.Symlink(l.Path("pod-logs", "0.log"), link); err != nil {
		t.Fatal(err)
	}
	if err := Files(t.Context(), l, root); err != nil {
		t.Fatal(err)
	}
	for _, file := range append(ours, "run/containerd/s/dead", "var/log/containers/ours.log", "var/lib/kubelet") {
		if _, err := os.Lstat(filepath.Join(root, file)); err == nil {
			t.Errorf("%s is still there", file)
		}
	}
	for _, file := range append(others, "run/containerd/s/live") {
		if _, err := os.Lstat(filepath.Join(root, file)); err != nil {
			t.Errorf("somebody else's file: %v", err)
		}
	}
}

func TestCgroups(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, dir := range []string{"kubepods/burstable/pod1", "memory/kubepods/pod1", "memory/user"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := Cgroups(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(root, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{root + "/memory/user"}, left); diff != "" {
		t.Errorf("groups left (-want +got):\n%s", diff)
	}
	write(t, filepath.Join(root, "kubepods", "busy"), "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Cgroups(ctx, root); err == nil {
		t.Error("Cgroups() = nil although a group cannot be removed")
	}
}

func newLayout(t *testing.T) layout.Layout {
	t.Helper()
	l, err := layout.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func listen(t *testing.T, path string) *net.UnixListener {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
