package node

import (
	"fmt"
	"os"
)

const containerdConfig = `version = 2
root = %[1]q
state = %[2]q
[grpc]
  address = %[3]q
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %[4]q
  # Without CAP_SYS_RESOURCE runc cannot lower a container's OOM score.
  restrict_oom_score_adj = true
  # Keeps the pods' network namespaces where "down" unmounts them.
  netns_mounts_under_state_dir = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = %[5]q
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
`

const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: %[1]q}}
authorization: {mode: Webhook}
tlsCertFile: %[2]q
tlsPrivateKeyFile: %[3]q
containerRuntimeEndpoint: unix://%[4]s
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
# kube-proxy works with nftables; nobody needs the kubelet's iptables chains.
makeIPTablesUtilChains: false
localStorageCapacityIsolation: true
address: %[5]s
clusterDomain: cluster.local
clusterDNS: [%[6]s]
resolvConf: %[7]q
evictionHard: {memory.available: 100Mi, nodefs.available: 1%%, imagefs.available: 1%%}
imageGCHighThresholdPercent: 100
`

const kubeProxyConfig = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clusterCIDR: %s
hostnameOverride: %s
clientConnection: {kubeconfig: %q}
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
conntrack: {maxPerCore: 0, min: 0}
`

func (n *Node) containerdSocket() string { return n.path("containerd.sock") }

// writeConfig writes the configuration file of a component that has one.
func (n *Node) writeConfig(name string) error {
	var file, content string
	switch name {
	case "containerd":
		file = "containerd.toml"
		content = fmt.Sprintf(containerdConfig, n.path("containerd", "root"), n.path("containerd", "state"), n.containerdSocket(), pauseImage, n.path("cni", "net.d"))
	case "kubelet":
		// Pods resolve names through the cluster's DNS only; the machine's own resolver is none of their business.
		if err := os.WriteFile(n.path("resolv.conf"), nil, 0o644); err != nil {
			return err
		}
		file = "kubelet.yaml"
		content = fmt.Sprintf(kubeletConfig, n.path("pki", "ca.crt"), n.path("pki", "kubelet.crt"), n.path("pki", "kubelet.key"),
			n.containerdSocket(), nodeIP, dnsIP, n.path("resolv.conf"))
	case "kube-proxy":
		file = "kube-proxy.yaml"
		content = fmt.Sprintf(kubeProxyConfig, podCIDR, nodeName, n.path("proxy.kubeconfig"))
	default:
		return nil
	}
	return os.WriteFile(n.path(file), []byte(content), 0o600)
}
