package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers"
	"github.com/authserver-dev/operator/internal/logging"
	"github.com/authserver-dev/operator/internal/version"
)

// serverImageEnv names the server image; OLM sets it from the bundle's related images.
const serverImageEnv = "RELATED_IMAGE_SERVER"

// options are the operator's flags.
type options struct {
	watchNamespaces, metricsAddress, probeAddress, serverImage, logLevel string
	leaderElect, showVersion                                             bool
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("operator", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.watchNamespaces, "watch-namespaces", "", "comma-separated `namespaces` to watch; empty watches all")
	flags.StringVar(&o.metricsAddress, "metrics-bind-address", ":8080", "`address` of the metrics; 0 switches them off")
	flags.StringVar(&o.probeAddress, "health-probe-bind-address", ":8081", "`address` of /healthz and /readyz")
	flags.StringVar(&o.serverImage, "server-image", os.Getenv(serverImageEnv), "`image` of servers whose resource names none; default from "+serverImageEnv)
	flags.StringVar(&o.logLevel, "log-level", "info", "debug, info, warn or error")
	flags.BoolVar(&o.leaderElect, "leader-elect", false, "let one of several replicas work at a time")
	flags.BoolVar(&o.showVersion, "version", false, "print the version and exit")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.serverImage == "" && !o.showVersion {
		return o, fmt.Errorf("no server image: set --server-image or %s", serverImageEnv)
	}
	return o, nil
}

// streams are those of the process.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run runs the operator until the context ends, or another command. Results go to std.out, everything else to std.err.
func run(ctx context.Context, args []string, std streams) error {
	command := ""
	if len(args) > 0 {
		command = args[0]
	}
	var err error
	switch command {
	case "import-django":
		err = importDjango(ctx, args[1:], std)
	case "import-authlete":
		err = importAuthlete(ctx, args[1:], std)
	case "request-token":
		err = requestToken(ctx, args[1:], std.out, std.err)
	default:
		err = operate(ctx, args, std.out, std.err)
	}
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	return err
}

// operate runs the operator until the context ends.
func operate(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if o.showVersion {
		_, err := fmt.Fprintln(stdout, version.String())
		return err
	}
	log, err := logging.New(stderr, "json", o.logLevel)
	if err != nil {
		return err
	}
	ctrl.SetLogger(logr.FromSlogHandler(log.Handler()))
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("finding the cluster: %w", err)
	}
	p, err := listenProbes(ctx, o.probeAddress, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	mgr, err := newManager(ctx, config, o.manager(), log)
	if err != nil {
		return err
	}
	if err := controllers.SetupWithManager(ctx, mgr, controllers.Options{ServerImage: o.serverImage, Clock: time.Now, Rand: rand.Reader}); err != nil {
		return err
	}
	if err := p.follow(mgr); err != nil {
		return fmt.Errorf("adding the readiness probe: %w", err)
	}
	log.InfoContext(ctx, "Starting", "version", version.String(), "serverImage", o.serverImage)
	return mgr.Start(ctx)
}

// retryInterval is how often an API server that does not answer is tried again.
const retryInterval = time.Second

// newManager waits for the API server: an operator that ends instead is restarted ever more slowly, and comes back late
// after an outage.
func newManager(ctx context.Context, config *rest.Config, opts ctrl.Options, log *slog.Logger) (ctrl.Manager, error) {
	for {
		mgr, err := ctrl.NewManager(config, opts)
		if err == nil {
			return mgr, nil
		}
		log.WarnContext(ctx, "Waiting for the API server", "error", err)
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("creating the manager: %w", err)
		case <-time.After(retryInterval):
		}
	}
}

// manager returns the options of the manager.
func (o options) manager() ctrl.Options {
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(authv1alpha1.AddToScheme(scheme))
	cached := cache.Options{
		DefaultTransform: cache.TransformStripManagedFields(),
		// Of all the pods of a cluster only the servers' matter.
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Pod{}: {Label: labels.SelectorFromSet(labels.Set{"app.kubernetes.io/managed-by": "authserver-operator"})},
		},
	}
	if o.watchNamespaces != "" {
		cached.DefaultNamespaces = map[string]cache.Config{}
		for namespace := range strings.SplitSeq(o.watchNamespaces, ",") {
			cached.DefaultNamespaces[strings.TrimSpace(namespace)] = cache.Config{}
		}
	}
	return ctrl.Options{
		Scheme: scheme, Cache: cached, Metrics: metricsserver.Options{BindAddress: o.metricsAddress}, HealthProbeBindAddress: "0", // served by probes
		LeaderElection: o.leaderElect, LeaderElectionID: "authserver-operator.authserver.dev", LeaderElectionReleaseOnCancel: true,
	}
}
