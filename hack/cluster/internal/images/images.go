package images

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Image is what an archive holds: for each architecture a binary on an empty base.
type Image struct {
	// Reference is the image's name with tag.
	Reference string
	// Binaries are files on this machine by architecture, as Go names it. Entrypoint is where each lies in its image.
	Binaries   map[string]string
	Entrypoint string
	// User is the numeric user and group; empty means root.
	User string
	// Labels are the image's labels.
	Labels map[string]string
	// CACertificates adds this machine's certificate authorities.
	CACertificates bool
}

// caBundle is where Debian keeps the certificate authorities, and where Go looks for them.
const caBundle = "/etc/ssl/certs/ca-certificates.crt"

// Write writes the image as an OCI archive: an image layout in a tar file, with an index of all architectures.
func Write(image Image, archive string) error {
	ref, err := name.NewTag(image.Reference)
	if err != nil {
		return fmt.Errorf("parsing image name: %w", err)
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, architecture := range slices.Sorted(maps.Keys(image.Binaries)) {
		img, err := image.build(architecture)
		if err != nil {
			return fmt.Errorf("building image %s for %s: %w", image.Reference, architecture, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	if err := os.MkdirAll(filepath.Dir(archive), 0o755); err != nil {
		return fmt.Errorf("making the folder of %s: %w", archive, err)
	}
	if err := writeLayout(index, ref, archive); err != nil {
		return fmt.Errorf("writing %s: %w", archive, err)
	}
	return nil
}

// build makes the image of one architecture.
func (i Image) build(architecture string) (v1.Image, error) {
	layer, err := i.layer(architecture)
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err := mutate.AppendLayers(base, layer)
	if err != nil {
		return nil, err
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", architecture
	file.Created = v1.Time{Time: time.Unix(0, 0).UTC()} // the time of the build would make every image another one
	file.Config.Entrypoint = []string{i.Entrypoint}
	file.Config.User = i.User
	file.Config.Labels = i.Labels
	file.Config.Env = []string{"PATH=/"}
	return mutate.ConfigFile(img, file)
}

// layer packs the binary and the few files that a static binary may want.
func (i Image) layer(architecture string) (v1.Layer, error) {
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	binary, err := os.ReadFile(i.Binaries[architecture])
	if err != nil {
		return nil, err
	}
	files := []entry{{path: i.Entrypoint[1:], data: binary, mode: 0o755}}
	if i.User != "" {
		files = append(files,
			entry{path: "etc/passwd", data: []byte("nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n"), mode: 0o644},
			entry{path: "etc/group", data: []byte("nonroot:x:65532:\n"), mode: 0o644})
	}
	if i.CACertificates {
		bundle, err := os.ReadFile(caBundle)
		if err != nil {
			return nil, fmt.Errorf("reading certificate authorities (Debian package ca-certificates): %w", err)
		}
		files = append(files, entry{path: caBundle[1:], data: bundle, mode: 0o644})
	}
	for _, file := range files {
		if err := file.write(w); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(buffer.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
}
