package version_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The name by which the linker is told is a string that no compiler checks.
func TestLinkerSetsVersion(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "print")
	flags := "-X github.com/authserver-dev/operator/internal/version.version=v1.2.3-test"
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-ldflags", flags, "-o", binary, "./testdata/print")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), binary).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(out)); got != "v1.2.3-test" {
		t.Errorf("the binary is version %q, want what the linker was told", got)
	}
}

func TestBuildsTellTheLinker(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"Makefile", "Dockerfile", "hack/cluster/internal/images/project.go"} {
		text, err := os.ReadFile(filepath.Join("..", "..", file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "/internal/version.version") {
			t.Errorf("%s builds binaries that do not know their version", file)
		}
	}
}
