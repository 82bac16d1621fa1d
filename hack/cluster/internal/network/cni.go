package network

import (
	"fmt"
	"os"

	"github.com/authserver-dev/operator/hack/cluster/internal/layout"
)

// pluginFolders are where distributions and people put the network plugins.
func pluginFolders() []string { return []string{"/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"} }

// PluginFolder returns the folder with the network plugins, or "" if there is none.
func PluginFolder() string {
	for _, dir := range pluginFolders() {
		if _, err := os.Stat(dir + "/ptp"); err == nil {
			return dir
		}
	}
	return ""
}

// cniConfig gives each pod a point-to-point link: all traffic between pods crosses the host's routing, so that
// kube-proxy's address translation sees both directions. A bridge would need br_netfilter for that.
const cniConfig = `{
  "cniVersion": "0.4.0",
  "name": "authserver-cluster",
  "plugins": [
    {"type": "ptp", "ipam": {"type": "host-local", "dataDir": %q, "ranges": [[{"subnet": %q}]], "routes": [{"dst": "0.0.0.0/0"}]}}
  ]
}
`

// writeCNI writes the network configuration of the pods.
func (n *Network) writeCNI() error {
	dir := n.layout.CNIConfigs()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("writing the network configuration: %w", err)
	}
	config := fmt.Sprintf(cniConfig, n.layout.Path("cni", "ipam"), layout.PodCIDR)
	file := dir + "/10-ptp.conflist"
	// containerd watches the folder: a file that it finds half written takes the node's readiness away.
	if have, err := os.ReadFile(file); err == nil && string(have) == config {
		return nil
	}
	fresh := n.layout.Path("cni", "fresh.conflist")
	if err := os.WriteFile(fresh, []byte(config), 0o644); err != nil {
		return fmt.Errorf("writing the network configuration: %w", err)
	}
	if err := os.Rename(fresh, file); err != nil {
		return fmt.Errorf("writing the network configuration: %w", err)
	}
	return nil
}
