// Package images writes container images as archives, without a container
// engine and reproducibly: the same binary gives the same bytes. It must stay
// true to the project's Dockerfile, which makes the same images with an engine.
package images
