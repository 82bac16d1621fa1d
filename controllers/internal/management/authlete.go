package management

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/internal/authlete/httpclient"
)

// route is the way to Authlete: everything that connections depend on.
type route struct {
	Connect, Request     time.Duration
	ProxyURL             string
	CA, Certificate, Key []byte
	Base                 string
}

// connectAuthlete returns the Web API with the credentials of the Secret as it is now.
func (c *Connector) connectAuthlete(ctx context.Context, server *authv1alpha1.AuthorizationServer) (authlete.Management, error) {
	a := server.Spec.Backend.Authlete
	data, err := c.secret(ctx, server, a.CredentialsSecretRef.Name)
	if err != nil {
		return nil, err
	}
	as, err := credentials.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("reading Secret %s: %w", a.CredentialsSecretRef.Name, err)
	}
	way, err := c.route(ctx, server)
	if err != nil {
		return nil, err
	}
	way.Base = as.BaseURL
	sum, err := way.sum()
	if err != nil {
		return nil, err
	}
	transport, err := c.lines.get(server.UID, sum, way.transport)
	if err != nil {
		return nil, err
	}
	return httpclient.New(httpclient.Options{
		Credentials: func() *credentials.Credentials { return as }, HTTP: httpclient.NewHTTPClient(transport, way.Request), Clock: c.Clock,
	}), nil
}

// route reads what the way to Authlete needs.
func (c *Connector) route(ctx context.Context, server *authv1alpha1.AuthorizationServer) (*route, error) {
	a := server.Spec.Backend.Authlete
	way := &route{
		Connect: time.Duration(a.EffectiveConnectTimeoutSeconds()) * time.Second,
		Request: time.Duration(a.EffectiveRequestTimeoutSeconds()) * time.Second, ProxyURL: a.ProxyURL,
	}
	if ref := a.TLS.CASecretRef; ref != nil {
		data, err := c.secret(ctx, server, ref.Name)
		if err != nil {
			return nil, err
		}
		way.CA = data[ref.KeyOr(authv1alpha1.DefaultCAKey)]
		if len(way.CA) == 0 {
			return nil, fmt.Errorf("reading Secret %s: %w", ref.Name, ErrNoCredentials)
		}
	}
	if ref := a.TLS.ClientCertificateSecretRef; ref != nil {
		data, err := c.secret(ctx, server, ref.Name)
		if err != nil {
			return nil, err
		}
		way.Certificate, way.Key = data[corev1.TLSCertKey], data[corev1.TLSPrivateKeyKey]
		if len(way.Certificate) == 0 {
			return nil, fmt.Errorf("reading Secret %s: %w", ref.Name, ErrNoCredentials)
		}
	}
	return way, nil
}

// secret returns the content of a Secret in the namespace of the server.
func (c *Connector) secret(ctx context.Context, server *authv1alpha1.AuthorizationServer, name string) (map[string][]byte, error) {
	var secret corev1.Secret
	err := c.Client.Get(ctx, types.NamespacedName{Namespace: server.Namespace, Name: name}, &secret)
	switch {
	case err == nil:
		return secret.Data, nil
	case client.IgnoreNotFound(err) == nil:
		return nil, fmt.Errorf("reading Secret %s: %w", name, ErrNoCredentials)
	default:
		return nil, fmt.Errorf("reading Secret %s: %w", name, err)
	}
}

// sum identifies a route. Credentials are no part of it: they are sent with each call, not with a connection.
func (w *route) sum() ([sha256.Size]byte, error) {
	text, err := json.Marshal(w)
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("encoding the way to Authlete: %w", err)
	}
	return sha256.Sum256(text), nil
}

// transport makes the connections of a route.
func (w *route) transport() (*http.Transport, error) {
	options := httpclient.TransportOptions{ConnectTimeout: w.Connect}
	if w.ProxyURL != "" {
		proxy, err := url.Parse(w.ProxyURL)
		if err != nil {
			return nil, fmt.Errorf("parsing spec.backend.authlete.proxyURL: %w", err)
		}
		options.Proxy = proxy
	}
	if len(w.CA) > 0 {
		options.RootCAs = x509.NewCertPool()
		if !options.RootCAs.AppendCertsFromPEM(w.CA) {
			return nil, fmt.Errorf("reading the authorities for Authlete: %w", ErrNoCredentials)
		}
	}
	if len(w.Certificate) > 0 {
		certificate, err := tls.X509KeyPair(w.Certificate, w.Key)
		if err != nil {
			return nil, fmt.Errorf("reading the client certificate for Authlete: %w", err)
		}
		options.Certificate = func() *tls.Certificate { return &certificate }
	}
	return httpclient.NewTransport(options), nil
}
