package images

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/match"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func writeImage(t *testing.T, image Image) string {
	t.Helper()
	dir := t.TempDir()
	image.Binaries = map[string]string{}
	for _, architecture := range []string{"amd64", "arm64"} {
		binary := filepath.Join(dir, architecture)
		if err := os.WriteFile(binary, []byte("program for "+architecture), 0o600); err != nil {
			t.Fatal(err)
		}
		image.Binaries[architecture] = binary
	}
	archive := filepath.Join(dir, "out", "image.tar")
	if err := Write(image, archive); err != nil {
		t.Fatal(err)
	}
	return archive
}

// unpack reads an archive as an image layout.
func unpack(t *testing.T, archive string) v1.ImageIndex {
	t.Helper()
	content, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for path, data := range untar(t, bytes.NewReader(content)) {
		if err := os.MkdirAll(filepath.Join(folder, filepath.Dir(path)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, path), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	index, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

// untar returns the files of a tar file, which must tell nothing of this machine.
func untar(t *testing.T, content io.Reader) map[string]string {
	t.Helper()
	files := map[string]string{}
	for r := tar.NewReader(content); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
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

// read returns configuration and files of the image for an architecture, after the library has checked every digest.
func read(t *testing.T, archive, architecture string) (*v1.ConfigFile, map[string]string) {
	t.Helper()
	index := unpack(t, archive)
	if err := validate.Index(index); err != nil {
		t.Fatalf("the layout is not valid: %v", err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	image, err := index.ImageIndex(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	found, err := partial.FindImages(image, match.Platforms(v1.Platform{OS: "linux", Architecture: architecture}))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 {
		t.Fatalf("%d images for %s, want one", len(found), architecture)
	}
	config, err := found[0].ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	content := mutate.Extract(found[0])
	defer content.Close()
	return config, untar(t, content)
}

func TestWrite(t *testing.T) {
	t.Parallel()
	image := Image{Reference: "example.com/x:1", Entrypoint: "/program", User: nonroot, Labels: map[string]string{"a": "b"}}
	archive := writeImage(t, image)
	for _, architecture := range []string{"amd64", "arm64"} {
		config, files := read(t, archive, architecture)
		if config.Config.User != "65532:65532" || config.OS != "linux" || config.Architecture != architecture || config.Config.Labels["a"] != "b" {
			t.Errorf("config = %+v", config)
		}
		if diff := cmp.Diff([]string{"/program"}, config.Config.Entrypoint); diff != "" {
			t.Errorf("entry point (-want +got):\n%s", diff)
		}
		if files["program"] != "program for "+architecture || !strings.Contains(files["etc/passwd"], "nonroot:x:65532:65532:") {
			t.Errorf("files = %v", files)
		}
		if _, ok := files["etc/ssl/certs/ca-certificates.crt"]; ok {
			t.Error("the image has certificate authorities that nobody asked for")
		}
	}
}

func TestWriteNamesTheImage(t *testing.T) {
	t.Parallel()
	manifest, err := unpack(t, writeImage(t, Image{Reference: "example.com/x:1", Entrypoint: "/program"})).IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"io.containerd.image.name": "example.com/x:1", "org.opencontainers.image.ref.name": "1"}
	if len(manifest.Manifests) != 1 {
		t.Fatalf("%d entries in index.json, want one", len(manifest.Manifests))
	}
	if diff := cmp.Diff(want, manifest.Manifests[0].Annotations); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
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
	if err := Write(Image{Reference: "UPPER CASE", Entrypoint: "/x", Binaries: map[string]string{"amd64": binary}}, binary+".tar"); err == nil {
		t.Error("Write() = nil, want an error")
	}
}

func TestProject(t *testing.T) {
	t.Parallel()
	var got []string
	for _, image := range Project("v1", "/out", GoImage{Dir: "/project"}) {
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

// The Dockerfile makes the same images with an engine.
func TestDockerfileSaysTheSame(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	_, stages, _ := strings.Cut(string(text), "\nFROM scratch AS base\n")
	for _, image := range Project("1", "/out", GoImage{Version: "$VERSION"}) {
		name := strings.TrimSuffix(filepath.Base(image.Archive), ".tar")
		_, stage, _ := strings.Cut(stages, "FROM base AS "+name+"\n")
		stage, _, _ = strings.Cut(stage, "\nFROM ")
		got := map[string]string{}
		for _, match := range regexp.MustCompile(`(org\.opencontainers\S+)="([^"]*)"`).FindAllStringSubmatch(stage, -1) {
			got[match[1]] = match[2]
		}
		if diff := cmp.Diff(labels(image), got); diff != "" {
			t.Errorf("labels of %s (-tool +Dockerfile):\n%s", name, diff)
		}
		if want := `ENTRYPOINT ["/` + image.Command + `"]`; !strings.Contains(stage, want) {
			t.Errorf("%s has no %s", name, want)
		}
	}
	if !strings.Contains(stages, "\nUSER "+nonroot+"\n") {
		t.Errorf("the Dockerfile's user is not %s", nonroot)
	}
}
