// Package build compiles Go commands: Kubernetes' from its module, the node's
// own, and the project's. It knows nothing of nodes or images.
package build
