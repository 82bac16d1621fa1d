// Package helm pins the versions of the tools that check the Helm chart: see the tool lines of go.mod. kube-score has a
// module of its own, since it needs older versions of the Kubernetes API than Helm.
package helm
