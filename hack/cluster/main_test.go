package main

import (
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestArguments(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args []string
		want string // part of the error
	}{
		"unknown command":     {[]string{"upp"}, "unknown command"},
		"too much":            {[]string{"up", "now"}, `unexpected argument "now"`},
		"no component":        {[]string{"stop"}, "expecting one component"},
		"unknown component":   {[]string{"stop", "kubeadm"}, "unknown component"},
		"nothing to load":     {[]string{"load"}, "load takes image archives"},
		"no node to load to":  {[]string{"load", "x.tar"}, "run up first"},
		"incomplete image":    {[]string{"image", "--package", "./x"}, "needs --package, --reference and --output"},
		"unknown flag":        {[]string{"images", "--tagg", "x"}, "flag provided but not defined"},
		"flag after argument": {[]string{"images", "x", "--tag", "y"}, `unexpected argument "x"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := environment{state: filepath.Join(os.TempDir(), "no-such-node"), out: io.Discard, progress: io.Discard}
			err := run(t.Context(), test.args, env)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("run(%q) = %v, want an error about %q", test.args, err, test.want)
			}
		})
	}
}

func TestKubeconfigIsCapturable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(t.Context(), []string{"kubeconfig"}, environment{state: "/somewhere", out: &out, progress: io.Discard}); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "/somewhere/admin.kubeconfig\n"; got != want {
		t.Errorf("kubeconfig prints %q, want %q", got, want)
	}
}

func TestDownWithoutNode(t *testing.T) {
	t.Parallel()
	var progress strings.Builder
	env := environment{state: filepath.Join(os.TempDir(), "no-such-node"), out: io.Discard, progress: &progress}
	if err := run(t.Context(), []string{"down"}, env); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(progress.String(), "no node") {
		t.Errorf("down says %q", progress.String())
	}
}

func TestUsageNamesEveryCommand(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(context.Background(), nil, environment{out: &out}); err != nil {
		t.Fatal(err)
	}
	for _, c := range commands() {
		if !strings.Contains(out.String(), "\n  "+c.name) {
			t.Errorf("usage lacks %s", c.name)
		}
	}
}

func TestRepositoryRoot(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	inside := filepath.Join(root, "a", "b")
	for _, dir := range []string{inside, filepath.Join(root, "hack", "kubernetes")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := repositoryRoot(inside); err == nil {
		t.Errorf("repositoryRoot() = %q outside of the project, want an error", got)
	}
	if err := os.WriteFile(filepath.Join(root, "hack", "kubernetes", "go.mod"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := repositoryRoot(inside); err != nil || got != root {
		t.Errorf("repositoryRoot() = %q, %v, want %q", got, err, root)
	}
}

func TestParseAcceptsFlagsOnly(t *testing.T) {
	t.Parallel()
	flags := flag.NewFlagSet("x", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	if err := parse(flags, []string{"stray"}); err == nil {
		t.Error("parse() accepts a stray argument")
	}
}
