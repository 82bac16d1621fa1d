package sqlstore

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// TLSFiles name PEM files for connections to PostgreSQL. All are optional. They are read for each new connection, so that
// certificates can be replaced at any time.
type TLSFiles struct {
	// CAFile holds the certificates of the authorities that are trusted, and they alone. The server's certificate is then
	// always checked, its host name as well, unless the connection string says sslmode=verify-ca.
	CAFile string
	// CertFile and KeyFile hold a client certificate and its key.
	CertFile, KeyFile string
}

// errNoTLS means that TLS is configured, and the connection string forbids it.
var errNoTLS = errors.New("TLS files are configured, and the connection string does without TLS (sslmode=disable, or a Unix socket)")

func (f TLSFiles) configured() bool { return f.CAFile != "" || f.CertFile != "" }

// checkTLS refuses a connection string without TLS where TLS is configured, and files that cannot be used.
func checkTLS(config *pgx.ConnConfig, files TLSFiles) error { return files.apply(config.Copy()) }

// apply puts the files into the configuration of a connection. What the connection string says of host and sslmode stays,
// with two exceptions: there is no connection without TLS, and the server's certificate is checked where an authority is given.
func (f TLSFiles) apply(config *pgx.ConnConfig) error {
	if !f.configured() {
		return nil
	}
	authorities, err := f.authorities()
	if err != nil {
		return err
	}
	certificates, err := f.certificates()
	if err != nil {
		return err
	}
	ways := append([]*pgconn.FallbackConfig{{Host: config.Host, Port: config.Port, TLSConfig: config.TLSConfig}}, config.Fallbacks...)
	var secure []*pgconn.FallbackConfig
	for _, way := range ways {
		if way.TLSConfig == nil {
			continue
		}
		c := way.TLSConfig.Clone()
		if certificates != nil {
			c.Certificates = certificates
		}
		if authorities != nil {
			verify(c, way.Host, authorities)
		}
		secure = append(secure, &pgconn.FallbackConfig{Host: way.Host, Port: way.Port, TLSConfig: c})
	}
	if len(secure) == 0 {
		return errNoTLS
	}
	config.Host, config.Port, config.TLSConfig, config.Fallbacks = secure[0].Host, secure[0].Port, secure[0].TLSConfig, secure[1:]
	return nil
}

// verify has the server's certificate checked against the authorities, and for the host unless the connection string says
// sslmode=verify-ca, for which the driver has a check of its own.
func verify(c *tls.Config, host string, authorities *x509.CertPool) {
	c.RootCAs = authorities
	if c.VerifyPeerCertificate == nil {
		c.InsecureSkipVerify, c.ServerName = false, host
		return
	}
	c.VerifyPeerCertificate = nil
	c.VerifyConnection = func(state tls.ConnectionState) error {
		intermediates := x509.NewCertPool()
		for _, certificate := range state.PeerCertificates[1:] {
			intermediates.AddCert(certificate)
		}
		_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: authorities, Intermediates: intermediates})
		return err
	}
}

func (f TLSFiles) authorities() (*x509.CertPool, error) {
	if f.CAFile == "" {
		return nil, nil //nolint:nilnil // no authorities of its own: those of the connection string or the system
	}
	content, err := os.ReadFile(f.CAFile)
	if err != nil {
		return nil, fmt.Errorf("reading the authorities for PostgreSQL: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("reading the authorities for PostgreSQL: %s holds no PEM certificate", f.CAFile)
	}
	return pool, nil
}

func (f TLSFiles) certificates() ([]tls.Certificate, error) {
	if f.CertFile == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(f.CertFile, f.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("reading the client certificate for PostgreSQL: %w", err)
	}
	return []tls.Certificate{pair}, nil
}
