// Command olm writes what the Operator Lifecycle Manager installs from: bundle/ with the ClusterServiceVersion and the
// CRDs, bundle.Dockerfile, and the file-based catalog in catalog/. All of it comes from config/ and VERSION. It must not
// know what a field means beyond what the CRD's schema says of it.
package main
