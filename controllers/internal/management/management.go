// Package management connects to the management API of a server's backend. For
// the embedded engine that is the management port, reached through its Service
// with the credentials that the operator generated; for Authlete its Web API,
// with the credentials in the user's Secret.
//
// It knows nothing of conditions, and of calls only how they are authenticated.
package management

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/internal/authlete/httpclient"
)

const (
	// Port is the management port of a server's management Service.
	Port = 8443
	// ServiceID is the number of the one service that an embedded engine has.
	ServiceID = "1"
	timeout   = 5 * time.Second
)

// SecretName is the Secret with the management credentials of a server.
func SecretName(server string) string { return server + "-management" }

// ErrNoCredentials means that the operator has not made the credentials yet.
var ErrNoCredentials = errors.New("the management credentials are not there yet")

// Connector opens connections with credentials from the cluster. Those to Authlete are kept for the next time.
type Connector struct {
	// Client reads the Secret.
	Client client.Reader
	// Clock times calls. Required.
	Clock func() time.Time

	lines lines
}

// Connect returns the management API of a server.
func (c *Connector) Connect(ctx context.Context, server *authv1alpha1.AuthorizationServer) (authlete.Management, error) {
	if server.Spec.Backend.Authlete != nil {
		return c.connectAuthlete(ctx, server)
	}
	data, err := c.secret(ctx, server, SecretName(server.Name))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	token := string(data["token"])
	if token == "" || !pool.AppendCertsFromPEM(data["ca.crt"]) {
		return nil, ErrNoCredentials
	}
	host := fmt.Sprintf("%s.%s.svc", SecretName(server.Name), server.Namespace)
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: pool, ServerName: host, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: timeout, DisableKeepAlives: true, Proxy: nil,
	}
	as := &credentials.Credentials{
		Version: credentials.V3, BaseURL: fmt.Sprintf("https://%s:%d", host, Port), ServiceID: ServiceID, AccessToken: token,
	}
	return httpclient.New(httpclient.Options{
		Clock:       c.Clock,
		Credentials: func() *credentials.Credentials { return as }, HTTP: &http.Client{Transport: transport, Timeout: timeout},
	}), nil
}
