package oauthclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/apply"
	"github.com/authserver-dev/operator/controllers/internal/index"
	"github.com/authserver-dev/operator/controllers/internal/management"
	"github.com/authserver-dev/operator/controllers/internal/status"
	"github.com/authserver-dev/operator/internal/authlete"
)

const (
	// finalizer holds the object while its client is taken off the backend, which lies outside of the cluster's records.
	finalizer = "authserver.dev/client-registration"
	// giveUpAfter is how long a deletion waits for a backend that does not answer.
	giveUpAfter = 2 * time.Minute
	// retryInterval is how often a backend that does not answer is tried again, checkInterval how often a registered
	// client is compared with the declaration.
	retryInterval = 2 * time.Second
	checkInterval = 5 * time.Minute
)

// Connector opens the management API of a server.
type Connector interface {
	Connect(ctx context.Context, server *authv1alpha1.AuthorizationServer) (authlete.Management, error)
}

// Reconciler reconciles OAuthClients.
type Reconciler struct {
	Client    client.Client
	Applier   *apply.Applier
	Connector Connector
	Recorder  events.EventRecorder
	Clock     func() time.Time
	Rand      io.Reader
}

// summarized are the conditions that Ready sums up.
func summarized() []string {
	return []string{authv1alpha1.ConditionClientIDUnique, authv1alpha1.ConditionSecretReady, authv1alpha1.ConditionRegistered}
}

// +kubebuilder:rbac:groups=authserver.dev,resources=authorizationservers,verbs=get;list;watch
// +kubebuilder:rbac:groups=authserver.dev,resources=oauthclients,verbs=get;list;patch;watch
// +kubebuilder:rbac:groups=authserver.dev,resources=oauthclients/finalizers,verbs=update
// +kubebuilder:rbac:groups=authserver.dev,resources=oauthclients/status,verbs=patch
// +kubebuilder:rbac:groups=core,resources=pods,verbs=get;list;watch
// +kubebuilder:rbac:groups=core,resources=secrets,verbs=create;delete;get;list;patch;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile brings one client up to date.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	c := &authv1alpha1.OAuthClient{}
	if err := r.Client.Get(ctx, req.NamespacedName, c); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !c.DeletionTimestamp.IsZero() {
		return r.release(ctx, c)
	}
	if err := r.hold(ctx, c); err != nil {
		return ctrl.Result{}, err
	}
	before := c.DeepCopy()
	status.Begin(c)
	wait, err := r.reconcile(ctx, c)
	status.Summarize(c, summarized()...)
	if patchErr := status.Patch(ctx, r.Client, before, c); patchErr != nil {
		return ctrl.Result{}, patchErr
	}
	status.Events(r.Recorder, before, c)
	return ctrl.Result{RequeueAfter: wait}, err
}

// hold puts the finalizer on before anything is registered.
func (r *Reconciler) hold(ctx context.Context, c *authv1alpha1.OAuthClient) error {
	before := c.DeepCopy()
	if !controllerutil.AddFinalizer(c, finalizer) {
		return nil
	}
	if err := r.Client.Patch(ctx, c, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("adding the finalizer: %w", err)
	}
	return nil
}

// reconcile takes the steps in order and returns when to look again.
func (r *Reconciler) reconcile(ctx context.Context, c *authv1alpha1.OAuthClient) (time.Duration, error) {
	c.Status.ClientID = c.EffectiveClientID()
	unique, err := r.checkID(ctx, c)
	if err != nil || !unique {
		return 0, err
	}
	server, err := r.server(ctx, c)
	if err != nil {
		return 0, err
	}
	if server == nil {
		message := fmt.Sprintf("AuthorizationServer %q does not exist; it is waited for", c.Spec.ServerRef.Name)
		status.Mark(c, authv1alpha1.ConditionRegistered, false, authv1alpha1.ReasonServerNotFound, message)
		return 0, nil
	}
	secret, ok, err := r.ensureSecret(ctx, c, server)
	if err != nil || !ok {
		return 0, err
	}
	return r.register(ctx, c, server, secret)
}

// checkID says whether an older client has the client ID.
func (r *Reconciler) checkID(ctx context.Context, c *authv1alpha1.OAuthClient) (bool, error) {
	var others authv1alpha1.OAuthClientList
	err := r.Client.List(ctx, &others, client.InNamespace(c.Namespace), client.MatchingFields{index.ClientServer: c.Spec.ServerRef.Name})
	if err != nil {
		return false, fmt.Errorf("listing OAuthClients: %w", err)
	}
	for i := range others.Items {
		other := &others.Items[i]
		if other.UID != c.UID && other.EffectiveClientID() == c.EffectiveClientID() && older(other, c) {
			message := fmt.Sprintf("OAuthClient %q is older and has the client ID %q: choose another", other.Name, c.EffectiveClientID())
			status.Mark(c, authv1alpha1.ConditionClientIDUnique, false, authv1alpha1.ReasonClientIDConflict, message)
			return false, nil
		}
	}
	status.Mark(c, authv1alpha1.ConditionClientIDUnique, true, authv1alpha1.ReasonUnique, "no older OAuthClient has the client ID")
	return true, nil
}

// older orders objects that were created within one second by name.
func older(a, b *authv1alpha1.OAuthClient) bool {
	if a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.Name < b.Name
	}
	return a.CreationTimestamp.Before(&b.CreationTimestamp)
}

// server returns the client's server; nil if there is none.
func (r *Reconciler) server(ctx context.Context, c *authv1alpha1.OAuthClient) (*authv1alpha1.AuthorizationServer, error) {
	server := &authv1alpha1.AuthorizationServer{}
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: c.Namespace, Name: c.Spec.ServerRef.Name}, server)
	missing := apierrors.IsNotFound(err)
	if err != nil && !missing {
		return nil, fmt.Errorf("reading AuthorizationServer %s: %w", c.Spec.ServerRef.Name, err)
	}
	if missing || !server.DeletionTimestamp.IsZero() {
		return nil, nil //nolint:nilnil // no server is a regular outcome
	}
	return server, nil
}

// register brings the backend in line with the declaration.
func (r *Reconciler) register(
	ctx context.Context, c *authv1alpha1.OAuthClient, server *authv1alpha1.AuthorizationServer, secret string,
) (time.Duration, error) {
	backend, err := r.Connector.Connect(ctx, server)
	if err == nil {
		err = r.sync(ctx, c, backend, secret)
	}
	var refused *authlete.Error
	switch {
	case err == nil:
		return checkInterval, nil
	case errors.Is(err, errNotManaged):
		status.Stall(c, authv1alpha1.ConditionRegistered, authv1alpha1.ReasonNotManaged, err.Error())
		return 0, nil
	case errors.As(err, &refused) && (refused.Status == http.StatusBadRequest || refused.Status == http.StatusConflict):
		status.Stall(c, authv1alpha1.ConditionRegistered, authv1alpha1.ReasonRejected, refused.Result.ResultMessage)
		return checkInterval, nil
	case errors.As(err, &refused), errors.Is(err, management.ErrNoCredentials):
		status.Mark(c, authv1alpha1.ConditionRegistered, false, authv1alpha1.ReasonServerNotReady,
			"the management API of the server does not answer yet; it is tried again")
		return retryInterval, nil
	default:
		return 0, err
	}
}

// errNotManaged means that the backend has a client of the ID that the operator did not make.
var errNotManaged = errors.New("the backend has a client of this ID that is not marked as this OAuthClient's: choose another clientID")

// sync creates or updates the client, and imposes its secret.
func (r *Reconciler) sync(ctx context.Context, c *authv1alpha1.OAuthClient, backend authlete.Management, secret string) error {
	have, err := backend.ClientGet(ctx, c.EffectiveClientID())
	var refused *authlete.Error
	if errors.As(err, &refused) && refused.NotFound() {
		have, err = create(ctx, c, backend)
	}
	if err != nil {
		return err
	}
	if have.Developer != mark(c) {
		return errNotManaged
	}
	want, err := overlay(*have, c)
	if err != nil {
		return err
	}
	if differs(*have, want) {
		if _, err := backend.ClientUpdate(ctx, strconv.FormatInt(have.ClientID, 10), &want); err != nil {
			return err
		}
	}
	if secret != "" && have.ClientSecret != secret {
		request := &authlete.ClientSecretUpdateRequest{ClientSecret: secret}
		if _, err := backend.ClientSecretUpdate(ctx, strconv.FormatInt(have.ClientID, 10), request); err != nil {
			return err
		}
	}
	c.Status.BackendClientID = strconv.FormatInt(have.ClientID, 10)
	status.Mark(c, authv1alpha1.ConditionRegistered, true, authv1alpha1.ReasonRegistered, "the backend has the client as declared")
	return nil
}

func create(ctx context.Context, c *authv1alpha1.OAuthClient, backend authlete.Management) (*authlete.Client, error) {
	want, err := overlay(authlete.Client{}, c)
	if err != nil {
		return nil, err
	}
	return backend.ClientCreate(ctx, &want)
}

// release takes the client off the backend and lets the object go. It never holds a namespace for long: without a server
// there is nothing to do, and a backend that does not answer is given up visibly.
func (r *Reconciler) release(ctx context.Context, c *authv1alpha1.OAuthClient) (ctrl.Result, error) {
	if !controllerutil.ContainsFinalizer(c, finalizer) {
		return ctrl.Result{}, nil
	}
	if err := r.deregister(ctx, c); err != nil {
		if r.Clock().Sub(c.DeletionTimestamp.Time) < giveUpAfter {
			ctrl.LoggerFrom(ctx).Info("Waiting for the backend to take the client off", "reason", err.Error())
			return ctrl.Result{RequeueAfter: retryInterval}, nil
		}
		r.Recorder.Eventf(c, nil, corev1.EventTypeWarning, authv1alpha1.ReasonDeregistrationAbandoned, "Delete",
			"the backend did not answer for %s; a client %q may be left behind there", giveUpAfter, c.EffectiveClientID())
	}
	before := c.DeepCopy()
	controllerutil.RemoveFinalizer(c, finalizer)
	err := client.IgnoreNotFound(r.Client.Patch(ctx, c, client.MergeFrom(before)))
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("removing the finalizer: %w", err)
	}
	return ctrl.Result{}, nil
}

// deregister deletes the client at the backend, if it is ours.
func (r *Reconciler) deregister(ctx context.Context, c *authv1alpha1.OAuthClient) error {
	server, err := r.server(ctx, c)
	if err != nil || server == nil {
		return err
	}
	backend, err := r.Connector.Connect(ctx, server)
	if err != nil {
		return err
	}
	have, err := backend.ClientGet(ctx, c.EffectiveClientID())
	var refused *authlete.Error
	if errors.As(err, &refused) && refused.NotFound() {
		return nil
	}
	if err != nil || have.Developer != mark(c) {
		return err
	}
	return backend.ClientDelete(ctx, strconv.FormatInt(have.ClientID, 10))
}
