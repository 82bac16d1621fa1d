// Package controllers registers every reconciler of the operator with a manager.
package controllers

import (
	"context"
	"fmt"
	"io"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/authserver-dev/operator/controllers/authorizationserver"
	"github.com/authserver-dev/operator/controllers/internal/apply"
	"github.com/authserver-dev/operator/controllers/internal/index"
	"github.com/authserver-dev/operator/controllers/internal/management"
	"github.com/authserver-dev/operator/controllers/internal/pace"
	"github.com/authserver-dev/operator/controllers/internal/probe"
	"github.com/authserver-dev/operator/controllers/oauthclient"
	"github.com/authserver-dev/operator/controllers/oauthuser"
)

// Options configure the reconcilers.
type Options struct {
	// ServerImage is the image of servers whose resource names none.
	ServerImage string
	Clock       func() time.Time
	Rand        io.Reader
	// Connector and Prober reach running servers; over the network where they are nil.
	Connector oauthclient.Connector
	Prober    authorizationserver.Prober
}

// SetupWithManager registers the indexes and the reconcilers.
func SetupWithManager(ctx context.Context, mgr ctrl.Manager, opts Options) error {
	if err := index.Register(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	applier := &apply.Applier{Client: mgr.GetClient(), Scheme: mgr.GetScheme(), Live: mgr.GetAPIReader()}
	if opts.Connector == nil {
		opts.Connector = &management.Connector{Client: mgr.GetClient(), Clock: opts.Clock}
	}
	if opts.Prober == nil {
		opts.Prober = probe.HTTP{Connector: opts.Connector}
	}
	// One pacer for all: a server's clients and its settings share the limits of its backend.
	pacer := pace.New(opts.Clock)
	reconcilers := map[string]interface{ SetupWithManager(mgr ctrl.Manager) error }{
		"AuthorizationServer": &authorizationserver.Reconciler{
			Client: mgr.GetClient(), Applier: applier, Recorder: mgr.GetEventRecorder("authorizationserver"),
			Prober: opts.Prober, Connector: opts.Connector, Clock: opts.Clock, Rand: opts.Rand, ServerImage: opts.ServerImage,
			Pacer: pacer,
		},
		"OAuthUser": &oauthuser.Reconciler{
			Client: mgr.GetClient(), Applier: applier, Recorder: mgr.GetEventRecorder("oauthuser"), Clock: opts.Clock, Rand: opts.Rand,
		},
		"OAuthClient": &oauthclient.Reconciler{
			Client: mgr.GetClient(), Applier: applier, Connector: opts.Connector, Recorder: mgr.GetEventRecorder("oauthclient"),
			Pacer: pacer, Clock: opts.Clock, Rand: opts.Rand,
		},
	}
	for kind, reconciler := range reconcilers {
		if err := reconciler.SetupWithManager(mgr); err != nil {
			return fmt.Errorf("setting up the %s reconciler: %w", kind, err)
		}
	}
	return nil
}
