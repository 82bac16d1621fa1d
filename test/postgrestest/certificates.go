package postgrestest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Names of the files in the server's folder.
const (
	caFile         = "ca.pem"
	serverCertFile = "server.pem"
	serverKeyFile  = "server.key"
)

// Certificates are a private authority with a certificate for a server. All is PEM.
type Certificates struct {
	// CA is the authority's certificate.
	CA []byte

	authority             *x509.Certificate
	key                   *ecdsa.PrivateKey
	serverCert, serverKey []byte
}

// NewCertificates makes a private authority and a certificate for a server at the host names and addresses.
func NewCertificates(tb testing.TB, hosts ...string) *Certificates {
	tb.Helper()
	key := newKey(tb)
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "private authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	c := &Certificates{key: key}
	c.CA, c.authority = c.sign(tb, template, template, key)
	server := &x509.Certificate{Subject: pkix.Name{CommonName: "server"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	for _, host := range hosts {
		if address := net.ParseIP(host); address != nil {
			server.IPAddresses = append(server.IPAddresses, address)
		} else {
			server.DNSNames = append(server.DNSNames, host)
		}
	}
	serverKey := newKey(tb)
	c.serverCert, _ = c.sign(tb, server, c.authority, serverKey)
	c.serverKey = encodeKey(tb, serverKey)
	return c
}

// Client makes a client certificate for a user of the database.
func (c *Certificates) Client(tb testing.TB, user string) (cert, key []byte) {
	tb.Helper()
	private := newKey(tb)
	template := &x509.Certificate{Subject: pkix.Name{CommonName: user}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	cert, _ = c.sign(tb, template, c.authority, private)
	return cert, encodeKey(tb, private)
}

func (c *Certificates) sign(tb testing.TB, template, parent *x509.Certificate, key *ecdsa.PrivateKey) ([]byte, *x509.Certificate) {
	tb.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		tb.Fatal(err)
	}
	template.SerialNumber, template.NotBefore, template.NotAfter = serial, time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, c.key)
	if err != nil {
		tb.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), parsed
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func encodeKey(tb testing.TB, key *ecdsa.PrivateKey) []byte {
	tb.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// install writes the files of the server, for its user alone.
func (c *Certificates) install(dir string, attributes *syscall.SysProcAttr) error {
	var errs []error
	for name, content := range map[string][]byte{caFile: c.CA, serverCertFile: c.serverCert, serverKeyFile: c.serverKey} {
		path := filepath.Join(dir, name)
		errs = append(errs, os.WriteFile(path, content, 0o600))
		if owner := attributes.Credential; owner != nil {
			errs = append(errs, os.Chown(path, int(owner.Uid), int(owner.Gid)))
		}
	}
	return errors.Join(errs...)
}
