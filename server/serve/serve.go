package serve

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/logging"
	"github.com/authserver-dev/operator/internal/memorylimit"
	"github.com/authserver-dev/operator/internal/version"
	"github.com/authserver-dev/operator/server"
	"github.com/authserver-dev/operator/server/authletebackend"
	"github.com/authserver-dev/operator/server/config"
	"github.com/authserver-dev/operator/server/embeddedbackend"
	"github.com/authserver-dev/operator/server/livefile"
	"github.com/authserver-dev/operator/server/ports"
	"github.com/authserver-dev/operator/server/users"
)

// Names of ports in the log and in metrics.
const (
	portPublic  = "public"
	portMetrics = "metrics"
)

// Run runs the server until the context ends. The log goes to stderr.
func Run(ctx context.Context, args []string, env func(string) string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("authserver", flag.ContinueOnError)
	flags.SetOutput(stderr)
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
		_, err := fmt.Fprintln(stdout, version.String())
		return err
	}
	settings, err := config.Load(*file)
	if err != nil {
		return err
	}
	buffer := newLogBuffer(stderr)
	defer buffer.Flush()
	log, err := logging.New(buffer, settings.Log.Format, settings.Log.Level)
	if err != nil {
		return err
	}
	log = slog.New(urgent{log.Handler(), buffer.Flush})
	memorylimit.Set(env, log)
	return serve(ctx, settings, log)
}

// backend answers the server's calls.
type backend interface {
	authlete.Runtime
	// Ready says whether it can serve.
	Ready(ctx context.Context) error
	// Run keeps it up to date until the context ends.
	Run(ctx context.Context)
	Close() error
	// Files are what Run keeps up to date on the disk.
	Files() []livefile.File
	// Collectors are its metrics.
	Collectors() []prometheus.Collector
	// Attributes describe it in the log.
	Attributes() []any
	// Ports are the ports that it serves beside those of the server.
	Ports() []ports.Port
}

// openBackend opens the backend that the configuration names.
func openBackend(ctx context.Context, settings *configv1alpha1.ServerConfig, people *users.Directory, log *slog.Logger) (backend, error) {
	if settings.Backend.Type == configv1alpha1.BackendAuthlete {
		return authletebackend.Open(authletebackend.Options{Config: settings.Backend.Authlete, Issuer: settings.Issuer, Log: log, Clock: time.Now})
	}
	return embeddedbackend.Open(ctx, embeddedbackend.Options{
		Config: settings, Service: server.Service(settings), Subjects: people, Log: log, Clock: time.Now,
	})
}

// serve opens the backend, builds the server and serves its ports.
func serve(ctx context.Context, settings *configv1alpha1.ServerConfig, log *slog.Logger) (err error) {
	people, err := users.Open(settings.Users.Directory, log)
	if err != nil {
		return err
	}
	served, err := openBackend(ctx, settings, people, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, served.Close()) }()
	srv, err := server.New(server.Deps{
		Config: settings, Users: people, Backend: served, BackendReady: served.Ready, Log: log, Clock: time.Now,
	})
	if err != nil {
		return err
	}
	listeners, err := ports.Open(append([]ports.Port{
		{
			Name: portPublic, Address: settings.Listen.Public, Handler: srv.Public(), TLS: settings.TLS,
			ClientCertificates: settings.ClientCertificates == configv1alpha1.ClientCertificatesRequest,
		},
		{Name: portMetrics, Address: settings.Listen.Metrics, Handler: srv.Metrics()},
	}, served.Ports()...), log)
	if err != nil {
		return err
	}
	srv.Observe(served.Collectors()...)
	files, addresses := served.Files(), []any(nil)
	for _, l := range listeners {
		files, addresses = append(files, l.Files()...), append(addresses, l.Name(), l.Address())
	}
	for _, file := range files {
		srv.WatchFiles(file.Name(), file.Healthy)
	}
	attributes := append([]any{"version", version.String(), "issuer", settings.Issuer}, served.Attributes()...)
	log.InfoContext(ctx, "Serving", append(attributes, slog.Group("listen", addresses...))...)
	drain := settings.Shutdown.DrainSeconds.Duration()
	return ports.Serve(ctx, listeners, ports.Stop{
		Drain: drain, Finish: settings.Shutdown.FinishSeconds.Duration(),
		Draining: func() {
			srv.Drain()
			log.InfoContext(ctx, "Draining", "seconds", int(drain.Seconds()))
		},
	}, srv.Run, served.Run)
}
