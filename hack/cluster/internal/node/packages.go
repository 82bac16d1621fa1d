package node

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/authserver-dev/operator/hack/cluster/internal/network"
	"github.com/authserver-dev/operator/hack/cluster/internal/process"
)

// requirement is a Debian package and how to see that what we want of it is there, from wherever it came: a machine
// with Docker has another package's containerd, and must keep it.
type requirement struct {
	pkg     string
	present func() bool
}

// requirements are what a node needs besides its own binaries.
func requirements() []requirement {
	program := func(names ...string) func() bool {
		return func() bool {
			for _, name := range names {
				if _, err := installed(name); err != nil {
					return false
				}
			}
			return true
		}
	}
	return []requirement{
		{"containerd", program("containerd", "ctr", "containerd-shim-runc-v2")},
		{"runc", program("runc")},
		{"containernetworking-plugins", func() bool { return network.PluginFolder() != "" }},
		{"nftables", program("nft")},
		{"iptables", program("iptables")},
		{"conntrack", program("conntrack")},
		{"iproute2", program("ip")},
	}
}

// missingPackages returns the packages of unmet requirements.
func missingPackages(requirements []requirement) []string {
	var missing []string
	for _, r := range requirements {
		if !r.present() {
			missing = append(missing, r.pkg)
		}
	}
	return missing
}

// installPackages installs the packages that are missing.
func (n *Node) installPackages(ctx context.Context) error {
	missing := missingPackages(requirements())
	if len(missing) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("only on Debian-like systems can this install what is missing; please install %s", strings.Join(missing, ", "))
	}
	n.progress.Note("installing %s ...", strings.Join(missing, ", "))
	// Somebody else's installation may be under way. Nothing may be removed to make room for what we want.
	apt := []string{"DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"}
	install := append([]string{"install", "-y", "--no-install-recommends", "--no-remove"}, missing...)
	for _, args := range [][]string{{"update"}, install} {
		if _, err := process.Run(ctx, "", "env", slices.Concat(apt, args)...); err != nil {
			return fmt.Errorf("installing Debian packages: %w", err)
		}
	}
	if still := missingPackages(requirements()); len(still) > 0 {
		return fmt.Errorf("the packages %s are installed, but what is needed of them is not found", strings.Join(still, ", "))
	}
	return nil
}
