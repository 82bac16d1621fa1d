package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os/exec"

	"sigs.k8s.io/yaml"
)

// renderCatalog returns a file-based catalog with the package, its channel and the bundle in a folder.
func renderCatalog(ctx context.Context, opm, bundle string, in *input) ([]byte, error) {
	command := exec.CommandContext(ctx, opm, "render", bundle, "--alpha-image-ref-template", bundleImage+":{{.Version}}", "-o", "yaml",
		"--migrate-level=bundle-object-to-csv-metadata")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	rendered, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("rendering the bundle (make bin/opm builds opm): %w: %s", err, stderr.String())
	}
	head := []map[string]any{
		{
			"schema": "olm.package", "name": packageName, "defaultChannel": channel,
			"description": oneLine(in.base.Annotations["description"]),
			"icon":        map[string]string{"base64data": base64.StdEncoding.EncodeToString(in.icon), "mediatype": "image/svg+xml"},
		},
		{
			"schema": "olm.channel", "package": packageName, "name": channel,
			"entries": []map[string]string{{"name": packageName + ".v" + in.version}},
		},
	}
	catalog := []byte(generated)
	for i, blob := range head {
		text, err := yaml.Marshal(blob)
		if err != nil {
			return nil, fmt.Errorf("writing the catalog: %w", err)
		}
		if i > 0 {
			catalog = append(catalog, "---\n"...) // before the first document it would make an empty one of the comment
		}
		catalog = append(catalog, text...)
	}
	if !bytes.HasPrefix(rendered, []byte("---\n")) {
		catalog = append(catalog, "---\n"...)
	}
	return append(catalog, rendered...), nil
}
