package component

import (
	"fmt"

	"github.com/authserver-dev/operator/hack/cluster/internal/layout"
)

const containerdConfig = `version = 2
root = %[1]q
state = %[2]q
[grpc]
  address = %[3]q
[plugins."io.containerd.internal.v1.opt"]
  path = %[4]q
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %[5]q
  # Without CAP_SYS_RESOURCE runc cannot lower a container's OOM score.
  restrict_oom_score_adj = true
  # Keeps the pods' network namespaces where "down" unmounts them.
  netns_mounts_under_state_dir = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = %[6]q
    conf_dir = %[7]q
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        Root = %[8]q
`

func containerd(l layout.Layout, cniBin string) Component {
	file := l.Path("containerd.toml")
	return Component{
		Name:       Containerd,
		Installed:  true,
		Args:       []string{"--config", file},
		ConfigFile: file,
		Config: fmt.Sprintf(containerdConfig, l.ContainerdRoot(), l.ContainerdState(), l.ContainerdSocket(), l.Path("containerd", "opt"),
			layout.PauseImage, cniBin, l.CNIConfigs(), l.Path("runc")),
	}
}

// kubeletConfig leaves how Secrets and ConfigMaps reach pods at its defaults, so that tests see what a user's cluster does.
const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: %[1]q}}
authorization: {mode: Webhook}
tlsCertFile: %[2]q
tlsPrivateKeyFile: %[3]q
containerRuntimeEndpoint: unix://%[4]s
cgroupDriver: cgroupfs
# Machines with the old control groups are welcome.
failCgroupV1: false
failSwapOn: false
# kube-proxy works with nftables; nobody needs the kubelet's iptables chains.
makeIPTablesUtilChains: false
address: %[5]s
clusterDomain: cluster.local
clusterDNS: [%[6]s]
resolvConf: %[7]q
podLogsDir: %[8]q
# A full disk of a developer's machine is no reason to evict; images come by hand, so none is collected.
evictionHard: {memory.available: 100Mi, nodefs.available: 1%%, imagefs.available: 1%%}
imageGCHighThresholdPercent: 100
`

func kubelet(l layout.Layout) Component {
	file := l.Path("kubelet.yaml")
	return Component{
		Name:   Kubelet,
		Health: "http://127.0.0.1:10248/healthz",
		Args: []string{
			"--config", file, "--kubeconfig", l.Kubeconfig("kubelet"), "--hostname-override", layout.NodeName,
			"--node-ip", layout.NodeIP, "--root-dir", l.Path("kubelet"), "--cert-dir", l.Path("pki"),
		},
		ConfigFile: file,
		Config: fmt.Sprintf(kubeletConfig, l.PKI("ca.crt"), l.PKI("kubelet.crt"), l.PKI("kubelet.key"), l.ContainerdSocket(),
			layout.NodeIP, layout.DNSIP, l.ResolvConf(), l.Path("pod-logs")),
	}
}

// proxyConfig leaves the machine's connection tracking as it is.
const proxyConfig = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clusterCIDR: %s
hostnameOverride: %s
clientConnection: {kubeconfig: %q}
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
`

func proxy(l layout.Layout) Component {
	file := l.Path("kube-proxy.yaml")
	return Component{
		Name:       Proxy,
		Health:     "http://127.0.0.1:10256/healthz",
		Args:       []string{"--config", file},
		ConfigFile: file,
		Config:     fmt.Sprintf(proxyConfig, layout.PodCIDR, layout.NodeName, l.Kubeconfig("proxy")),
	}
}
