package release_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// untar returns the files of an archive, which must tell nothing of when and by whom it was made.
func untar(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	var content io.Reader = bytes.NewReader(data)
	if zipped, err := gzip.NewReader(bytes.NewReader(data)); err == nil {
		content = zipped
	}
	files := map[string][]byte{}
	for r := tar.NewReader(content); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.ModTime.Unix() != 0 || header.Uid != 0 || header.Uname != "" {
			t.Errorf("%s is of %v and belongs to %d %q, want neither", header.Name, header.ModTime, header.Uid, header.Uname)
		}
		if header.Typeflag == tar.TypeDir {
			continue
		}
		if files[header.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

func parse[T any](t *testing.T, data []byte) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// manifest is an OCI image index or manifest.
type manifest struct {
	Manifests []struct {
		Digest      string
		Annotations map[string]string
		Platform    struct{ OS, Architecture string }
	}
	Config struct{ Digest string }
}

func TestImages(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]string{"operator": "operator", "server": "authserver"} {
		files := untar(t, read(t, dist, "authserver-operator_"+version(t)+"_image-"+name+".oci.tar"))
		blob := func(digest string) []byte { return files["blobs/"+strings.Replace(digest, ":", "/", 1)] }
		index := parse[manifest](t, files["index.json"])
		if got, want := index.Manifests[0].Annotations["io.containerd.image.name"], "ghcr.io/authserver-dev/"+name+":"+version(t); got != want {
			t.Errorf("image %s, want %s", got, want)
		}
		var platforms []string
		for _, platform := range parse[manifest](t, blob(index.Manifests[0].Digest)).Manifests {
			platforms = append(platforms, platform.Platform.OS+"/"+platform.Platform.Architecture)
			config := parse[struct {
				Architecture string
				Config       struct {
					User       string
					Entrypoint []string
					Labels     map[string]string
				}
			}](t, blob(parse[manifest](t, blob(platform.Digest)).Config.Digest))
			if config.Architecture != platform.Platform.Architecture || config.Config.User != "65532:65532" ||
				!slices.Equal(config.Config.Entrypoint, []string{"/" + command}) ||
				config.Config.Labels["org.opencontainers.image.version"] != "v"+version(t) {
				t.Errorf("%s: %+v", name, config)
			}
		}
		if diff := cmp.Diff([]string{"linux/amd64", "linux/arm64"}, platforms); diff != "" {
			t.Errorf("platforms of %s (-want +got):\n%s", name, diff)
		}
	}
}

// Each binary is static, for its architecture, of the version; and its bill of materials names what is linked into it.
func TestBinariesAndTheirBills(t *testing.T) {
	t.Parallel()
	for _, architecture := range []string{"amd64", "arm64"} {
		files := untar(t, read(t, dist, "authserver-operator_"+version(t)+"_linux_"+architecture+".tar.gz"))
		if len(files["LICENSE"]) == 0 || len(files) != 3 {
			t.Errorf("%d files for %s, want the license and two binaries", len(files), architecture)
		}
		for _, command := range []string{"operator", "authserver"} {
			info, err := buildinfo.Read(bytes.NewReader(files[command]))
			if err != nil {
				t.Fatal(err)
			}
			settings := map[string]string{}
			for _, setting := range info.Settings {
				settings[setting.Key] = setting.Value
			}
			if settings["GOARCH"] != architecture || settings["CGO_ENABLED"] != "0" || settings["-trimpath"] != "true" {
				t.Errorf("%s for %s was built with %v", command, architecture, settings)
			}
			if architecture == runtime.GOARCH {
				expectVersion(t, command, files[command])
			}
			linked := []string{"std"}
			for _, module := range info.Deps {
				linked = append(linked, module.Path)
			}
			slices.Sort(linked)
			bill := parse[struct {
				BOMFormat  string
				Components []struct{ Name string }
			}](t, read(t, dist, "authserver-operator_"+version(t)+"_"+command+"_linux_"+architecture+".cdx.json"))
			var named []string
			for _, component := range bill.Components {
				named = append(named, component.Name)
			}
			slices.Sort(named)
			if diff := cmp.Diff(linked, named); diff != "" || bill.BOMFormat != "CycloneDX" {
				t.Errorf("modules of %s for %s (-binary +bill of materials):\n%s", command, architecture, diff)
			}
		}
	}
}

func expectVersion(t *testing.T, command string, binary []byte) {
	t.Helper()
	program := filepath.Join(t.TempDir(), command)
	if err := os.WriteFile(program, binary, 0o700); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "--version").Output()
	if err != nil || !strings.Contains(string(out), "v"+version(t)) {
		t.Errorf("%s --version: %v, %q, want v%s", command, err, out, version(t))
	}
}

func TestChart(t *testing.T) {
	t.Parallel()
	archive := "authserver-operator-" + version(t) + ".tgz"
	out, err := exec.Command(root+"/bin/helm", "template", "authserver-operator", filepath.Join(dist, archive), "--kube-version=1.37.2").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	expectImages(t, archive, string(out))
	for name := range untar(t, read(t, dist, archive)) {
		if !strings.HasPrefix(name, "authserver-operator/") || strings.Contains(name, "/tests/") && !strings.Contains(name, "/templates/tests/") {
			t.Errorf("the chart holds %s", name)
		}
	}
}

func TestInstallers(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"install.yaml", "install-namespaced.yaml"} {
		text := string(read(t, dist, name))
		expectImages(t, name, text)
		if got := strings.Count(text, "\nkind: CustomResourceDefinition\n"); got != 3 {
			t.Errorf("%s has %d CRDs, want 3", name, got)
		}
	}
}

// expectImages expects that the project's images, and no others, are named in a text, with the version as their tag.
func expectImages(t *testing.T, where, text string) {
	t.Helper()
	images := regexp.MustCompile(`ghcr\.io/[^\s"']+`).FindAllString(text, -1)
	slices.Sort(images)
	want := []string{"ghcr.io/authserver-dev/operator:" + version(t), "ghcr.io/authserver-dev/server:" + version(t)}
	if diff := cmp.Diff(want, slices.Compact(images)); diff != "" {
		t.Errorf("images in %s (-want +got):\n%s", where, diff)
	}
}

func TestBundle(t *testing.T) {
	t.Parallel()
	files := untar(t, read(t, dist, "authserver-operator-bundle-"+version(t)+".tgz"))
	for _, name := range []string{
		"bundle.Dockerfile", "bundle/manifests/authserver-operator.clusterserviceversion.yaml", "bundle/metadata/annotations.yaml",
		"catalog/authserver-operator/catalog.yaml",
	} {
		if !bytes.Equal(files[name], read(t, root, name)) {
			t.Errorf("%s is not as in the repository", name)
		}
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	notes := string(read(t, dist, "release-notes.md"))
	if !strings.HasPrefix(notes, "### ") || strings.Contains(notes, "\n## ") || !strings.Contains(string(read(t, root, "CHANGELOG.md")), notes) {
		t.Errorf("the notes are not one section of the changelog:\n%s", notes)
	}
}
