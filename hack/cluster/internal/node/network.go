package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const ipForward = "/proc/sys/net/ipv4/ip_forward"

// cniConfig gives each pod a point-to-point link: all traffic between pods crosses the host's routing, so that
// kube-proxy's address translation sees both directions.
const cniConfig = `{
  "cniVersion": "0.4.0",
  "name": "authserver-cluster",
  "plugins": [
    {"type": "ptp", "ipam": {"type": "host-local", "dataDir": %q, "ranges": [[{"subnet": %q}]], "routes": [{"dst": "0.0.0.0/0"}]}}
  ]
}
`

// ensureNetwork makes the node's interface, forwarding and masquerading, and the CNI configuration.
func (n *Node) ensureNetwork(ctx context.Context) error {
	if err := addNodeAddress(ctx); err != nil {
		return err
	}
	if err := n.enableForwarding(); err != nil {
		return err
	}
	rules := fmt.Sprintf(`table ip %[1]s {}
flush table ip %[1]s
table ip %[1]s {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ip saddr %[2]s ip daddr != { %[2]s, %[3]s, %[4]s } masquerade
  }
}
`, natTable, podCIDR, serviceCIDR, nodeIP)
	if _, err := run(ctx, rules, "nft", "-f", "-"); err != nil {
		return err
	}
	if err := os.MkdirAll(n.path("cni", "net.d"), 0o755); err != nil {
		return err
	}
	config := fmt.Sprintf(cniConfig, n.path("cni", "ipam"), podCIDR)
	return os.WriteFile(n.path("cni", "net.d", "10-ptp.conflist"), []byte(config), 0o644)
}

// enableForwarding switches IPv4 forwarding on and remembers what it was.
func (n *Node) enableForwarding() error {
	before, err := os.ReadFile(ipForward)
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(before)) == "1" {
		return nil
	}
	if err := os.WriteFile(n.path("ip_forward.before"), before, 0o644); err != nil {
		return err
	}
	return os.WriteFile(ipForward, []byte("1\n"), 0o644)
}

// removeNetwork undoes ensureNetwork and removes kube-proxy's tables.
func (n *Node) removeNetwork(ctx context.Context) error {
	if before, err := os.ReadFile(n.path("ip_forward.before")); err == nil {
		if err := os.WriteFile(ipForward, before, 0o644); err != nil {
			return err
		}
	}
	tables, err := run(ctx, "", "nft", "list", "tables")
	if err != nil {
		return err
	}
	for _, line := range strings.Split(tables, "\n") {
		fields := strings.Fields(line) // table ip kube-proxy
		if len(fields) != 3 || (fields[2] != natTable && fields[2] != "kube-proxy") {
			continue
		}
		if _, err := run(ctx, "", "nft", "delete", "table", fields[1], fields[2]); err != nil {
			return err
		}
	}
	if err := forgetCNIResults(); err != nil {
		return err
	}
	have, err := hasNodeAddress(ctx)
	if err != nil || !have {
		return err
	}
	_, err = run(ctx, "", "ip", "addr", "del", nodeIP+"/32", "dev", nodeInterface)
	return err
}

// forgetCNIResults removes what the CNI library remembers of our pods, in a place of its own choice.
func forgetCNIResults() error {
	results, err := filepath.Glob("/var/lib/cni/results/authserver-cluster-*")
	if err != nil {
		return err
	}
	for _, result := range results {
		if err := os.Remove(result); err != nil {
			return err
		}
	}
	for _, dir := range []string{"/var/lib/cni/results", "/var/lib/cni"} {
		_ = os.Remove(dir) // stays if somebody else uses it
	}
	return nil
}

// addNodeAddress gives the node an address of its own.
func addNodeAddress(ctx context.Context) error {
	have, err := hasNodeAddress(ctx)
	if err != nil || have {
		return err
	}
	_, err = run(ctx, "", "ip", "addr", "add", nodeIP+"/32", "dev", nodeInterface)
	return err
}

func hasNodeAddress(ctx context.Context) (bool, error) {
	out, err := run(ctx, "", "ip", "-4", "-o", "addr", "show", "dev", nodeInterface)
	return strings.Contains(out, " "+nodeIP+"/32 "), err
}
