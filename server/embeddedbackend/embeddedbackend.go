package embeddedbackend

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/server/config"
	"github.com/authserver-dev/operator/server/engine"
	"github.com/authserver-dev/operator/server/engine/httpapi"
	"github.com/authserver-dev/operator/server/livefile"
	"github.com/authserver-dev/operator/server/ports"
)

const (
	// startTimeout bounds the opening of the storage.
	startTimeout = 60 * time.Second
	// ticketSlack is how much longer a ticket lives than the page that it is for.
	ticketSlack = time.Minute
	// portManagement names the port in the log and in metrics.
	portManagement = "management"
	// managementService is the number of the one service that the engine has.
	managementService = "1"
)

// Options configure a Backend. All are required.
type Options struct {
	// Config has a backend of type Embedded.
	Config *configv1alpha1.ServerConfig
	// Service holds the settings of the service.
	Service authlete.Service
	// Subjects knows the people who may use the server.
	Subjects engine.Subjects
	Log      *slog.Logger
	Clock    func() time.Time
}

// Backend is the engine in this process.
type Backend struct {
	*engine.Engine

	opts Options
	// token is nil without a management API.
	token *livefile.Value[string]
}

// Open reads the files that the configuration names and opens the engine with its storage.
func Open(ctx context.Context, opts Options) (*Backend, error) {
	b, configured := &Backend{opts: opts}, opts.Config.Backend.Embedded
	var err error
	if management := configured.Management; management != nil {
		b.token, err = livefile.Open(livefile.Options[string]{
			Name: "management-token", Paths: []string{management.TokenFile}, Log: opts.Log,
			Load: func() (string, error) { return config.ReadSecret(management.TokenFile) },
		})
		if err != nil {
			return nil, err
		}
	}
	kek, err := config.ReadKey(configured.KeyEncryptionKeyFile)
	if err != nil {
		return nil, fmt.Errorf("reading the key encryption key: %w", err)
	}
	storage, err := storageOptions(configured.Storage)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	signing := configured.Signing
	b.Engine, err = engine.Open(ctx, engine.Options{
		Storage: storage, KEK: kek, Service: opts.Service, SigningAlgorithm: string(signing.Algorithm),
		Rotation: signing.RotationSeconds.Duration(), Publish: signing.PublishSeconds.Duration(), RotationRequest: signing.RotationRequest,
		Clock: opts.Clock, Rand: rand.Reader, Subjects: opts.Subjects, Log: opts.Log,
		// A page that can still be submitted must not find its ticket expired.
		TicketLifetime: opts.Config.Session.InteractionSeconds.Duration() + ticketSlack,
	})
	return b, err
}

func storageOptions(storage configv1alpha1.Storage) (engine.Storage, error) {
	switch storage.Type {
	case configv1alpha1.StorageSQLite:
		return engine.Storage{SQLitePath: storage.SQLite.Path}, nil
	case configv1alpha1.StoragePostgreSQL:
		connection, err := config.ReadSecret(storage.PostgreSQL.ConnectionFile)
		if err != nil {
			return engine.Storage{}, fmt.Errorf("reading the PostgreSQL connection string: %w", err)
		}
		files := engine.TLSFiles{CAFile: storage.PostgreSQL.CAFile}
		if pair := storage.PostgreSQL.ClientCertificate; pair != nil {
			files.CertFile, files.KeyFile = pair.CertFile, pair.KeyFile
		}
		return engine.Storage{PostgreSQL: connection, MaxConnections: int(storage.PostgreSQL.MaxConnections), TLS: files}, nil
	default:
		return engine.Storage{}, nil
	}
}

// Run keeps the engine and the files up to date until the context ends.
func (b *Backend) Run(ctx context.Context) {
	var group sync.WaitGroup
	for _, file := range b.Files() {
		group.Go(func() { file.Run(ctx) })
	}
	group.Go(func() { b.Engine.Run(ctx) })
	group.Wait()
}

// Files returns the files that Run keeps up to date.
func (b *Backend) Files() []livefile.File {
	if b.token == nil {
		return nil
	}
	return []livefile.File{b.token}
}

// Collectors returns the metrics of the backend: none.
func (*Backend) Collectors() []prometheus.Collector { return nil }

// Attributes describe the backend in the log.
func (b *Backend) Attributes() []any {
	return []any{"storage", string(b.opts.Config.Backend.Embedded.Storage.Type)}
}

// Ports returns the management port, if it is configured.
func (b *Backend) Ports() []ports.Port {
	if b.token == nil {
		return nil
	}
	return []ports.Port{{
		Name: portManagement, Address: b.opts.Config.Listen.Management, Handler: b.management(), TLS: &b.opts.Config.Backend.Embedded.Management.TLS,
	}}
}

// management serves the API of the operator.
func (b *Backend) management() http.Handler {
	accepted := func() []*credentials.Credentials {
		return []*credentials.Credentials{{Version: credentials.V3, ServiceID: managementService, AccessToken: b.token.Get()}}
	}
	return httpapi.New(httpapi.Options{Backend: b.Engine, Credentials: accepted, Log: b.opts.Log})
}
