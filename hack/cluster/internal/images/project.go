package images

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/authserver-dev/operator/hack/cluster/internal/build"
)

const module = "github.com/authserver-dev/operator"

// ProjectOptions say how the project's images are built.
type ProjectOptions struct {
	Tag     string
	Version string
	Output  string // directory of the archives
}

// BuildProject builds the operator and server images from the inputs of the Dockerfile.
func BuildProject(ctx context.Context, builder *build.Builder, opts ProjectOptions) error {
	for command, repository := range map[string]string{"operator": "operator", "authserver": "server"} {
		binary := filepath.Join(builder.Root(), "bin", "images", "build", command)
		spec := build.Spec{
			Dir: builder.Root(), Package: "./cmd/" + command, Output: binary,
			LDFlags: fmt.Sprintf("-s -w -X %s/internal/version.version=%s", module, opts.Version),
		}
		if err := builder.Compile(ctx, spec); err != nil {
			return err
		}
		image := Image{
			Reference: fmt.Sprintf("ghcr.io/authserver-dev/%s:%s", repository, opts.Tag),
			Binary:    binary, Entrypoint: "/" + command, User: "65532:65532", CACertificates: true,
			Labels: map[string]string{
				"org.opencontainers.image.title":    "authserver-operator " + repository,
				"org.opencontainers.image.source":   "https://" + module,
				"org.opencontainers.image.licenses": "Apache-2.0",
				"org.opencontainers.image.version":  opts.Version,
			},
		}
		if err := Write(image, filepath.Join(opts.Output, repository+".tar")); err != nil {
			return err
		}
	}
	return nil
}
