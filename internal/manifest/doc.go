// Package manifest writes resources for "kubectl apply" with comments for
// people: names for objects, what of an object the API server accepts, and YAML
// documents. It knows nothing of where the resources come from.
package manifest
