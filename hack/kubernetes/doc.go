// Package kubernetes pins the Kubernetes and etcd versions from which
// hack/cluster builds a node; see imports.go for the commands.
package kubernetes
