package node

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/authserver-dev/operator/hack/cluster/internal/layout"
	"github.com/authserver-dev/operator/hack/cluster/internal/pki"
)

// ensurePKI makes certificates and kubeconfigs once per life of the cluster.
func (n *Node) ensurePKI(_ context.Context) error {
	if exists(n.Kubeconfig()) {
		return n.checkExpiry()
	}
	authority, err := pki.NewAuthority(n.layout.Path("pki"))
	if err != nil {
		return err
	}
	for _, identity := range identities() {
		if err := authority.Issue(identity); err != nil {
			return err
		}
	}
	if err := pki.ServiceAccountKey(n.layout.PKI("sa.key")); err != nil {
		return err
	}
	// The administrator's comes last: it tells that all others are there.
	for _, name := range []string{"kubelet", "controller-manager", "scheduler", "proxy", "admin"} {
		if err := authority.Kubeconfig(name, layout.APIServer, n.layout.Kubeconfig(name)); err != nil {
			return err
		}
	}
	return nil
}

// identities are who talks to whom in the cluster.
func identities() []pki.Identity {
	node := net.ParseIP(layout.NodeIP)
	return []pki.Identity{
		{
			Name:     "apiserver",
			IPs:      []net.IP{node, net.ParseIP(layout.ServiceIP)},
			DNSNames: []string{"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"},
		},
		{
			Name: "kubelet", CommonName: "system:node:" + layout.NodeName, Organization: "system:nodes",
			IPs: []net.IP{node}, DNSNames: []string{layout.NodeName},
		},
		{Name: "admin", CommonName: "authserver-admin", Organization: "system:masters"},
		{Name: "kubelet-client", CommonName: "kube-apiserver", Organization: "system:masters"},
		{Name: "controller-manager", CommonName: "system:kube-controller-manager"},
		{Name: "scheduler", CommonName: "system:kube-scheduler"},
		{Name: "proxy", CommonName: "system:kube-proxy"},
	}
}

// checkExpiry says so before a forgotten cluster fails in stranger ways.
func (n *Node) checkExpiry() error {
	expiry, err := pki.Expiry(n.layout.PKI("admin.crt"))
	if err != nil {
		return err
	}
	if left := expiry.Sub(n.progress.Now()); left < time.Hour {
		return fmt.Errorf("the certificates of this cluster end at %s; run down and then up", expiry.Format(time.RFC3339))
	}
	return nil
}
