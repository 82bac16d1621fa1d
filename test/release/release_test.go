package release_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const root = "../.."

// dist is a release of the working tree, made once for all tests.
var dist string

func TestMain(m *testing.M) {
	flag.Parse()
	folder, err := os.MkdirTemp("", "release-test-")
	if err != nil {
		panic(err)
	}
	dist = filepath.Join(folder, "dist")
	status := 1
	if out, err := makeRelease(root, dist).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "making a release (make test-release builds its tools): %v\n%s", err, out)
	} else {
		status = m.Run()
	}
	if err := os.RemoveAll(folder); err != nil {
		panic(err)
	}
	os.Exit(status)
}

// makeRelease is the command that writes a release of a tree into a folder.
func makeRelease(tree, folder string, flags ...string) *exec.Cmd {
	command := exec.Command("./hack/release/release.sh", append(flags, folder)...)
	command.Dir = tree
	return command
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func version(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(string(read(t, root, "VERSION")))
}

// names are the files of a folder.
func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return all
}

func TestHoldsEverything(t *testing.T) {
	t.Parallel()
	v := version(t)
	want := []string{
		"SHA256SUMS",
		"authserver-operator-" + v + ".tgz",
		"authserver-operator-bundle-" + v + ".tgz",
		"authserver-operator_" + v + "_authserver_linux_amd64.cdx.json",
		"authserver-operator_" + v + "_authserver_linux_arm64.cdx.json",
		"authserver-operator_" + v + "_image-operator.oci.tar",
		"authserver-operator_" + v + "_image-server.oci.tar",
		"authserver-operator_" + v + "_linux_amd64.tar.gz",
		"authserver-operator_" + v + "_linux_arm64.tar.gz",
		"authserver-operator_" + v + "_operator_linux_amd64.cdx.json",
		"authserver-operator_" + v + "_operator_linux_arm64.cdx.json",
		"install-namespaced.yaml",
		"install.yaml",
		"release-notes.md",
	}
	if diff := cmp.Diff(want, names(t, dist)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestChecksums(t *testing.T) {
	t.Parallel()
	var got []string
	for line := range strings.Lines(string(read(t, dist, "SHA256SUMS"))) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		digest := sha256.Sum256(read(t, dist, name))
		if sum != hex.EncodeToString(digest[:]) {
			t.Errorf("%s has another checksum", name)
		}
		got = append(got, name)
	}
	want := slices.DeleteFunc(names(t, dist), func(name string) bool { return name == "SHA256SUMS" })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files with a checksum (-want +got):\n%s", diff)
	}
}

// Another folder, another time zone, other permissions of new files, and everything compiled anew but for Go's cache.
func TestSameBytesFromAnotherFolder(t *testing.T) {
	t.Parallel()
	tree := copyTree(t)
	other := filepath.Join(tree, "dist")
	command := exec.Command("bash", "-c", "umask 077 && ./hack/release/release.sh dist")
	command.Dir = tree
	command.Env = append(os.Environ(), "TZ=Asia/Tokyo", "SOURCE_DATE_EPOCH=1", "LC_ALL=C")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if diff := cmp.Diff(names(t, dist), names(t, other)); diff != "" {
		t.Fatalf("files (-here +there):\n%s", diff)
	}
	for _, name := range names(t, dist) {
		if !bytes.Equal(read(t, dist, name), read(t, other, name)) {
			t.Errorf("%s differs", name)
		}
	}
}

func TestFinalRefusesWhatIsNoRelease(t *testing.T) {
	t.Parallel()
	tree := copyTree(t)
	git := func(args ...string) {
		t.Helper()
		command := exec.Command("git", append([]string{"-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"}, args...)...)
		command.Dir = tree
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	refused := func(why string) {
		t.Helper()
		folder := filepath.Join(t.TempDir(), "dist")
		out, err := makeRelease(tree, folder, "--final").CombinedOutput()
		if err == nil || !strings.Contains(string(out), why) {
			t.Errorf("got %v, want a refusal with %q\n%s", err, why, out)
		}
		if _, err := os.Stat(folder); err == nil {
			t.Error("a refused release has left files")
		}
	}
	if err := os.WriteFile(filepath.Join(tree, "new.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused("not committed")
	git("add", "--all")
	git("commit", "--quiet", "--message", "Change something")
	refused("not tagged v" + version(t))
	git("tag", "v"+version(t))
	refused(`CHANGELOG.md has no section "## [` + version(t) + `] - DATE"`)
}

// copyTree copies the working tree with its history; the tools in bin are shared.
func copyTree(t *testing.T) string {
	t.Helper()
	source, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	tree := t.TempDir()
	script := `tar -C "$1" -cf - --exclude=./bin --exclude=./dist --exclude=./artifacts . | tar -C "$2" --no-same-owner -xf - && ln -s "$1/bin" "$2/bin"`
	if out, err := exec.Command("bash", "-euo", "pipefail", "-c", script, "copy", source, tree).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return tree
}
