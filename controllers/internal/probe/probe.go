package probe

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

const (
	timeout = 5 * time.Second
	maxBody = 1 << 20
)

// ErrMismatch means that the server declares another issuer.
var ErrMismatch = errors.New("the discovery document shows another issuer")

// Connector opens the management API of a server.
type Connector interface {
	Connect(ctx context.Context, server *authv1alpha1.AuthorizationServer) (authlete.Management, error)
}

// HTTP probes over the network.
type HTTP struct {
	Connector Connector
	// Dial opens connections, and net.Dialer's does where it is nil.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Backend returns nil if the backend answers with the credentials that the pods have, too. At Authlete the settings of a
// service are its owner's business, in the API 2.x with credentials of their own: the list of clients is the service's.
func (p HTTP) Backend(ctx context.Context, server *authv1alpha1.AuthorizationServer) error {
	backend, err := p.Connector.Connect(ctx, server)
	if err != nil {
		return err
	}
	if server.Spec.Backend.Authlete != nil {
		_, err = backend.ClientList(ctx, 0, 1)
		return err
	}
	_, err = backend.ServiceGet(ctx)
	return err
}

// Discovery reads the discovery document through the Service and returns nil if it shows the declared issuer. Where the
// server serves TLS, its certificate is for the issuer's name and may be of any authority: what is proved here is that
// the Service leads to this server, clients prove the rest.
func (p HTTP) Discovery(ctx context.Context, server *authv1alpha1.AuthorizationServer) error {
	issuer, err := url.Parse(server.Spec.Issuer)
	if err != nil {
		return fmt.Errorf("parsing the issuer: %w", err)
	}
	target := url.URL{
		Scheme: "http", Host: fmt.Sprintf("%s.%s.svc:%d", server.Name, server.Namespace, server.Spec.EffectiveServicePort()),
		Path: issuer.Path + "/.well-known/openid-configuration",
	}
	transport := &http.Transport{DisableKeepAlives: true, Proxy: nil, DialContext: p.Dial}
	if server.Spec.TLS != nil {
		target.Scheme = "https"
		transport.TLSClientConfig = &tls.Config{ServerName: issuer.Hostname(), InsecureSkipVerify: true, MinVersion: tls.VersionTLS12} //nolint:gosec // see above
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return err
	}
	request.Host = issuer.Host
	// A redirect is not followed: it could lead to somebody else's document.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := (&http.Client{Transport: transport, Timeout: timeout, CheckRedirect: stay}).Do(request)
	if err != nil {
		return fmt.Errorf("reading discovery through the Service: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("reading discovery through the Service: status %d", response.StatusCode)
	}
	var document struct {
		Issuer string `json:"issuer"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxBody)).Decode(&document); err != nil {
		return fmt.Errorf("decoding the discovery document: %w", err)
	}
	if document.Issuer != server.Spec.Issuer {
		return fmt.Errorf("%w: %q", ErrMismatch, document.Issuer)
	}
	return nil
}
