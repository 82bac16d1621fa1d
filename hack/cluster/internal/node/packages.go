package node

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// debianPackages are what a node needs besides its own binaries.
func debianPackages() []string {
	return []string{"containerd", "runc", "containernetworking-plugins", "nftables", "iptables", "conntrack", "iproute2", "ca-certificates"}
}

// installPackages installs the packages that are missing.
func (n *Node) installPackages(ctx context.Context) error {
	var missing []string
	for _, name := range debianPackages() {
		status, err := run(ctx, "", "dpkg-query", "-W", "-f=${Status}", name)
		if err != nil || !strings.Contains(status, "ok installed") {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("this needs a Debian-like system; please install %s", strings.Join(missing, ", "))
	}
	n.printf("  installing %s\n", strings.Join(missing, " "))
	apt := func(args ...string) error {
		args = append([]string{"DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"}, args...)
		_, err := run(ctx, "", "env", args...)
		return err
	}
	if err := apt("update"); err != nil {
		return err
	}
	return apt(append([]string{"install", "-y", "--no-install-recommends"}, missing...)...)
}
