package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/internal/authlete/httpclient"
	"github.com/authserver-dev/operator/internal/password"
)

const (
	userPassword = "bench-password-value"
	callerSecret = "bench-introspection-secret"
	managerToken = "bench-management-token-of-some-length"
	redirect     = "https://app.example.com/callback"
)

// server measures the real server on a storage.
func (b *bench) server(ctx context.Context, storage string) error {
	t, err := b.prepare(storage, func(t *target, c *configv1alpha1.ServerConfig) error { return b.embedded(storage, t, c) })
	if err != nil {
		return err
	}
	p, err := start(t.ready(ctx), filepath.Join(t.dir, "log"), b.binary, "--config", filepath.Join(t.dir, "config.yaml"))
	if err != nil {
		return err
	}
	defer p.stop()
	fmt.Printf("%-44s %10.1f ms\n", storage+": start to ready", float64(p.ready.Microseconds())/1000)
	time.Sleep(time.Second)
	fmt.Printf("%-44s %10.1f MiB\n", storage+": resident, idle", p.resident())
	client, err := t.register(ctx)
	if err != nil {
		return err
	}
	app := http.Header{"Authorization": {basic("app", client.ClientSecret)}}
	tokens := repeated(wire(http.MethodPost, "/api/token", "grant_type=client_credentials", app))
	if err := b.report(ctx, storage+": client credentials", t.public, p, tokens); err != nil {
		return err
	}
	if err := b.introspection(ctx, storage, t, p, client); err != nil {
		return err
	}
	if err := b.codes(ctx, storage, t, p, client); err != nil {
		return err
	}
	if storage != "memory" {
		return nil
	}
	discovery := repeated(wire(http.MethodGet, "/.well-known/openid-configuration", "", nil))
	if err := b.report(ctx, storage+": discovery", t.public, p, discovery); err != nil {
		return err
	}
	if err := b.logins(ctx, storage, t, p); err != nil {
		return err
	}
	fmt.Printf("%-44s %10.1f MiB\n", storage+": resident, after the load", p.resident())
	return nil
}

// target is a server with its files.
type target struct {
	dir, public, management, metrics string
	ca                               []byte
}

func (t *target) ready(ctx context.Context) func() bool {
	return func() bool {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+t.metrics+"/readyz", http.NoBody)
		if err != nil {
			return false
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	}
}

// prepare writes the files of a server with the backend that configure chooses.
func (b *bench) prepare(name string, configure func(*target, *configv1alpha1.ServerConfig) error) (*target, error) {
	t := &target{dir: filepath.Join(b.dir, name)}
	if err := os.MkdirAll(filepath.Join(t.dir, "users"), 0o700); err != nil {
		return nil, err
	}
	for _, address := range []*string{&t.public, &t.management, &t.metrics} {
		var err error
		if *address, err = freeAddress(); err != nil {
			return nil, err
		}
	}
	c := &configv1alpha1.ServerConfig{
		TypeMeta: metav1.TypeMeta{APIVersion: configv1alpha1.APIVersion, Kind: configv1alpha1.KindServerConfig},
		Issuer:   "http://" + t.public, Listen: configv1alpha1.Listen{Public: t.public, Management: t.management, Metrics: t.metrics},
		Service: configv1alpha1.Service{Tokens: configv1alpha1.Tokens{AuthorizationCodeSeconds: 600}},
		Session: configv1alpha1.Session{KeyRingFile: filepath.Join(t.dir, "ring")},
		Users:   configv1alpha1.Users{Directory: filepath.Join(t.dir, "users")},
		Introspection: configv1alpha1.Introspection{
			Callers: []configv1alpha1.IntrospectionCaller{{Name: "api", SecretFile: filepath.Join(t.dir, "caller")}},
		},
	}
	if err := configure(t, c); err != nil {
		return nil, err
	}
	if err := t.write(c); err != nil {
		return nil, err
	}
	return t, nil
}

// embedded configures the embedded engine; PostgreSQL is the one that TEST_POSTGRES_URL names, or one that is started.
func (b *bench) embedded(storage string, t *target, c *configv1alpha1.ServerConfig) error {
	c.Backend = configv1alpha1.Backend{Type: configv1alpha1.BackendEmbedded, Embedded: &configv1alpha1.EmbeddedBackend{
		KeyEncryptionKeyFile: filepath.Join(t.dir, "kek"), Signing: configv1alpha1.Signing{Algorithm: configv1alpha1.SigningES256},
		Management: &configv1alpha1.Management{
			TokenFile: filepath.Join(t.dir, "token"), TLS: configv1alpha1.TLSFiles{CertFile: filepath.Join(t.dir, "crt"), KeyFile: filepath.Join(t.dir, "key")},
		},
	}}
	s := &c.Backend.Embedded.Storage
	switch storage {
	case "sqlite":
		*s = configv1alpha1.Storage{Type: configv1alpha1.StorageSQLite, SQLite: &configv1alpha1.SQLiteStorage{Path: filepath.Join(t.dir, "db")}}
	case "postgresql":
		url, stop, err := startPostgreSQL()
		if err != nil {
			return err
		}
		b.cleanup = append([]func(){stop}, b.cleanup...)
		path := filepath.Join(t.dir, "url")
		*s = configv1alpha1.Storage{Type: configv1alpha1.StoragePostgreSQL, PostgreSQL: &configv1alpha1.PostgreSQLStorage{ConnectionFile: path}}
		return os.WriteFile(path, []byte(url), 0o600)
	default:
		s.Type = configv1alpha1.StorageMemory
	}
	return nil
}

// write writes configuration, credentials and one user.
func (t *target) write(c *configv1alpha1.ServerConfig) error {
	config, err := yaml.Marshal(c)
	if err != nil {
		return err
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	ring, err := json.Marshal(configv1alpha1.KeyRing{Keys: []configv1alpha1.SealKey{{ID: "k", Key: key}}})
	if err != nil {
		return err
	}
	hash, err := password.Hash(rand.Reader, userPassword)
	if err != nil {
		return err
	}
	users, err := json.Marshal(configv1alpha1.UserList{
		TypeMeta: metav1.TypeMeta{APIVersion: configv1alpha1.APIVersion, Kind: configv1alpha1.KindUserList},
		Users:    []configv1alpha1.User{{Subject: "1", Username: "alice", PasswordHash: hash}},
	})
	if err != nil {
		return err
	}
	certificate, private, err := selfSigned()
	if err != nil {
		return err
	}
	t.ca = certificate
	for name, content := range map[string][]byte{
		"config.yaml": config, "ring": ring, "kek": []byte(base64.StdEncoding.EncodeToString(key)), "token": []byte(managerToken),
		"caller": []byte(callerSecret), "users/users-00.json": users, "crt": certificate, "key": private,
	} {
		if err := os.WriteFile(filepath.Join(t.dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// register registers the client "app" through the management port.
func (t *target) register(ctx context.Context) (*authlete.Client, error) {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(t.ca)
	as := &credentials.Credentials{Version: credentials.V3, BaseURL: "https://" + t.management, ServiceID: "1", AccessToken: managerToken}
	manager := httpclient.New(httpclient.Options{
		Clock:       time.Now,
		Credentials: func() *credentials.Credentials { return as },
		HTTP:        &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}},
	})
	return manager.ClientCreate(ctx, &authlete.Client{
		ClientIDAlias: "app", RedirectURIs: []string{redirect}, ResponseTypes: []authlete.ResponseType{authlete.ResponseCode},
		GrantTypes: []authlete.GrantType{authlete.GrantAuthorizationCode, authlete.GrantRefreshToken, authlete.GrantClientCredentials},
	})
}

func selfSigned() (certificate, private []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return certificate, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), nil
}

func basic(user, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+secret))
}
