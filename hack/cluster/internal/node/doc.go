// Package node runs one Kubernetes node on this machine: etcd, the control
// plane, containerd, kubelet, kube-proxy and CoreDNS. It decides what happens
// in which order; how a component is configured, networks are made and remains
// are removed is said in the packages beside it. Everything that it makes lies
// under one state directory or carries one name, so that Down can remove it.
package node
