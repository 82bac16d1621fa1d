package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/authserver-dev/operator/hack/cluster/internal/build"
	"github.com/authserver-dev/operator/hack/cluster/internal/component"
	"github.com/authserver-dev/operator/hack/cluster/internal/images"
)

// command is one verb.
type command struct {
	name string
	args string
	help string
	run  func(ctx context.Context, t tools, args []string) error
}

// commands are all verbs in the order in which a person meets them.
func commands() []command {
	return []command{
		{"up", "", "start the node, or mend what is down; harmless when it runs", without(func(ctx context.Context, t tools) error { return t.node.Up(ctx) })},
		{"down", "", "stop it and remove every process, mount, interface and file", without(func(ctx context.Context, t tools) error { return t.node.Down(ctx) })},
		{"status", "", "say what runs", without(func(ctx context.Context, t tools) error { return t.node.Status(ctx, t.out) })},
		{"kubeconfig", "", "print the path of the administrator's kubeconfig", without(printKubeconfig)},
		{"load", "ARCHIVE...", "import OCI or docker image archives into the node", load},
		{"stop", "COMPONENT", "stop one component, e.g. kube-apiserver", stopComponent},
		{"start", "COMPONENT", "start it again", startComponent},
		{"images", "[FLAGS]", "build the project's two images as OCI archives, without a container engine", buildProject},
		{"image", "FLAGS", "build an image of one Go command as an OCI archive", buildImage},
		{"assets", "", "build kube-apiserver, etcd and kubectl and print their directory (KUBEBUILDER_ASSETS)", without(buildAssets)},
	}
}

// find returns the command with the name.
func find(name string) (command, error) {
	for _, c := range commands() {
		if c.name == name {
			return c, nil
		}
	}
	return command{}, fmt.Errorf("unknown command %q\n\n%s", name, usage())
}

// usage describes all commands.
func usage() string {
	var text strings.Builder
	text.WriteString("Usage: cluster COMMAND\n\n")
	for _, c := range commands() {
		fmt.Fprintf(&text, "  %-18s %s\n", strings.TrimSpace(c.name+" "+c.args), c.help)
	}
	fmt.Fprintf(&text, "\nComponents: %s\nEnvironment: CLUSTER_STATE, the state directory (default %s)\n", strings.Join(component.Names(), ", "), defaultState)
	return text.String()
}

// without makes a command that takes no arguments.
func without(run func(context.Context, tools) error) func(context.Context, tools, []string) error {
	return func(ctx context.Context, t tools, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("unexpected argument %q", args[0])
		}
		return run(ctx, t)
	}
}

func printKubeconfig(_ context.Context, t tools) error {
	_, err := fmt.Fprintln(t.out, t.node.Kubeconfig())
	return err
}

func load(ctx context.Context, t tools, args []string) error { return t.node.Load(ctx, args) }

// oneComponent checks the arguments of stop and start.
func oneComponent(args []string) (string, error) {
	if len(args) != 1 {
		return "", fmt.Errorf("expecting one component: %s", strings.Join(component.Names(), ", "))
	}
	return args[0], nil
}

func stopComponent(ctx context.Context, t tools, args []string) error {
	name, err := oneComponent(args)
	if err != nil {
		return err
	}
	return t.progress.Step("stopping "+name, func() error { return t.node.StopComponent(ctx, name) })
}

func startComponent(ctx context.Context, t tools, args []string) error {
	name, err := oneComponent(args)
	if err != nil {
		return err
	}
	return t.progress.Step("starting "+name, func() error { return t.node.StartComponent(ctx, name) })
}

// buildAssets builds what envtest needs.
func buildAssets(ctx context.Context, t tools) error {
	if err := t.progress.Step("binaries for envtest", func() error { return t.builder.Ensure(ctx, build.Assets()...) }); err != nil {
		return err
	}
	_, err := fmt.Fprintln(t.out, t.builder.BinDir())
	return err
}

// buildProject builds the project's two images.
func buildProject(ctx context.Context, t tools, args []string) error {
	release, err := os.ReadFile(filepath.Join(t.builder.Root(), "VERSION"))
	if err != nil {
		return fmt.Errorf("finding the tag of the images: %w", err)
	}
	flags := flag.NewFlagSet("images", flag.ContinueOnError)
	tag := flags.String("tag", strings.TrimSpace(string(release)), "image tag")
	version := flags.String("version", "dev", "version that the binaries report")
	architectures := flags.String("arch", runtime.GOARCH, "architectures, e.g. amd64,arm64")
	output := flags.String("output", filepath.Join(t.builder.Root(), "bin", "images"), "directory of the archives")
	if err := parse(flags, args); err != nil {
		return err
	}
	template := images.GoImage{Dir: t.builder.Root(), Version: *version, Architectures: strings.Split(*architectures, ",")}
	for _, image := range images.Project(*tag, *output, template) {
		if err := buildArchive(ctx, t, image); err != nil {
			return err
		}
	}
	return nil
}

// buildImage builds an image of any Go command.
func buildImage(ctx context.Context, t tools, args []string) error {
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	dir := flags.String("dir", t.builder.Root(), "folder of the Go module")
	pkg := flags.String("package", "", "package of the command in the module, e.g. ./test/probe")
	reference := flags.String("reference", "", "name and tag of the image, e.g. localhost/probe:dev")
	output := flags.String("output", "", "archive to write")
	version := flags.String("version", "dev", "version for the label")
	if err := parse(flags, args); err != nil {
		return err
	}
	if *pkg == "" || *reference == "" || *output == "" {
		return errors.New("image needs --package, --reference and --output")
	}
	packageDir, err := filepath.Abs(filepath.Join(*dir, *pkg))
	if err != nil {
		return fmt.Errorf("finding the package: %w", err)
	}
	name := filepath.Base(packageDir)
	return buildArchive(ctx, t, images.GoImage{
		Dir: *dir, Package: *pkg, Command: name, Reference: *reference, Title: name, Version: *version,
		Architectures: []string{runtime.GOARCH}, Archive: *output,
	})
}

// parse parses flags and accepts nothing besides.
func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return nil
}

// buildArchive builds one image and says where it is.
func buildArchive(ctx context.Context, t tools, image images.GoImage) error {
	if err := t.progress.Step(image.Reference, func() error { return images.Build(ctx, t.builder, image) }); err != nil {
		return err
	}
	_, err := fmt.Fprintln(t.out, image.Archive)
	return err
}
