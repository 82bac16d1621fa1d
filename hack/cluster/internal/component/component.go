package component

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/authserver-dev/operator/hack/cluster/internal/layout"
)

// Names of the components.
const (
	Containerd        = "containerd"
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kubelet           = "kubelet"
	Proxy             = "kube-proxy"
)

// Names returns all components in the order in which they start.
func Names() []string {
	return []string{Containerd, Etcd, APIServer, ControllerManager, Scheduler, Kubelet, Proxy}
}

// Component is one process of the node.
type Component struct {
	Name string
	// Installed means that the binary is a package's, not one that we build.
	Installed bool
	Args      []string
	// ConfigFile is written with Config before the process starts; empty if it needs none.
	ConfigFile string
	Config     string
	// Health is a URL that answers 200 when the component works; empty means that it must be asked otherwise.
	Health string
}

// Address is the host and port of its health, empty if it has none.
func (c Component) Address() string {
	health, err := url.Parse(c.Health)
	if err != nil {
		return ""
	}
	return health.Host
}

// Get returns how the named component is run; cniBin is the folder of the network plugins.
func Get(name string, l layout.Layout, cniBin string) (Component, error) {
	switch name {
	case Containerd:
		return containerd(l, cniBin), nil
	case Etcd:
		return etcd(l), nil
	case APIServer:
		return apiServer(l), nil
	case ControllerManager:
		return controllerManager(l), nil
	case Scheduler:
		return scheduler(l), nil
	case Kubelet:
		return kubelet(l), nil
	case Proxy:
		return proxy(l), nil
	default:
		return Component{}, fmt.Errorf("unknown component %q, know %s", name, strings.Join(Names(), ", "))
	}
}
