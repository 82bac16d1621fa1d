package build

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Reporter is told what is being built.
type Reporter interface {
	Note(format string, args ...any)
	Append(format string, args ...any)
	Now() time.Time
}

// Builder compiles into the bin folder of the project.
type Builder struct {
	root   string
	report Reporter
}

// New returns a builder for the project at root.
func New(root string, report Reporter) *Builder { return &Builder{root: root, report: report} }

// Root is the project's folder.
func (b *Builder) Root() string { return b.root }

// Spec is one compilation.
type Spec struct {
	// Dir is the folder of the module, Package the package in it, Output the file to write.
	Dir     string
	Package string
	Output  string
	// Architecture is that of the binary, as Go names it; empty means this machine's.
	Architecture string
	// Settings are values of string variables, by import path and name.
	Settings map[string]string
}

// Compile builds a static, reproducible binary. Go's own cache makes a second time quick.
func (b *Builder) Compile(ctx context.Context, spec Spec) error {
	if err := os.MkdirAll(filepath.Dir(spec.Output), 0o755); err != nil {
		return fmt.Errorf("making the folder of %s: %w", spec.Output, err)
	}
	// Under another name first: a running binary cannot be written to, and nobody may start half of one.
	fresh := spec.Output + ".new"
	cmd := exec.CommandContext(ctx, "go", arguments(spec, fresh)...)
	cmd.Dir = spec.Dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+cmp.Or(spec.Architecture, runtime.GOARCH), "GOFLAGS=-mod=readonly", "GOWORK=off")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	name := filepath.Base(spec.Output)
	b.report.Note("building %s ...", name)
	start := b.report.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", name, err, lastLines(output.String(), 20))
	}
	if err := os.Rename(fresh, spec.Output); err != nil {
		return fmt.Errorf("putting %s into its place: %w", name, err)
	}
	b.report.Append(" %.1f s", b.report.Now().Sub(start).Seconds())
	return nil
}

// arguments returns the command line of the Go tool.
func arguments(spec Spec, output string) []string {
	return []string{"build", "-trimpath", "-buildvcs=false", "-ldflags", linkerFlags(spec.Settings), "-o", output, spec.Package}
}

// lastLines returns the last n lines of a text.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
