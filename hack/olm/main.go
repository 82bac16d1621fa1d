package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", "../..", "`folder` of the repository")
	output := flag.String("output", "../..", "`folder` to write into")
	opm := flag.String("opm", "../../bin/opm", "`path` of opm")
	flag.Parse()
	if err := generate(context.Background(), *root, *output, *opm); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

// generate writes everything below the folder output, from what is below the folder root.
func generate(ctx context.Context, root, output, opm string) error {
	in, err := readInput(root)
	if err != nil {
		return err
	}
	files, err := bundleFiles(in)
	if err != nil {
		return err
	}
	manifests := filepath.Join(output, "bundle", "manifests")
	// A file that is no longer generated must not stay in the bundle.
	if err := os.RemoveAll(manifests); err != nil {
		return fmt.Errorf("clearing the bundle: %w", err)
	}
	if err := writeFiles(output, files); err != nil {
		return err
	}
	catalog, err := renderCatalog(ctx, opm, filepath.Join(output, "bundle"), in)
	if err != nil {
		return err
	}
	return writeFiles(output, map[string][]byte{catalogFile: catalog})
}

func writeFiles(folder string, files map[string][]byte) error {
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("creating the folder of %s: %w", name, err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}
