package images

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Image is what an archive holds: one binary on an empty base.
type Image struct {
	// Reference is the image's name with tag.
	Reference string
	// Binary is the file on this machine, Entrypoint where it lies in the image.
	Binary     string
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

// Write writes the image as a docker archive.
func Write(image Image, archive string) error {
	layer, err := layerOf(image)
	if err != nil {
		return fmt.Errorf("building image %s: %w", image.Reference, err)
	}
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return fmt.Errorf("building image %s: %w", image.Reference, err)
	}
	img, err = configure(img, image)
	if err != nil {
		return fmt.Errorf("configuring image %s: %w", image.Reference, err)
	}
	ref, err := name.ParseReference(image.Reference)
	if err != nil {
		return fmt.Errorf("parsing image name: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(archive), 0o755); err != nil {
		return fmt.Errorf("making the folder of %s: %w", archive, err)
	}
	if err := tarball.WriteToFile(archive, ref, img); err != nil {
		return fmt.Errorf("writing %s: %w", archive, err)
	}
	return nil
}

// configure sets entry point, user and labels.
func configure(img v1.Image, image Image) (v1.Image, error) {
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", runtime.GOARCH
	file.Created = v1.Time{Time: time.Unix(0, 0).UTC()} // the time of the build would make every image another one
	file.Config.Entrypoint = []string{image.Entrypoint}
	file.Config.User = image.User
	file.Config.Labels = image.Labels
	file.Config.Env = []string{"PATH=/"}
	return mutate.ConfigFile(img, file)
}

// layerOf packs the binary and the few files that a static binary may want.
func layerOf(image Image) (v1.Layer, error) {
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	binary, err := os.ReadFile(image.Binary)
	if err != nil {
		return nil, err
	}
	files := []entry{{path: image.Entrypoint, data: binary, mode: 0o755}}
	if image.User != "" {
		files = append(files,
			entry{path: "/etc/passwd", data: []byte("nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n"), mode: 0o644},
			entry{path: "/etc/group", data: []byte("nonroot:x:65532:\n"), mode: 0o644})
	}
	if image.CACertificates {
		bundle, err := os.ReadFile(caBundle)
		if err != nil {
			return nil, fmt.Errorf("reading certificate authorities (Debian package ca-certificates): %w", err)
		}
		files = append(files, entry{path: caBundle, data: bundle, mode: 0o644})
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
	})
}

// entry is a file of a layer.
type entry struct {
	path string
	data []byte
	mode int64
}

func (e entry) write(w *tar.Writer) error {
	header := &tar.Header{Name: e.path[1:], Mode: e.mode, Size: int64(len(e.data)), ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
	if err := w.WriteHeader(header); err != nil {
		return err
	}
	_, err := w.Write(e.data)
	return err
}
