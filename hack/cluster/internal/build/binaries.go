package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/authserver-dev/operator/hack/cluster/internal/lock"
)

// kubernetesModule is the module from which the node is built.
const kubernetesModule = "k8s.io/kubernetes"

// stampSuffix names the file beside a binary that tells what it was built from.
const stampSuffix = ".stamp"

// BinDir is where the binaries of the node land.
func (b *Builder) BinDir() string { return filepath.Join(b.root, "bin", "kubernetes") }

// Assets are the binaries that envtest needs.
func Assets() []string { return []string{"etcd", "kubectl", "kube-apiserver"} }

// Binaries are all that the node needs, those of Assets first.
func Binaries() []string {
	return append(Assets(), "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "coredns", "pause")
}

// Ensure builds the named binaries that are missing or older than what they are built from.
func (b *Builder) Ensure(ctx context.Context, names ...string) error {
	version, err := b.KubernetesVersion()
	if err != nil {
		return err
	}
	held, err := lock.Acquire(ctx, b.BinDir(), func() { b.report.Note("waiting for another build of the same binaries ...") })
	if err != nil {
		return err
	}
	defer held.Close()
	for _, name := range names {
		spec, err := b.binary(name, version)
		if err != nil {
			return err
		}
		if err := b.ensure(ctx, spec); err != nil {
			return err
		}
	}
	return nil
}

// ensure builds one binary unless its stamp says that it is current.
func (b *Builder) ensure(ctx context.Context, spec Spec) error {
	stamp, err := spec.stamp()
	if err != nil {
		return err
	}
	stampFile := spec.Output + stampSuffix
	if have, err := os.ReadFile(stampFile); err == nil && string(have) == stamp {
		if _, err := os.Stat(spec.Output); err == nil {
			return nil
		}
	}
	if err := b.Compile(ctx, spec); err != nil {
		return err
	}
	if err := os.WriteFile(stampFile, []byte(stamp), 0o644); err != nil {
		return fmt.Errorf("recording the build of %s: %w", spec.Output, err)
	}
	return nil
}

// Revision identifies what a binary of the node was built from.
func (b *Builder) Revision(name string) (string, error) {
	stamp, err := os.ReadFile(filepath.Join(b.BinDir(), name) + stampSuffix)
	if err != nil {
		return "", fmt.Errorf("finding what %s was built from: %w", name, err)
	}
	return string(stamp), nil
}

// binary says how a binary of the node is built.
func (b *Builder) binary(name, version string) (Spec, error) {
	spec := Spec{Dir: filepath.Join(b.root, "hack", "kubernetes"), Output: filepath.Join(b.BinDir(), name)}
	switch name {
	case "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl":
		spec.Package = kubernetesModule + "/cmd/" + name
		spec.Settings = versionSettings(version)
	case "etcd":
		spec.Package = "go.etcd.io/etcd/server/v3"
	case "coredns":
		spec.Dir, spec.Package = filepath.Join(b.root, "hack", "coredns"), "."
	case "pause":
		spec.Dir, spec.Package = filepath.Join(b.root, "hack", "cluster"), "./pause"
	default:
		return Spec{}, fmt.Errorf("unknown binary %q, know %s", name, strings.Join(Binaries(), ", "))
	}
	return spec, nil
}

// KubernetesVersion is the version that hack/kubernetes requires.
func (b *Builder) KubernetesVersion() (string, error) {
	data, err := os.ReadFile(filepath.Join(b.root, "hack", "kubernetes", "go.mod"))
	if err != nil {
		return "", fmt.Errorf("finding the Kubernetes version: %w", err)
	}
	return requiredVersion(string(data), kubernetesModule)
}

// requiredVersion finds the version of a module in the text of a go.mod.
func requiredVersion(gomod, module string) (string, error) {
	for line := range strings.Lines(gomod) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) >= 2 && fields[0] == module && strings.HasPrefix(fields[1], "v") {
			return fields[1], nil
		}
	}
	return "", fmt.Errorf("no requirement of %s in go.mod", module)
}

// versionSettings make the commands report their version; without them they say v0.0.0.
func versionSettings(version string) map[string]string {
	const pkg = "k8s.io/component-base/version."
	settings := map[string]string{pkg + "gitVersion": version}
	parts := strings.Split(strings.TrimPrefix(version, "v"), ".")
	if len(parts) >= 2 {
		settings[pkg+"gitMajor"], settings[pkg+"gitMinor"] = parts[0], parts[1]
	}
	return settings
}

// linkerFlags strips symbols and sets variables, always in the same order.
func linkerFlags(settings map[string]string) string {
	flags := []string{"-s", "-w"}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		flags = append(flags, "-X", name+"="+settings[name])
	}
	return strings.Join(flags, " ")
}

// stamp digests what the binary is built from: the command line, the module's requirements and its own sources.
func (s Spec) stamp() (string, error) {
	digest := sha256.New()
	_, _ = io.WriteString(digest, strings.Join(arguments(s, ""), " ")) // a digest's Write does not fail
	inputs := []string{filepath.Join(s.Dir, "go.mod"), filepath.Join(s.Dir, "go.sum")}
	if strings.HasPrefix(s.Package, ".") {
		sources, err := filepath.Glob(filepath.Join(s.Dir, s.Package, "*.go"))
		if err != nil {
			return "", fmt.Errorf("finding the sources of %s: %w", s.Package, err)
		}
		inputs = append(inputs, sources...)
	}
	for _, input := range inputs {
		data, err := os.ReadFile(input)
		if err != nil {
			return "", fmt.Errorf("reading build inputs: %w", err)
		}
		_, _ = digest.Write(data)
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}
