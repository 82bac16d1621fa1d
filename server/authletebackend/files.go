package authletebackend

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"

	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/internal/authlete/httpclient"
	"github.com/authserver-dev/operator/server/config"
	"github.com/authserver-dev/operator/server/livefile"
)

// open reads credentials and certificates and builds the transport.
func (b *Backend) open(opts Options) error {
	c := opts.Config
	as, err := livefile.Open(livefile.Options[*credentials.Credentials]{
		Name: "authlete-credentials", Paths: []string{c.CredentialsDirectory}, Log: opts.Log,
		Load: func() (*credentials.Credentials, error) { return readCredentials(c.CredentialsDirectory) },
	})
	if err != nil {
		return err
	}
	b.read, b.files = as.Get, append(b.files, as)
	transport := httpclient.TransportOptions{ConnectTimeout: c.ConnectSeconds.Duration(), Connected: b.metrics.connections.Inc}
	if c.ProxyURL != "" {
		if transport.Proxy, err = url.Parse(c.ProxyURL); err != nil {
			return errors.New("parsing backend.authlete.proxyURL: it is no URL")
		}
	}
	if c.CAFile != "" {
		if transport.RootCAs, err = readAuthorities(c.CAFile); err != nil {
			return err
		}
	}
	if files := c.ClientCertificate; files != nil {
		certificate, err := livefile.OpenCertificate("authlete-client-certificate", files.CertFile, files.KeyFile, opts.Log)
		if err != nil {
			return err
		}
		transport.Certificate, b.files = certificate.Get, append(b.files, certificate)
	}
	b.transport = httpclient.NewTransport(transport)
	return nil
}

// readCredentials reads the files of a folder that are named after keys.
func readCredentials(folder string) (*credentials.Credentials, error) {
	data := map[string][]byte{}
	for _, key := range credentials.Keys() {
		content, err := config.ReadFile(filepath.Join(folder, key))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		data[key] = content
	}
	return credentials.Parse(data)
}

// readAuthorities reads certificates in PEM.
func readAuthorities(path string) (*x509.CertPool, error) {
	data, err := config.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading backend.authlete.caFile: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("reading backend.authlete.caFile: %s has no certificate in PEM", path)
	}
	return pool, nil
}
