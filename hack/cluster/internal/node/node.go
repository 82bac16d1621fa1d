package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/authserver-dev/operator/hack/cluster/internal/build"
	"github.com/authserver-dev/operator/hack/cluster/internal/component"
	"github.com/authserver-dev/operator/hack/cluster/internal/layout"
	"github.com/authserver-dev/operator/hack/cluster/internal/lock"
	"github.com/authserver-dev/operator/hack/cluster/internal/network"
	"github.com/authserver-dev/operator/hack/cluster/internal/process"
	"github.com/authserver-dev/operator/hack/cluster/internal/progress"
)

// Options configure a Node.
type Options struct {
	Layout   layout.Layout
	Builder  *build.Builder
	Progress *progress.Reporter
}

// Node is the node of this machine.
type Node struct {
	layout   layout.Layout
	builder  *build.Builder
	progress *progress.Reporter
	keeper   *process.Keeper
	network  *network.Network
}

// New returns the node with the options.
func New(opts Options) *Node {
	return &Node{
		layout: opts.Layout, builder: opts.Builder, progress: opts.Progress,
		keeper:  process.NewKeeper(opts.Layout.Path("run"), opts.Layout.Path("logs")),
		network: network.New(opts.Layout),
	}
}

// Kubeconfig is the path of the administrator's kubeconfig.
func (n *Node) Kubeconfig() string { return n.layout.Kubeconfig("admin") }

// step is a part of bringing the node up.
type step struct {
	name string
	run  func(context.Context) error
}

// steps are all parts in their order. Each does nothing when there is nothing to do.
func (n *Node) steps() []step {
	steps := []step{
		{"room for a node", n.checkRoom},
		{"Debian packages", n.installPackages},
		{"binaries", func(ctx context.Context) error { return n.builder.Ensure(ctx, build.Binaries()...) }},
		{"certificates", n.ensurePKI},
		{"network", n.network.Up},
	}
	for _, name := range component.Names() {
		steps = append(steps, step{name, func(ctx context.Context) error { return n.ensureComponent(ctx, name) }})
		if name == component.Containerd {
			steps = append(steps, step{"base images", n.ensureBaseImages})
		}
	}
	return append(steps, step{"node Ready", n.waitNodeReady}, step{"add-ons (DNS, volumes)", n.ensureAddOns})
}

// Up brings the node up, or mends what is down.
func (n *Node) Up(ctx context.Context) error {
	release, err := n.begin(ctx)
	if err != nil {
		return err
	}
	defer release.Close()
	if err := os.MkdirAll(n.layout.State(), 0o755); err != nil {
		return fmt.Errorf("making the state directory: %w", err)
	}
	start := n.progress.Now()
	for _, step := range n.steps() {
		if err := n.progress.Step(step.name, func() error { return step.run(ctx) }); err != nil {
			return fmt.Errorf("bringing up the node: %s: %w", step.name, err)
		}
	}
	version, err := n.builder.KubernetesVersion()
	if err != nil {
		return err
	}
	n.progress.Say("Kubernetes %s is up after %.1f s.", version, n.progress.Now().Sub(start).Seconds())
	n.progress.Say("  export KUBECONFIG=%s PATH=%s:$PATH", n.Kubeconfig(), n.builder.BinDir())
	return nil
}

// begin checks that this process may work on the node, and that no other does.
func (n *Node) begin(ctx context.Context) (io.Closer, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("working on a node needs root: run this with sudo")
	}
	return lock.Acquire(ctx, n.layout.State(), func() { n.progress.Say("Waiting for another command that works on this node ...") })
}

// Status writes what runs.
func (n *Node) Status(ctx context.Context, out io.Writer) error {
	var text strings.Builder
	for _, name := range component.Names() {
		state := "down"
		if pid := n.keeper.PID(name); pid != 0 {
			state = fmt.Sprintf("runs, process %d", pid)
			if err := n.healthy(ctx, name); err != nil {
				state += ", not healthy: " + err.Error()
			}
		}
		fmt.Fprintf(&text, "%-26s %s\n", name, state)
	}
	if n.keeper.PID(component.APIServer) != 0 {
		pods, err := n.kubectl(ctx, "", "get", "nodes,pods", "--all-namespaces", "--output=wide")
		if err != nil {
			pods = err.Error()
		}
		fmt.Fprintf(&text, "\n%s\n", strings.TrimSpace(pods))
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// Load imports image archives.
func (n *Node) Load(ctx context.Context, archives []string) error {
	if len(archives) == 0 {
		return errors.New("load takes image archives")
	}
	if n.keeper.PID(component.Containerd) == 0 {
		return errors.New("there is no node to load into; run up first")
	}
	for _, archive := range archives {
		err := n.progress.Step("loading "+filepath.Base(archive), func() error {
			if _, err := n.ctr(ctx, "images", "import", archive); err != nil {
				return fmt.Errorf("importing %s: %w", archive, err)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// kubectl runs kubectl as the administrator and returns its output.
func (n *Node) kubectl(ctx context.Context, input string, args ...string) (string, error) {
	// Its cache belongs to this node, not into a person's home.
	args = append([]string{"--kubeconfig", n.Kubeconfig(), "--cache-dir", n.layout.Path("kubectl")}, args...)
	return process.Run(ctx, input, filepath.Join(n.builder.BinDir(), "kubectl"), args...)
}

// ctr runs containerd's client in the namespace that the kubelet uses.
func (n *Node) ctr(ctx context.Context, args ...string) (string, error) {
	args = append([]string{"--address", n.layout.ContainerdSocket(), "--namespace", "k8s.io"}, args...)
	return process.Run(ctx, "", "ctr", args...)
}

// installed finds a program of a package; daemons are looked for where a person's PATH may not lead.
func installed(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/local/sbin", "/usr/sbin", "/sbin"} {
		if path := filepath.Join(dir, name); exists(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("looking for %s: %w", name, fs.ErrNotExist)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// pollInterval keeps what is asked from slowing down what is waited for.
const pollInterval = 100 * time.Millisecond

// waitFor calls check until it succeeds or fails for good; the error carries the last failure.
func waitFor(ctx context.Context, timeout time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var last error
	for {
		err := check(ctx)
		if err == nil || errors.Is(err, errGone) {
			return err
		}
		if ctx.Err() == nil || last == nil {
			last = err // what comes after the end of the time is about that end only
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting up to %s: %w", timeout, last)
		case <-time.After(pollInterval):
		}
	}
}
