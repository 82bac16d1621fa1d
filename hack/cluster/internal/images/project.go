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
	// Architectures are those to build for, as Go names them.
	Architectures []string
	// Archive is the file to write.
	Archive string
}

// Build compiles the command and writes its image: the binary, certificate authorities, a user without rights. The
// binaries stay beside the archive, in build/ARCHITECTURE.
func Build(ctx context.Context, builder *build.Builder, image GoImage) error {
	binaries := map[string]string{}
	for _, architecture := range image.Architectures {
		binaries[architecture] = filepath.Join(filepath.Dir(image.Archive), "build", architecture, image.Command)
		spec := build.Spec{
			Dir: image.Dir, Package: image.Package, Architecture: architecture, Output: binaries[architecture],
			Settings: map[string]string{module + "/internal/version.version": image.Version},
		}
		if err := builder.Compile(ctx, spec); err != nil {
			return err
		}
	}
	return Write(Image{
		Reference: image.Reference, Binaries: binaries, Entrypoint: "/" + image.Command, User: nonroot, CACertificates: true,
		Labels: labels(image),
	}, image.Archive)
}

// labels describe an image in the standard words (OCI image specification, "Annotations").
func labels(image GoImage) map[string]string {
	const prefix = "org.opencontainers.image."
	return map[string]string{
		prefix + "title":         image.Title,
		prefix + "description":   "OAuth 2.0 and OpenID Connect authorization servers on Kubernetes",
		prefix + "url":           "https://" + module,
		prefix + "source":        "https://" + module,
		prefix + "documentation": "https://" + module + "/tree/main/docs",
		prefix + "licenses":      "Apache-2.0",
		prefix + "version":       image.Version,
	}
}

// Project returns the project's images as a template has it; only what differs between them is filled in. Their archives
// land in the folder output.
func Project(tag, output string, template GoImage) []GoImage {
	image := func(command, repository string) GoImage {
		image := template
		image.Package, image.Command = "./cmd/"+command, command
		image.Reference, image.Title = registry+repository+":"+tag, "authserver-operator "+repository
		image.Archive = filepath.Join(output, repository+".tar")
		return image
	}
	return []GoImage{image("operator", "operator"), image("authserver", "server")}
}
