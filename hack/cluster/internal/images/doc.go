// Package images writes container images of one or more architectures as OCI
// archives, without a container engine and reproducibly: the same binaries give
// the same bytes. It must stay true to the project's Dockerfile, which makes the
// same images with an engine.
package images
