package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/logging"
	"github.com/authserver-dev/operator/internal/version"
	"github.com/authserver-dev/operator/server"
	remotebackend "github.com/authserver-dev/operator/server/backend"
	"github.com/authserver-dev/operator/server/config"
	"github.com/authserver-dev/operator/server/engine"
)

// streams are those of the process: results go to out, everything else to err.
type streams struct{ out, err io.Writer }

// startTimeout bounds the way to the first listener, the database included.
const startTimeout = 60 * time.Second

// run runs a command until the context ends: "serve", which is the default, or "engine".
func run(ctx context.Context, args []string, env func(string) string, std streams) error {
	if len(args) > 0 && args[0] == "engine" {
		return runEngine(ctx, args[1:], env, std)
	}
	if len(args) > 0 && args[0] == "serve" {
		args = args[1:]
	}
	flags := flag.NewFlagSet("authserver", flag.ContinueOnError)
	flags.SetOutput(std.err)
	file := flags.String("config", configv1alpha1.ConfigFile, "configuration `file` (config.authserver.dev/v1alpha1, kind ServerConfig)")
	showVersion := flags.Bool("version", false, "print the version and exit")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unknown argument %q: the commands are serve, whose settings are in the configuration file, and engine", flags.Arg(0))
	}
	if *showVersion {
		_, err := fmt.Fprintln(std.out, version.String())
		return err
	}
	settings, err := config.Load(*file)
	if err != nil {
		return err
	}
	buffer := newLogBuffer(std.err)
	defer buffer.Flush()
	log, err := logging.New(buffer, settings.Log.Format, settings.Log.Level)
	if err != nil {
		return err
	}
	log = slog.New(urgent{log.Handler(), buffer.Flush})
	if env("GOMEMLIMIT") == "" { // the runtime reads it by itself
		limitMemory(log)
	}
	return serve(ctx, settings, log)
}

// backend answers the server's calls.
type backend interface {
	authlete.Runtime
	// Ready says whether it can serve.
	Ready(ctx context.Context) error
	// Run keeps it going until the context ends.
	Run(ctx context.Context)
	Close() error
}

// serve opens the backend, builds the server and listens.
func serve(ctx context.Context, settings *configv1alpha1.ServerConfig, log *slog.Logger) (err error) {
	var (
		embedded *engine.Engine
		remote   *remotebackend.Backend
		served   backend
	)
	if settings.Backend.Type == configv1alpha1.BackendAuthlete {
		remote, err = remotebackend.Open(remotebackend.Options{Config: settings.Backend.Authlete, Issuer: settings.Issuer, Log: log, Clock: time.Now})
		served = remote
	} else {
		embedded, err = openEngine(ctx, settings, log)
		served = embedded
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, served.Close()) }()
	srv, err := server.New(server.Deps{Config: settings, Backend: served, BackendReady: served.Ready, Log: log, Clock: time.Now})
	if err != nil {
		return err
	}
	attributes := []any{"version", version.String(), "issuer", settings.Issuer}
	if remote != nil {
		srv.Observe(remote.Collectors()...)
		for _, file := range remote.Files() {
			srv.WatchFiles(file.Name(), file.Healthy)
		}
		attributes = append(attributes, remote.Attributes()...)
	} else {
		attributes = append(attributes, "storage", string(settings.Backend.Embedded.Storage.Type))
	}
	listeners, err := listen(settings, srv, embedded, log)
	if err != nil {
		return err
	}
	log.InfoContext(ctx, "Serving", append(attributes, slog.Group("listen", listeners.addresses...))...)
	return listeners.run(ctx, srv, served)
}

// ticketSlack is how much longer a ticket lives than the page that it is for.
const ticketSlack = time.Minute

// openEngine opens the embedded engine with its store.
func openEngine(ctx context.Context, settings *configv1alpha1.ServerConfig, log *slog.Logger) (*engine.Engine, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	embedded := settings.Backend.Embedded
	kek, err := config.ReadKey(embedded.KeyEncryptionKeyFile)
	if err != nil {
		return nil, fmt.Errorf("reading the key encryption key: %w", err)
	}
	storage, err := storageOptions(embedded.Storage)
	if err != nil {
		return nil, err
	}
	return engine.Open(ctx, engine.Options{
		Storage: storage, KEK: kek, Service: server.Service(settings), SigningAlgorithm: string(embedded.Signing.Algorithm),
		Rotation:        embedded.Signing.RotationSeconds.Duration(),
		Publish:         embedded.Signing.PublishSeconds.Duration(),
		RotationRequest: embedded.Signing.RotationRequest,
		Clock:           time.Now, Rand: rand.Reader, Log: log,
		// A page that can still be submitted must not find its ticket expired.
		TicketLifetime: settings.Session.InteractionSeconds.Duration() + ticketSlack,
	})
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
		return engine.Storage{PostgreSQL: connection, MaxConnections: int(storage.PostgreSQL.MaxConnections)}, nil
	default:
		return engine.Storage{}, nil
	}
}
