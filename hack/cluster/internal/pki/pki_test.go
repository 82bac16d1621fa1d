package pki

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestIssue(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	authority, err := NewAuthority(dir)
	if err != nil {
		t.Fatal(err)
	}
	identity := Identity{
		Name: "kubelet", CommonName: "system:node:x", Organization: "system:nodes",
		IPs: []net.IP{net.ParseIP("10.1.2.3")}, DNSNames: []string{"x"},
	}
	if err := authority.Issue(identity); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "kubelet.crt"), filepath.Join(dir, "kubelet.key"))
	if err != nil {
		t.Fatal(err)
	}
	if got := pair.Leaf.Subject; got.CommonName != "system:node:x" || len(got.Organization) != 1 || got.Organization[0] != "system:nodes" {
		t.Errorf("subject = %v", got)
	}
	pool := x509.NewCertPool()
	pool.AddCert(authority.cert)
	for _, name := range []string{"x", "10.1.2.3"} {
		options := x509.VerifyOptions{Roots: pool, DNSName: name, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}}
		if _, err := pair.Leaf.Verify(options); err != nil {
			t.Errorf("verifying for %s: %v", name, err)
		}
	}
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: "y"}); err == nil {
		t.Error("the certificate is good for a name that it does not have")
	}
	expiry, err := Expiry(filepath.Join(dir, "kubelet.crt"))
	if err != nil || time.Until(expiry) < lifetime-time.Hour {
		t.Errorf("Expiry() = %v, %v", expiry, err)
	}
}

func TestSecretsAreTheOwners(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	authority, err := NewAuthority(dir)
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "admin.kubeconfig")
	for _, err := range []error{
		authority.Issue(Identity{Name: "admin"}),
		authority.Kubeconfig("admin", "https://10.0.0.1:6443", config),
		ServiceAccountKey(filepath.Join(dir, "sa.key")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"ca.key", "admin.key", "sa.key", "admin.kubeconfig"} {
		info, err := os.Stat(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", file, info.Mode().Perm())
		}
	}
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`server: "https://10.0.0.1:6443"`, "- name: admin\n", "client-key-data: LS0t", "user: admin}"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("kubeconfig lacks %q:\n%s", want, text)
		}
	}
}

func TestExpiryOfNoCertificate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.crt")
	if err := os.WriteFile(path, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Expiry(path); err == nil {
		t.Error("Expiry() = nil, want an error")
	}
}
