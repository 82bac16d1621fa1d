// Package build compiles Go commands: Kubernetes' from its module, the node's
// own, and the project's. It knows nothing of nodes or images.
package build

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// KubernetesVersion is the version that hack/kubernetes/go.mod requires; the binaries report it.
const KubernetesVersion = "v1.37.2"

// Builder compiles into the bin folder of the project.
type Builder struct {
	root string
	out  io.Writer
}

// New returns a builder for the project at root that reports progress to out.
func New(root string, out io.Writer) *Builder { return &Builder{root: root, out: out} }

// Root is the project's folder.
func (b *Builder) Root() string { return b.root }

// BinDir is where the Kubernetes binaries land.
func (b *Builder) BinDir() string { return filepath.Join(b.root, "bin", "kubernetes") }

// Packages returns the Kubernetes commands by name.
func Packages() map[string]string {
	packages := map[string]string{"etcd": "go.etcd.io/etcd/server/v3"}
	for _, name := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"} {
		packages[name] = "k8s.io/kubernetes/cmd/" + name
	}
	return packages
}

// Kubernetes builds the named commands that are missing or older than hack/kubernetes.
func (b *Builder) Kubernetes(ctx context.Context, names ...string) error {
	dir := filepath.Join(b.root, "hack", "kubernetes")
	stamp, err := hashFiles(filepath.Join(dir, "go.mod"), filepath.Join(dir, "go.sum"))
	if err != nil {
		return err
	}
	minor := strings.Split(KubernetesVersion, ".")[1]
	const pkg = "k8s.io/component-base/version."
	ldflags := fmt.Sprintf("-s -w -X %sgitVersion=%s -X %sgitMajor=1 -X %sgitMinor=%s", pkg, KubernetesVersion, pkg, pkg, minor)
	for _, name := range names {
		path, ok := Packages()[name]
		if !ok {
			return fmt.Errorf("unknown Kubernetes command %q", name)
		}
		target := filepath.Join(b.BinDir(), name)
		if upToDate(target, stamp) {
			continue
		}
		spec := Spec{Dir: dir, Package: path, Output: target, LDFlags: ldflags}
		if err := b.Compile(ctx, spec); err != nil {
			return err
		}
		if err := os.WriteFile(target+".stamp", []byte(stamp), 0o644); err != nil {
			return fmt.Errorf("recording the build of %s: %w", name, err)
		}
	}
	return nil
}

// Spec is one compilation.
type Spec struct {
	Dir     string // the module's folder
	Package string
	Output  string
	LDFlags string
	GOARCH  string // empty means this machine's
}

// Compile builds a static binary. Go's own cache makes a second time quick.
func (b *Builder) Compile(ctx context.Context, spec Spec) error {
	if err := os.MkdirAll(filepath.Dir(spec.Output), 0o755); err != nil {
		return err
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags", spec.LDFlags, "-o", spec.Output, spec.Package}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = spec.Dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly")
	if spec.GOARCH != "" {
		cmd.Env = append(cmd.Env, "GOOS=linux", "GOARCH="+spec.GOARCH)
	}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	name := filepath.Base(spec.Output)
	fmt.Fprintf(b.out, "  building %s ... ", name)
	start := time.Now()
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(b.out, "failed")
		return fmt.Errorf("building %s: %w\n%s", name, err, lastLines(output.String(), 20))
	}
	fmt.Fprintf(b.out, "%s\n", time.Since(start).Round(100*time.Millisecond))
	return nil
}

// upToDate says whether the binary was built from inputs with the stamp.
func upToDate(target, stamp string) bool {
	if _, err := os.Stat(target); err != nil {
		return false
	}
	have, err := os.ReadFile(target + ".stamp")
	return err == nil && string(have) == stamp
}

// hashFiles returns a digest over the contents of the files.
func hashFiles(paths ...string) (string, error) {
	h := sha256.New()
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("reading build inputs: %w", err)
		}
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// lastLines returns the last n lines of a text.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// Names returns all Kubernetes commands, those that envtest needs first.
func Names() []string {
	first := []string{"etcd", "kubectl", "kube-apiserver"}
	var rest []string
	for name := range Packages() {
		if !slices.Contains(first, name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	return append(first, rest...)
}
