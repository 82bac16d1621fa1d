// Command cluster runs a real single-node Kubernetes cluster on this machine,
// built from Kubernetes' own Go module, and builds the project's images without
// a Docker engine. See hack/README.md.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/authserver-dev/operator/hack/cluster/internal/build"
	"github.com/authserver-dev/operator/hack/cluster/internal/images"
	"github.com/authserver-dev/operator/hack/cluster/internal/node"
)

const usage = `Usage: cluster COMMAND

  assets               build kube-apiserver, etcd and kubectl and print their directory (KUBEBUILDER_ASSETS)
  up                   start the node, or mend what is down; harmless when it runs
  down                 stop it and remove every process, mount, interface and file
  status               say what runs
  load ARCHIVE...      import image archives into the node
  stop COMPONENT       stop one component, e.g. kube-apiserver
  start COMPONENT      start it again
  kubeconfig           print the path of the administrator's kubeconfig
  images [flags]       build the operator and server images as archives
                         --tag TAG --version VERSION --output DIR

Environment:
  CLUSTER_STATE        state directory (default /var/lib/authserver-cluster)
`

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1) //nolint:gocritic // the context needs no clean-up at the end of the process
	}
}

// run executes one command.
func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" {
		_, err := io.WriteString(out, usage)
		return err
	}
	root, err := repositoryRoot()
	if err != nil {
		return err
	}
	state := os.Getenv("CLUSTER_STATE")
	if state == "" {
		state = "/var/lib/authserver-cluster"
	}
	builder := build.New(root, out)
	n := node.New(node.Options{State: state, Builder: builder, Out: out})
	switch command, rest := args[0], args[1:]; command {
	case "assets":
		return assets(ctx, builder, out)
	case "up":
		return n.Up(ctx)
	case "down":
		return n.Down(ctx)
	case "status":
		return n.Status(ctx)
	case "load":
		return n.Load(ctx, rest)
	case "stop", "start":
		if len(rest) != 1 {
			return fmt.Errorf("%s takes one component: %s", command, strings.Join(node.Components(), ", "))
		}
		if command == "stop" {
			return n.StopComponent(ctx, rest[0])
		}
		return n.StartComponent(ctx, rest[0])
	case "kubeconfig":
		_, err := fmt.Fprintln(out, n.Kubeconfig())
		return err
	case "images":
		return buildImages(ctx, builder, rest)
	default:
		return fmt.Errorf("unknown command %q\n\n%s", command, usage)
	}
}

// assets builds what envtest needs.
func assets(ctx context.Context, builder *build.Builder, out io.Writer) error {
	if err := builder.Kubernetes(ctx, "etcd", "kubectl", "kube-apiserver"); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, builder.BinDir())
	return err
}

// buildImages builds the project's two images.
func buildImages(ctx context.Context, builder *build.Builder, args []string) error {
	flags := flag.NewFlagSet("images", flag.ContinueOnError)
	tag := flags.String("tag", "dev", "image tag")
	version := flags.String("version", "dev", "version that the binaries report")
	output := flags.String("output", filepath.Join(builder.Root(), "bin", "images"), "directory of the archives")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return images.BuildProject(ctx, builder, images.ProjectOptions{Tag: *tag, Version: *version, Output: *output})
}

// repositoryRoot finds the project's folder from the working directory, which may be anywhere inside it.
func repositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "hack", "kubernetes", "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("run this inside the project: no hack/kubernetes/go.mod above the working directory")
		}
		dir = parent
	}
}
