package build

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// silent is a Reporter that keeps what it was told.
type silent struct{ notes []string }

func (s *silent) Note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}
func (s *silent) Append(string, ...any) {}
func (s *silent) Now() time.Time        { return time.Unix(0, 0) }

func TestRequiredVersion(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		gomod string
		want  string
	}{
		"in a block":      {"require (\n\tk8s.io/kubernetes v1.2.3\n)\n", "v1.2.3"},
		"on its own":      {"require k8s.io/kubernetes v1.2.3 // why\n", "v1.2.3"},
		"longer name":     {"require k8s.io/kubernetes-x v1.2.3\n", ""},
		"only a replace":  {"replace k8s.io/kubernetes => k8s.io/other v1.0.0\n", ""},
		"nothing of that": {"module x\n", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := requiredVersion(test.gomod, "k8s.io/kubernetes")
			if got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("requiredVersion() = %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestLinkerFlags(t *testing.T) {
	t.Parallel()
	got := linkerFlags(versionSettings("v1.37.2"))
	const pkg = "k8s.io/component-base/version."
	want := "-s -w -X " + pkg + "gitMajor=1 -X " + pkg + "gitMinor=37 -X " + pkg + "gitVersion=v1.37.2"
	if got != want {
		t.Errorf("linkerFlags() = %q, want %q", got, want)
	}
}

func TestEveryBinaryIsKnown(t *testing.T) {
	t.Parallel()
	b := New("/project", &silent{})
	for _, name := range Binaries() {
		if _, err := b.binary(name, "v1.0.0"); err != nil {
			t.Errorf("binary(%q): %v", name, err)
		}
	}
	if _, err := b.binary("kubeadm", "v1.0.0"); err == nil {
		t.Error("binary(kubeadm) = nil, want an error")
	}
}

func TestEnsureBuildsOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/x\n\ngo 1.26\n")
	write("go.sum", "")
	write("main.go", "package main\n\nfunc main() {}\n")
	report := &silent{}
	b := New(dir, report)
	spec := Spec{Dir: dir, Package: ".", Output: filepath.Join(dir, "bin", "x")}
	for step, want := range []int{1, 1, 2} {
		if step == 2 {
			write("main.go", "package main\n\nfunc main() { println() }\n")
		}
		if err := b.ensure(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
		if len(report.notes) != want {
			t.Errorf("after step %d built %d times, want %d", step, len(report.notes), want)
		}
	}
	write("main.go", "package main\n\nfunc main() { undefined() }\n")
	if err := b.ensure(t.Context(), spec); err == nil || !strings.Contains(err.Error(), "undefined") {
		t.Errorf("ensure() of broken code = %v, want the compiler's message", err)
	}
}
