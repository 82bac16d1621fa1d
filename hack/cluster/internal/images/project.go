package images

import (
	"context"
	"path/filepath"

	"github.com/authserver-dev/operator/hack/cluster/internal/build"
)

const (
	module   = "github.com/authserver-dev/operator"
	registry = "ghcr.io/authserver-dev/"
	nonroot  = "65532:65532"
)

// GoImage is an image of one Go command.
type GoImage struct {
	// Dir is the folder of the module, Package the command in it.
	Dir     string
	Package string
	// Command is the name of the binary in the image.
	Command string
	// Reference is the image's name with tag, Title what its label says.
	Reference string
	Title     string
	// Version is what the binary and the label report.
	Version string
	// Archive is the file to write.
	Archive string
}

// Build compiles the command and writes its image: the binary, certificate authorities, a user without rights.
func Build(ctx context.Context, builder *build.Builder, image GoImage) error {
	binary := filepath.Join(builder.Root(), "bin", "images", "build", image.Command)
	spec := build.Spec{
		Dir: image.Dir, Package: image.Package, Output: binary,
		Settings: map[string]string{module + "/internal/version.version": image.Version},
	}
	if err := builder.Compile(ctx, spec); err != nil {
		return err
	}
	return Write(Image{
		Reference: image.Reference, Binary: binary, Entrypoint: "/" + image.Command, User: nonroot, CACertificates: true,
		Labels: map[string]string{
			"org.opencontainers.image.title":    image.Title,
			"org.opencontainers.image.source":   "https://" + module,
			"org.opencontainers.image.licenses": "Apache-2.0",
			"org.opencontainers.image.version":  image.Version,
		},
	}, image.Archive)
}

// Project returns the project's images with the tag and version; their archives land in the folder output.
func Project(root, tag, version, output string) []GoImage {
	image := func(command, repository string) GoImage {
		return GoImage{
			Dir: root, Package: "./cmd/" + command, Command: command,
			Reference: registry + repository + ":" + tag, Title: "authserver-operator " + repository,
			Version: version, Archive: filepath.Join(output, repository+".tar"),
		}
	}
	return []GoImage{image("operator", "operator"), image("authserver", "server")}
}
