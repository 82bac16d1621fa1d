package layout

import (
	"fmt"
	"path/filepath"
)

// Names and addresses of the node. Its address is an extra one on the loopback interface: the cluster depends on none
// of this machine's networks, pods reach what listens there, and so do programs on this machine.
const (
	NodeName    = "authserver-node"
	NodeIP      = "10.243.0.1"
	PodCIDR     = "10.244.0.0/24"
	ServiceCIDR = "10.96.0.0/16"
	ServiceIP   = "10.96.0.1"
	DNSIP       = "10.96.0.10"
	APIServer   = "https://" + NodeIP + ":6443"
	PauseImage  = "localhost/pause:1"
	DNSImage    = "localhost/coredns:1"
)

// maxState keeps the longest socket below the state directory (the kubelet's pod-resources) within the 107 bytes that
// a Unix socket's path may have.
const maxState = 70

// Layout is the state directory of a node.
type Layout struct {
	state string
}

// New returns the layout of a node that keeps its state in dir.
func New(dir string) (Layout, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Layout{}, fmt.Errorf("finding the state directory: %w", err)
	}
	if len(dir) > maxState {
		return Layout{}, fmt.Errorf("the state directory %q is longer than %d characters, too long for the sockets in it", dir, maxState)
	}
	if dir == "/" {
		return Layout{}, fmt.Errorf("the state directory must not be %q", dir)
	}
	return Layout{state: dir}, nil
}

// State is the state directory.
func (l Layout) State() string { return l.state }

// Path is a path below the state directory.
func (l Layout) Path(elem ...string) string {
	return filepath.Join(append([]string{l.state}, elem...)...)
}

// PKI is the path of a certificate or key.
func (l Layout) PKI(file string) string { return l.Path("pki", file) }

// Kubeconfig is the path of the kubeconfig of an identity; the administrator's is that of "admin".
func (l Layout) Kubeconfig(identity string) string { return l.Path(identity + ".kubeconfig") }

// ContainerdSocket is where containerd listens.
func (l Layout) ContainerdSocket() string { return l.Path("containerd.sock") }

// CNIConfigs is the folder with the network configuration of the pods.
func (l Layout) CNIConfigs() string { return l.Path("cni", "net.d") }

// ResolvConf is the file from which pods outside of the cluster's DNS would take name servers.
func (l Layout) ResolvConf() string { return l.Path("resolv.conf") }

// ContainerdRoot is where containerd keeps images and metadata.
func (l Layout) ContainerdRoot() string { return l.Path("containerd", "root") }

// ContainerdState is where containerd keeps what lives as long as the containers.
func (l Layout) ContainerdState() string { return l.Path("containerd", "state") }
