package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/authserver-dev/operator/hack/cluster/internal/images"
)

// volumes is how many volume claims the node can serve at a time.
const volumes = 8

// ensureBaseImages imports the images that the node itself runs.
func (n *Node) ensureBaseImages(ctx context.Context) error {
	have, err := n.ctr(ctx, "images", "list", "-q")
	if err != nil {
		return err
	}
	for reference, binary := range map[string]string{pauseImage: "pause", dnsImage: "coredns"} {
		if strings.Contains(have, reference) {
			continue
		}
		archive := n.path(binary + ".tar")
		image := images.Image{Reference: reference, Binary: filepath.Join(n.builder.BinDir(), binary), Entrypoint: "/" + binary}
		if err := images.Write(image, archive); err != nil {
			return err
		}
		if _, err := n.ctr(ctx, "images", "import", archive); err != nil {
			return err
		}
		if err := os.Remove(archive); err != nil {
			return err
		}
	}
	return nil
}

// waitNodeReady waits for the kubelet's word that the node can run pods.
func (n *Node) waitNodeReady(ctx context.Context) error {
	return waitFor(ctx, 90*time.Second, func(ctx context.Context) error {
		out, err := n.kubectl(ctx, "", "get", "node", nodeName, "-o", `jsonpath={.status.conditions[?(@.type=="Ready")]['status','message']}`)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(out, "True") {
			return fmt.Errorf("node %s is not ready: %s", nodeName, out)
		}
		return nil
	})
}

// ensureAddOns applies DNS, kube-proxy's permissions and storage, and waits for DNS.
func (n *Node) ensureAddOns(ctx context.Context) error {
	manifests := fmt.Sprintf(dnsManifests, dnsImage, dnsIP) + proxyManifests + storageClass
	for i := range volumes {
		name := fmt.Sprintf("local-%d", i)
		dir := n.path("volumes", name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := n.recycle(ctx, name, dir); err != nil {
			return err
		}
		manifests += fmt.Sprintf(volumeManifest, name, dir, nodeName)
	}
	if _, err := n.kubectl(ctx, manifests, "apply", "--server-side", "-f", "-"); err != nil {
		return err
	}
	return waitFor(ctx, 90*time.Second, func(ctx context.Context) error {
		out, err := n.kubectl(ctx, "", "-n", "kube-system", "get", "deployment", "coredns", "-o", "jsonpath={.status.readyReplicas}")
		if err != nil {
			return err
		}
		if out != "1" {
			return errors.New("CoreDNS is not ready")
		}
		return nil
	})
}

// recycle empties a released volume, so that another claim may have it.
func (n *Node) recycle(ctx context.Context, name, dir string) error {
	phase, err := n.kubectl(ctx, "", "get", "pv", name, "--ignore-not-found", "-o", "jsonpath={.status.phase}")
	if err != nil || (phase != "Released" && phase != "Failed") {
		return err
	}
	if _, err := n.kubectl(ctx, "", "delete", "pv", name); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.MkdirAll(dir, 0o755)
}
