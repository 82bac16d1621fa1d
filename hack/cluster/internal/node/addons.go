package node

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/authserver-dev/operator/hack/cluster/internal/images"
	"github.com/authserver-dev/operator/hack/cluster/internal/layout"
)

// readyTimeout is for things that start on a node that runs.
const readyTimeout = 90 * time.Second

// ensureBaseImages imports the images that the node itself runs.
func (n *Node) ensureBaseImages(ctx context.Context) error {
	list, err := n.ctr(ctx, "images", "list", "--quiet")
	if err != nil {
		return err
	}
	have := strings.Fields(list)
	for reference, binary := range map[string]string{layout.PauseImage: "pause", layout.DNSImage: "coredns"} {
		if slices.Contains(have, reference) {
			continue
		}
		archive := n.layout.Path(binary + ".tar")
		binaries := map[string]string{runtime.GOARCH: filepath.Join(n.builder.BinDir(), binary)}
		image := images.Image{Reference: reference, Binaries: binaries, Entrypoint: "/" + binary}
		if err := images.Write(image, archive); err != nil {
			return err
		}
		if _, err := n.ctr(ctx, "images", "import", archive); err != nil {
			return err
		}
		if err := os.Remove(archive); err != nil {
			return fmt.Errorf("tidying up after importing %s: %w", reference, err)
		}
	}
	return nil
}

// waitNodeReady waits for the kubelet's word that the node can run pods.
func (n *Node) waitNodeReady(ctx context.Context) error {
	return waitFor(ctx, readyTimeout, func(ctx context.Context) error {
		out, err := n.kubectl(ctx, "", "get", "node", layout.NodeName, "-o", `jsonpath={.status.conditions[?(@.type=="Ready")]['status','message']}`)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(out, "True") {
			return fmt.Errorf("node %s is not ready: %s", layout.NodeName, out)
		}
		return nil
	})
}

// ensureAddOns applies DNS and storage, and waits until both can be used.
func (n *Node) ensureAddOns(ctx context.Context) error {
	volumes, err := n.ensureVolumes(ctx)
	if err != nil {
		return err
	}
	manifests := fmt.Sprintf(dnsManifests, layout.DNSImage, layout.DNSIP, forwarding()) + storageClass + volumes
	if _, err := n.kubectl(ctx, manifests, "apply", "--server-side", "--force-conflicts", "-f", "-"); err != nil {
		return err
	}
	if err := waitFor(ctx, readyTimeout, lookUpAPIServer); err != nil {
		return fmt.Errorf("%w; warnings of the cluster:\n%s", err, n.warnings(ctx))
	}
	return nil
}

// lookUpAPIServer asks the cluster's DNS. An answer proves more than any status, which may be from before a reset of the
// machine: pods run, their links work, and so do services.
func lookUpAPIServer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(layout.DNSIP, "53"))
	}}
	const name = "kubernetes.default.svc.cluster.local."
	addresses, err := resolver.LookupHost(ctx, name)
	if err != nil {
		return fmt.Errorf("asking the cluster's DNS: %w", err)
	}
	if !slices.Contains(addresses, layout.ServiceIP) {
		return fmt.Errorf("the cluster's DNS says that %s is %v", name, addresses)
	}
	return nil
}

// warnings returns the last warnings that the cluster has about its own pods, at best effort: they serve a message.
func (n *Node) warnings(ctx context.Context) string {
	out, err := n.kubectl(ctx, "", "--namespace", "kube-system", "get", "events", "--field-selector", "type=Warning",
		"--sort-by", ".lastTimestamp", "-o", `jsonpath={range .items[*]}{.involvedObject.name}: {.message}{"\n"}{end}`)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}

// forwarding returns the line of CoreDNS's configuration for names outside of the cluster, empty when this machine
// knows no name server that pods could reach.
func forwarding() string {
	// Where systemd-resolved serves this machine on loopback, the second file has the servers behind it.
	for _, file := range []string{"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if servers := nameServers(string(text)); len(servers) > 0 {
			return "forward . " + strings.Join(servers, " ")
		}
	}
	return ""
}

// nameServers returns the IPv4 name servers of a resolv.conf that are not on loopback; pods have no IPv6.
func nameServers(resolvConf string) []string {
	var servers []string
	for line := range strings.Lines(resolvConf) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		if address, err := netip.ParseAddr(fields[1]); err == nil && address.Is4() && !address.IsLoopback() {
			servers = append(servers, address.String())
		}
	}
	return servers
}
