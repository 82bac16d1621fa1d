package images

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func writeImage(t *testing.T, image Image) string {
	t.Helper()
	dir := t.TempDir()
	image.Binary = filepath.Join(dir, "binary")
	if err := os.WriteFile(image.Binary, []byte("program"), 0o600); err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(dir, "out", "image.tar")
	if err := Write(image, archive); err != nil {
		t.Fatal(err)
	}
	return archive
}

func read(t *testing.T, archive string) (*v1.ConfigFile, map[string]string) {
	t.Helper()
	img, err := tarball.ImageFromPath(archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	content := mutate.Extract(img)
	defer content.Close()
	for r := tar.NewReader(content); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return config, files
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if header.ModTime.Unix() != 0 || header.Uid != 0 {
			t.Errorf("%s has time %v and owner %d, want neither", header.Name, header.ModTime, header.Uid)
		}
		files[header.Name] = string(data)
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	image := Image{Reference: "example.com/x:1", Entrypoint: "/program", User: nonroot, Labels: map[string]string{"a": "b"}}
	config, files := read(t, writeImage(t, image))
	if config.Config.User != "65532:65532" || config.OS != "linux" || config.Config.Labels["a"] != "b" {
		t.Errorf("config = %+v", config.Config)
	}
	if diff := cmp.Diff([]string{"/program"}, config.Config.Entrypoint); diff != "" {
		t.Errorf("entry point (-want +got):\n%s", diff)
	}
	if files["program"] != "program" || !strings.Contains(files["etc/passwd"], "nonroot:x:65532:65532:") {
		t.Errorf("files = %v", files)
	}
	if _, ok := files["etc/ssl/certs/ca-certificates.crt"]; ok {
		t.Error("the image has certificate authorities that nobody asked for")
	}
}

func TestWriteIsReproducible(t *testing.T) {
	t.Parallel()
	image := Image{Reference: "example.com/x:1", Entrypoint: "/program", User: nonroot}
	one, err := os.ReadFile(writeImage(t, image))
	if err != nil {
		t.Fatal(err)
	}
	two, err := os.ReadFile(writeImage(t, image))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one, two) {
		t.Error("two archives of the same binary differ")
	}
}

func TestWriteRefusesABadName(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "binary")
	if err := os.WriteFile(binary, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Write(Image{Reference: "UPPER CASE", Entrypoint: "/x", Binary: binary}, binary+".tar"); err == nil {
		t.Error("Write() = nil, want an error")
	}
}

func TestProject(t *testing.T) {
	t.Parallel()
	var got []string
	for _, image := range Project("/project", "v1", "v1.0.0", "/out") {
		got = append(got, image.Reference, image.Package, image.Archive)
	}
	want := []string{
		"ghcr.io/authserver-dev/operator:v1", "./cmd/operator", "/out/operator.tar",
		"ghcr.io/authserver-dev/server:v1", "./cmd/authserver", "/out/server.tar",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Project() (-want +got):\n%s", diff)
	}
}
