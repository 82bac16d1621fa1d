package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/authserver-dev/operator/hack/cluster/internal/layout"
	"github.com/authserver-dev/operator/hack/cluster/internal/process"
)

const (
	nodeInterface = "lo"
	ownTable      = "authserver-cluster"
	proxyTable    = "kube-proxy"
)

// masquerade gives pods that talk to the world this machine's address; among themselves they keep theirs.
const masquerade = `table ip %[1]s {}
flush table ip %[1]s
table ip %[1]s {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ip saddr %[2]s ip daddr != { %[2]s, %[3]s, %[4]s } masquerade
  }
}
`

// Network is the network of a node.
type Network struct {
	layout layout.Layout
	sysctl sysctl
}

// New returns the network of the node with the layout.
func New(l layout.Layout) *Network {
	return &Network{layout: l, sysctl: sysctl{root: "/proc/sys", file: l.Path("sysctl.before")}}
}

// Up makes the node's address, forwarding and masquerading, and the network configuration of the pods.
func (n *Network) Up(ctx context.Context) error {
	if err := n.sysctl.remember(); err != nil {
		return err
	}
	if err := n.sysctl.set(ipForward, "1"); err != nil {
		return err
	}
	if err := addAddress(ctx); err != nil {
		return err
	}
	// Without it a machine that has no way to the world would not know where services are, nor would the API server
	// reach webhooks; with it nothing that is meant for a service ever leaves this machine.
	if _, err := process.Run(ctx, "", "ip", "route", "replace", layout.ServiceCIDR, "dev", nodeInterface, "src", layout.NodeIP); err != nil {
		return fmt.Errorf("adding the route to services: %w", err)
	}
	rules := fmt.Sprintf(masquerade, ownTable, layout.PodCIDR, layout.ServiceCIDR, layout.NodeIP)
	if _, err := process.Run(ctx, rules, "nft", "-f", "-"); err != nil {
		return fmt.Errorf("making the masquerading rules: %w", err)
	}
	// Pods resolve names through the cluster's DNS only; the machine's own resolver is none of their business.
	if err := os.WriteFile(n.layout.ResolvConf(), nil, 0o644); err != nil {
		return fmt.Errorf("writing the resolver configuration of pods: %w", err)
	}
	return n.writeCNI()
}

// Down removes the address (the kernel takes the route that depends on it away), the rules (kube-proxy's too), and restores the kernel's settings.
func (n *Network) Down(ctx context.Context) error {
	return errors.Join(removeTables(ctx), removeAddress(ctx), n.sysctl.restore())
}

// removeTables removes our rules and those that kube-proxy leaves behind.
func removeTables(ctx context.Context) error {
	if _, err := exec.LookPath("nft"); err != nil {
		return nil //nolint:nilerr // where there is no nft, there are no rules of ours
	}
	tables, err := process.Run(ctx, "", "nft", "list", "tables")
	if err != nil {
		return fmt.Errorf("listing rules: %w", err)
	}
	for _, table := range ownTables(tables) {
		if _, err := process.Run(ctx, "", "nft", "delete", "table", table.family, table.name); err != nil {
			return fmt.Errorf("removing rules: %w", err)
		}
	}
	return nil
}

type table struct{ family, name string }

// ownTables picks the node's tables from the output of `nft list tables`.
func ownTables(list string) []table {
	var found []table
	for line := range strings.Lines(list) {
		fields := strings.Fields(line) // table ip kube-proxy
		if len(fields) == 3 && (fields[2] == ownTable || fields[2] == proxyTable) {
			found = append(found, table{fields[1], fields[2]})
		}
	}
	return found
}

// addAddress gives the node an address of its own.
func addAddress(ctx context.Context) error {
	have, err := hasAddress(ctx)
	if err != nil || have {
		return err
	}
	if _, err := process.Run(ctx, "", "ip", "addr", "add", layout.NodeIP+"/32", "dev", nodeInterface); err != nil {
		return fmt.Errorf("adding the node's address: %w", err)
	}
	return nil
}

func removeAddress(ctx context.Context) error {
	have, err := hasAddress(ctx)
	if err != nil || !have {
		return err
	}
	if _, err := process.Run(ctx, "", "ip", "addr", "del", layout.NodeIP+"/32", "dev", nodeInterface); err != nil {
		return fmt.Errorf("removing the node's address: %w", err)
	}
	return nil
}

func hasAddress(ctx context.Context) (bool, error) {
	out, err := process.Run(ctx, "", "ip", "-4", "-o", "addr", "show", "dev", nodeInterface)
	if err != nil {
		return false, fmt.Errorf("looking for the node's address: %w", err)
	}
	return strings.Contains(out, " "+layout.NodeIP+"/32 "), nil
}
