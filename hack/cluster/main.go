// Command cluster runs a real single-node Kubernetes cluster on this machine,
// built from Kubernetes' own Go module, and builds the project's images without
// a Docker engine. See hack/README.md.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/authserver-dev/operator/hack/cluster/internal/build"
	"github.com/authserver-dev/operator/hack/cluster/internal/layout"
	"github.com/authserver-dev/operator/hack/cluster/internal/node"
	"github.com/authserver-dev/operator/hack/cluster/internal/progress"
)

// defaultState is where a node keeps everything, unless CLUSTER_STATE says otherwise.
const defaultState = "/var/lib/authserver-cluster"

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], environment{state: os.Getenv("CLUSTER_STATE"), out: os.Stdout, progress: os.Stderr})
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

// environment is what a command gets from outside.
type environment struct {
	state string
	// out takes what a caller may want to capture, progress what is for people only.
	out      io.Writer
	progress io.Writer
}

// run executes one command.
func run(ctx context.Context, args []string, env environment) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		_, err := io.WriteString(env.out, usage())
		return err
	}
	chosen, err := find(args[0])
	if err != nil {
		return err
	}
	tools, err := newTools(env)
	if err != nil {
		return err
	}
	return chosen.run(ctx, tools, args[1:])
}

// tools are what commands work with.
type tools struct {
	builder  *build.Builder
	node     *node.Node
	progress *progress.Reporter
	out      io.Writer
}

// newTools wires everything up.
func newTools(env environment) (tools, error) {
	dir, err := os.Getwd()
	if err != nil {
		return tools{}, fmt.Errorf("finding the project: %w", err)
	}
	root, err := repositoryRoot(dir)
	if err != nil {
		return tools{}, err
	}
	state := env.state
	if state == "" {
		state = defaultState
	}
	l, err := layout.New(state)
	if err != nil {
		return tools{}, err
	}
	report := progress.New(env.progress, time.Now)
	builder := build.New(root, report)
	return tools{
		builder: builder, progress: report, out: env.out,
		node: node.New(node.Options{Layout: l, Builder: builder, Progress: report}),
	}, nil
}

// repositoryRoot finds the project's folder from a folder inside it.
func repositoryRoot(dir string) (string, error) {
	for {
		if _, err := os.Stat(filepath.Join(dir, "hack", "kubernetes", "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("run this inside the project: no hack/kubernetes/go.mod in or above the working directory")
		}
		dir = parent
	}
}
