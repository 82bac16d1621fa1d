package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/authserver-dev/operator/hack/cluster/internal/layout"
)

// volumeCount is how many volume claims the node can serve between two runs of Up.
const volumeCount = 16

// ensureVolumes makes the folders of the volumes, gives back those that a claim has left, and returns their manifests.
func (n *Node) ensureVolumes(ctx context.Context) (string, error) {
	list, err := n.kubectl(ctx, "", "get", "persistentvolumes", "-o", `jsonpath={range .items[*]}{.metadata.name} {.status.phase}{"\n"}{end}`)
	if err != nil {
		return "", err
	}
	for _, name := range abandoned(list) {
		if err := n.recycle(ctx, name); err != nil {
			return "", err
		}
	}
	var manifests strings.Builder
	for i := range volumeCount {
		name := fmt.Sprintf("local-%02d", i)
		dir := n.layout.Path("volumes", name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", fmt.Errorf("making a volume: %w", err)
		}
		fmt.Fprintf(&manifests, volumeManifest, name, dir, layout.NodeName)
	}
	return manifests.String(), nil
}

// abandoned picks the volumes whose claim is gone from lines of name and phase.
func abandoned(list string) []string {
	var names []string
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		if len(fields) == 2 && strings.HasPrefix(fields[0], "local-") && (fields[1] == "Released" || fields[1] == "Failed") {
			names = append(names, fields[0])
		}
	}
	return names
}

// recycle empties a volume, so that another claim may have it.
func (n *Node) recycle(ctx context.Context, name string) error {
	if _, err := n.kubectl(ctx, "", "delete", "persistentvolume", name); err != nil {
		return err
	}
	if err := os.RemoveAll(n.layout.Path("volumes", name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("emptying a volume: %w", err)
	}
	return nil
}
