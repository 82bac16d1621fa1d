// Package kubescore pins the version of kube-score: see the tool line of go.mod.
package kubescore
