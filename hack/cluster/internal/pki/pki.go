package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
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
		return nil, fmt.Errorf("making the folder of certificates: %w", err)
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
		return nil, fmt.Errorf("parsing the CA certificate: %w", err)
	}
	authority := &Authority{dir: dir, cert: cert, key: key}
	if err := authority.write("ca", der, key); err != nil {
		return nil, err
	}
	return authority, nil
}

// Issue writes NAME.crt and NAME.key, good for servers and clients.
func (a *Authority) Issue(id Identity) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("generating the key of %s: %w", id.Name, err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return fmt.Errorf("drawing a serial number: %w", err)
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
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(filepath.Join(a.dir, name+".crt"), cert, 0o644); err != nil {
		return fmt.Errorf("storing the certificate of %s: %w", name, err)
	}
	return writeKey(filepath.Join(a.dir, name+".key"), key)
}

// writeKey stores a private key, readable by its owner only.
func writeKey(path string, key crypto.Signer) error {
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", path, err)
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	if err := os.WriteFile(path, private, 0o600); err != nil {
		return fmt.Errorf("storing %s: %w", path, err)
	}
	return nil
}

// kubeconfig takes server, CA, user, certificate and key.
const kubeconfig = `apiVersion: v1
kind: Config
current-context: authserver-cluster
clusters:
- name: authserver-cluster
  cluster: {server: %q, certificate-authority-data: %s}
users:
- name: %[3]s
  user: {client-certificate-data: %[4]s, client-key-data: %[5]s}
contexts:
- name: authserver-cluster
  context: {cluster: authserver-cluster, user: %[3]s}
`

// Kubeconfig writes a kubeconfig with the certificate issued under the name.
func (a *Authority) Kubeconfig(name, server, path string) error {
	var encoded []any
	for _, file := range []string{"ca.crt", name + ".crt", name + ".key"} {
		content, err := os.ReadFile(filepath.Join(a.dir, file))
		if err != nil {
			return fmt.Errorf("writing the kubeconfig of %s: %w", name, err)
		}
		encoded = append(encoded, base64.StdEncoding.EncodeToString(content))
	}
	text := fmt.Sprintf(kubeconfig, server, encoded[0], name, encoded[1], encoded[2])
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("writing the kubeconfig of %s: %w", name, err)
	}
	return nil
}

// ServiceAccountKey writes the key that signs service account tokens.
func ServiceAccountKey(path string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("generating the service account key: %w", err)
	}
	return writeKey(path, key)
}

// Expiry returns when the certificate in the file ends.
func Expiry(path string) (time.Time, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading a certificate: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return time.Time{}, fmt.Errorf("reading a certificate: no PEM block in %s", path)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the certificate %s: %w", path, err)
	}
	return cert.NotAfter, nil
}
