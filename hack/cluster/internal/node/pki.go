package node

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"

	"github.com/authserver-dev/operator/hack/cluster/internal/pki"
)

// ensurePKI makes certificates and kubeconfigs once per life of the cluster.
func (n *Node) ensurePKI(_ context.Context) error {
	if _, err := os.Stat(n.Kubeconfig()); err == nil {
		return nil
	}
	dir := n.path("pki")
	authority, err := pki.NewAuthority(dir)
	if err != nil {
		return err
	}
	server := []net.IP{net.ParseIP(nodeIP), net.ParseIP(serviceIP), net.ParseIP("127.0.0.1")}
	identities := []pki.Identity{
		{Name: "apiserver", IPs: server, DNSNames: []string{"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"}},
		{Name: "admin", CommonName: "authserver-admin", Organization: "system:masters"},
		{Name: "kubelet", CommonName: "system:node:" + nodeName, Organization: "system:nodes", IPs: server[:1], DNSNames: []string{nodeName}},
		{Name: "kubelet-client", CommonName: "kube-apiserver", Organization: "system:masters"},
		{Name: "controller-manager", CommonName: "system:kube-controller-manager"},
		{Name: "scheduler", CommonName: "system:kube-scheduler"},
		{Name: "proxy", CommonName: "system:kube-proxy"},
	}
	for _, identity := range identities {
		if err := authority.Issue(identity); err != nil {
			return err
		}
	}
	if err := writeServiceAccountKey(n.path("pki", "sa.key")); err != nil {
		return err
	}
	for _, name := range []string{"kubelet", "controller-manager", "scheduler", "proxy", "admin"} {
		if err := authority.Kubeconfig(name, apiServer, n.path(name+".kubeconfig")); err != nil {
			return err
		}
	}
	return nil
}

// writeServiceAccountKey makes the key that signs service account tokens.
func writeServiceAccountKey(path string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("generating the service account key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}
