// Package pki makes the certificates and kubeconfigs of a node.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"text/template"
	"time"
)

// lifetime is long for a cluster that lives for a test run, short for one forgotten on a disk.
const lifetime = 30 * 24 * time.Hour

// Authority signs certificates.
type Authority struct {
	dir  string
	cert *x509.Certificate
	key  crypto.Signer
}

// Identity is what a certificate says.
type Identity struct {
	// Name is the file name without extension and the default common name.
	Name         string
	CommonName   string
	Organization string
	IPs          []net.IP
	DNSNames     []string
}

// NewAuthority creates a certificate authority in dir: ca.crt, ca.key.
func NewAuthority(dir string) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generating the CA key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authserver-cluster"},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(lifetime),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("signing the CA certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	authority := &Authority{dir: dir, cert: cert, key: key}
	return authority, authority.write("ca", der, key)
}

// Issue writes NAME.crt and NAME.key, good for servers and clients.
func (a *Authority) Issue(id Identity) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("generating the key of %s: %w", id.Name, err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	subject := pkix.Name{CommonName: id.CommonName}
	if subject.CommonName == "" {
		subject.CommonName = id.Name
	}
	if id.Organization != "" {
		subject.Organization = []string{id.Organization}
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: subject, NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(lifetime),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses: id.IPs, DNSNames: id.DNSNames,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return fmt.Errorf("signing the certificate of %s: %w", id.Name, err)
	}
	return a.write(id.Name, der, key)
}

// write stores a certificate and its key.
func (a *Authority) write(name string, der []byte, key crypto.Signer) error {
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(filepath.Join(a.dir, name+".crt"), cert, 0o644); err != nil { //nolint:gosec // a certificate is public
		return err
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	return os.WriteFile(filepath.Join(a.dir, name+".key"), private, 0o600)
}

var kubeconfig = template.Must(template.New("kubeconfig").Parse(`apiVersion: v1
kind: Config
current-context: authserver-cluster
clusters:
- name: authserver-cluster
  cluster: {server: "{{.Server}}", certificate-authority-data: {{.CA}}}
users:
- name: {{.Name}}
  user: {client-certificate-data: {{.Cert}}, client-key-data: {{.Key}}}
contexts:
- name: authserver-cluster
  context: {cluster: authserver-cluster, user: {{.Name}}}
`)) //nolint:gochecknoglobals // parsed once, never changed

// Kubeconfig writes a kubeconfig with the certificate issued under the name.
func (a *Authority) Kubeconfig(name, server, path string) error {
	data := map[string]string{"Name": name, "Server": server}
	for key, file := range map[string]string{"CA": "ca.crt", "Cert": name + ".crt", "Key": name + ".key"} {
		content, err := os.ReadFile(filepath.Join(a.dir, file))
		if err != nil {
			return fmt.Errorf("writing the kubeconfig of %s: %w", name, err)
		}
		data[key] = base64.StdEncoding.EncodeToString(content)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	return kubeconfig.Execute(file, data)
}
