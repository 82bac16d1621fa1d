package livefile

import (
	"context"
	"crypto/tls"
	"log/slog"
)

// maxPEM bounds a file with a certificate chain or a key.
const maxPEM = 1 << 20

// File is a value without its type: what runs files and publishes whether they can be read.
type File interface {
	// Name returns the name of the value.
	Name() string
	// Healthy says whether the last reading worked.
	Healthy() bool
	// Run keeps the value up to date until the context ends.
	Run(ctx context.Context)
}

// OpenCertificate reads a certificate with its key, PEM, and follows changes of the files.
func OpenCertificate(name, certFile, keyFile string, log *slog.Logger) (*Value[*tls.Certificate], error) {
	return Open(Options[*tls.Certificate]{
		Name: name, Paths: []string{certFile, keyFile}, Log: log,
		Load: func() (*tls.Certificate, error) { return readCertificate(certFile, keyFile) },
	})
}

func readCertificate(certFile, keyFile string) (*tls.Certificate, error) {
	certificate, err := ReadFile(certFile, maxPEM)
	if err != nil {
		return nil, err
	}
	key, err := ReadFile(keyFile, maxPEM)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(certificate, key)
	return &pair, err
}
