// Package node runs one Kubernetes node on this machine: etcd, the control
// plane, containerd, kubelet, kube-proxy and CoreDNS, with point-to-point pod
// networking. Everything that it makes lies under one state directory or
// carries one name, so that Down can remove it.
package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/authserver-dev/operator/hack/cluster/internal/build"
	"github.com/authserver-dev/operator/hack/cluster/internal/process"
)

// Addresses and names of the node. The node address is an extra one on the loopback interface, so that the
// cluster does not depend on this machine's networks and is not reachable from them.
const (
	nodeName      = "authserver-node"
	nodeInterface = "lo"
	nodeIP        = "10.243.0.1"
	podCIDR       = "10.244.0.0/24"
	serviceCIDR   = "10.96.0.0/16"
	serviceIP     = "10.96.0.1"
	dnsIP         = "10.96.0.10"
	apiServer     = "https://" + nodeIP + ":6443"
	pauseImage    = "localhost/pause:1"
	dnsImage      = "localhost/coredns:1"
	natTable      = "authserver-cluster"
)

// Options configure a Node.
type Options struct {
	State   string
	Builder *build.Builder
	Out     io.Writer
}

// Node is the node of this machine.
type Node struct {
	state   string
	builder *build.Builder
	out     io.Writer
	keeper  *process.Keeper
}

// New returns the node whose state lies in opts.State.
func New(opts Options) *Node {
	return &Node{
		state: opts.State, builder: opts.Builder, out: opts.Out,
		keeper: process.NewKeeper(filepath.Join(opts.State, "run")),
	}
}

// Kubeconfig is the path of the administrator's kubeconfig.
func (n *Node) Kubeconfig() string { return n.path("admin.kubeconfig") }

// Up brings the node up, or mends what is down.
func (n *Node) Up(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return errors.New("a node needs root: run this with sudo")
	}
	start := time.Now()
	steps := []struct {
		name string
		run  func(context.Context) error
	}{
		{"Debian packages", n.installPackages},
		{"binaries", n.buildBinaries},
		{"certificates", n.ensurePKI},
		{"network", n.ensureNetwork},
		{"containerd", n.component("containerd")},
		{"base images", n.ensureBaseImages},
		{"etcd", n.component("etcd")},
		{"kube-apiserver", n.component("kube-apiserver")},
		{"kube-controller-manager", n.component("kube-controller-manager")},
		{"kube-scheduler", n.component("kube-scheduler")},
		{"kubelet", n.component("kubelet")},
		{"kube-proxy", n.component("kube-proxy")},
		{"node Ready", n.waitNodeReady},
		{"add-ons (DNS, storage)", n.ensureAddOns},
	}
	for _, step := range steps {
		began := time.Now()
		if err := step.run(ctx); err != nil {
			return fmt.Errorf("bringing up the node: %s: %w", step.name, err)
		}
		n.printf("  %-26s %6.1f s\n", step.name, time.Since(began).Seconds())
	}
	n.printf("Kubernetes %s is up after %.1f s. export KUBECONFIG=%s\n", build.KubernetesVersion, time.Since(start).Seconds(), n.Kubeconfig())
	return nil
}

// Status says what runs.
func (n *Node) Status(_ context.Context) error {
	for _, name := range Components() {
		state := "down"
		if pid := n.keeper.PID(name); pid != 0 {
			state = fmt.Sprintf("runs, process %d", pid)
		}
		n.printf("%-26s %s\n", name, state)
	}
	return nil
}

// Load imports image archives.
func (n *Node) Load(ctx context.Context, archives []string) error {
	if len(archives) == 0 {
		return errors.New("load takes image archives")
	}
	for _, archive := range archives {
		began := time.Now()
		if _, err := n.ctr(ctx, "images", "import", archive); err != nil {
			return fmt.Errorf("importing %s: %w", archive, err)
		}
		n.printf("  loaded %s in %.1f s\n", archive, time.Since(began).Seconds())
	}
	return nil
}

// buildBinaries builds what is missing.
func (n *Node) buildBinaries(ctx context.Context) error {
	if err := n.builder.Kubernetes(ctx, build.Names()...); err != nil {
		return err
	}
	root := n.builder.Root()
	specs := []build.Spec{
		{Dir: filepath.Join(root, "hack", "coredns"), Package: ".", Output: filepath.Join(n.builder.BinDir(), "coredns"), LDFlags: "-s -w"},
		{Dir: filepath.Join(root, "hack", "cluster"), Package: "./pause", Output: filepath.Join(n.builder.BinDir(), "pause"), LDFlags: "-s -w"},
	}
	for _, spec := range specs {
		if _, err := os.Stat(spec.Output); err == nil {
			continue
		}
		if err := n.builder.Compile(ctx, spec); err != nil {
			return err
		}
	}
	return nil
}

// kubectl runs kubectl as the administrator and returns its output.
func (n *Node) kubectl(ctx context.Context, input string, args ...string) (string, error) {
	args = append([]string{"--kubeconfig", n.Kubeconfig()}, args...)
	return run(ctx, input, filepath.Join(n.builder.BinDir(), "kubectl"), args...)
}

// ctr runs containerd's client in the namespace that the kubelet uses.
func (n *Node) ctr(ctx context.Context, args ...string) (string, error) {
	args = append([]string{"--address", n.containerdSocket(), "--namespace", "k8s.io"}, args...)
	return run(ctx, "", "ctr", args...)
}

func (n *Node) path(elem ...string) string {
	return filepath.Join(append([]string{n.state}, elem...)...)
}

func (n *Node) printf(format string, args ...any) { fmt.Fprintf(n.out, format, args...) }

// run runs a command and returns what it printed; an error carries the end of it.
func run(ctx context.Context, input, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if input != "" {
		cmd.Stdin = strings.NewReader(input)
	}
	if err := cmd.Run(); err != nil {
		text := strings.TrimSpace(out.String())
		return text, fmt.Errorf("running %s %s: %w: %s", filepath.Base(name), strings.Join(args, " "), err, text[max(0, len(text)-2000):])
	}
	return out.String(), nil
}

// waitFor calls check until it succeeds; the error carries the last failure.
func waitFor(ctx context.Context, timeout time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %w", timeout, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
