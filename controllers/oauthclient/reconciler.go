package oauthclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/apply"
	"github.com/authserver-dev/operator/controllers/internal/index"
	"github.com/authserver-dev/operator/controllers/internal/management"
	"github.com/authserver-dev/operator/controllers/internal/pace"
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
	// remoteRetryInterval is retryInterval for a backend that serves others, too.
	remoteRetryInterval = 10 * time.Second
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
	// APIReader reads without a cache. SetupWithManager sets it.
	APIReader client.Reader
	// Pacer gives the clients of a server turns at its backend.
	Pacer *pace.Pacer
	Clock func() time.Time
	Rand  io.Reader
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
	if err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: wait}, nil
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
	unique, err := r.checkID(ctx, c)
	if err != nil || !unique {
		return 0, err
	}
	server, err := r.server(ctx, c)
	if err != nil {
		return 0, err
	}
	if server == nil {
		message := fmt.Sprintf("AuthorizationServer %q does not exist in the namespace %q; it is waited for", c.Spec.ServerRef.Name, c.Namespace)
		status.Mark(c, authv1alpha1.ConditionRegistered, false, authv1alpha1.ReasonServerNotFound, message)
		return 0, nil
	}
	turn := turn{server: server}
	if c.Spec.Adopt != nil {
		err = r.adopt(ctx, c, &turn)
	} else {
		c.Status.ClientID = c.EffectiveClientID()
		err = r.registerOwn(ctx, c, &turn)
	}
	return r.outcome(c, &turn, err)
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
		if other.UID != c.UID && other.EffectiveClientID() == c.EffectiveClientID() && index.Older(other, c) {
			message := fmt.Sprintf("OAuthClient %q in the namespace %q is older and has the client ID %q: choose another",
				other.Name, other.Namespace, c.EffectiveClientID())
			status.Stall(c, authv1alpha1.ConditionClientIDUnique, authv1alpha1.ReasonClientIDConflict, message)
			return false, nil
		}
	}
	status.Mark(c, authv1alpha1.ConditionClientIDUnique, true, authv1alpha1.ReasonUnique,
		fmt.Sprintf("no older OAuthClient of the server in the namespace %q has the client ID", c.Namespace))
	return true, nil
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

// turn is one visit at the backend of a server.
type turn struct {
	server *authv1alpha1.AuthorizationServer
	// backend is there once the visit has begun.
	backend authlete.Management
	// wait is how long the visit has to wait for its turn.
	wait time.Duration
}

// errWait means that the backend is visited later.
var errWait = errors.New("waiting for a turn at the backend")

// begin connects to the backend, when it is the client's turn.
func (r *Reconciler) begin(ctx context.Context, c *authv1alpha1.OAuthClient, t *turn) error {
	if t.backend != nil {
		return nil
	}
	if t.shared() { // nobody limits the engine in the pods
		if t.wait = r.Pacer.Admit(t.server.UID, c.UID); t.wait > 0 {
			return errWait
		}
	}
	var err error
	t.backend, err = r.Connector.Connect(ctx, t.server)
	return err
}

// shared says whether the backend serves others than the objects of its namespace.
func (t *turn) shared() bool { return t.server.Spec.Backend.Type == authv1alpha1.BackendAuthlete }

// outcome says in the status how the visit ended, and when to come again.
func (r *Reconciler) outcome(c *authv1alpha1.OAuthClient, t *turn, err error) (time.Duration, error) {
	var foreign *notManagedError
	var missing *missingError
	refused, ok := errors.AsType[*authlete.Error](err)
	switch {
	case err == nil, errors.Is(err, errPostponed):
		return checkInterval, nil
	case errors.Is(err, errWait):
		return t.wait, nil
	case errors.As(err, &foreign):
		c.Status.Differences = nil
		status.Stall(c, authv1alpha1.ConditionRegistered, authv1alpha1.ReasonNotManaged, foreign.Error())
		return checkInterval, nil
	case errors.As(err, &missing):
		c.Status.Differences = nil
		status.Stall(c, authv1alpha1.ConditionRegistered, missing.reason, missing.message)
		return checkInterval, nil
	case ok:
		return r.refused(c, t, refused), nil
	case errors.Is(err, management.ErrNoCredentials):
		return r.away(c, t, authv1alpha1.ReasonServerNotReady, notAnswering), nil
	default:
		return 0, err
	}
}

const notAnswering = "the management API of the server does not answer yet; it is tried again"

// refused says in the status what the backend's refusal means, and returns when to ask again.
func (r *Reconciler) refused(c *authv1alpha1.OAuthClient, t *turn, refused *authlete.Error) time.Duration {
	switch refused.Status {
	case http.StatusBadRequest, http.StatusConflict:
		status.Stall(c, authv1alpha1.ConditionRegistered, authv1alpha1.ReasonRejected, refused.Result.ResultMessage)
		return checkInterval
	case http.StatusTooManyRequests:
		r.Pacer.Hold(t.server.UID, refused.RetryAfter)
		r.away(c, t, authv1alpha1.ReasonRateLimited, "the backend limits calls; it is asked again when it allows")
		return max(retryInterval, r.Pacer.Admit(t.server.UID, c.UID))
	default:
		return r.away(c, t, authv1alpha1.ReasonServerNotReady, notAnswering)
	}
}

// away records that the backend could not be asked, and returns when to try again. A client that a shared backend was given
// stays registered there while that is away; the engine in the pods may have lost it.
func (r *Reconciler) away(c *authv1alpha1.OAuthClient, t *turn, reason, message string) time.Duration {
	registered := meta.FindStatusCondition(c.Status.Conditions, authv1alpha1.ConditionRegistered)
	known := registered != nil && registered.Status == metav1.ConditionTrue && registered.ObservedGeneration == c.Generation
	if !t.shared() || !known {
		status.Mark(c, authv1alpha1.ConditionRegistered, false, reason, message)
	}
	if t.shared() {
		return remoteRetryInterval
	}
	return retryInterval
}

// release takes the client off the backend and lets the object go. It never holds a namespace for long: without a server
// there is nothing to do, and a backend that does not answer is given up visibly.
func (r *Reconciler) release(ctx context.Context, c *authv1alpha1.OAuthClient) (ctrl.Result, error) {
	if !controllerutil.ContainsFinalizer(c, finalizer) {
		return ctrl.Result{}, nil
	}
	t := &turn{}
	if err := r.deregister(ctx, c, t); err != nil {
		if r.Clock().Sub(c.DeletionTimestamp.Time) < giveUpAfter {
			ctrl.LoggerFrom(ctx).Info("Waiting for the backend to let the client go", "reason", err.Error())
			return ctrl.Result{RequeueAfter: max(retryInterval, t.wait)}, nil
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

// deregister deletes the client at the backend, or takes the mark off, if it is ours.
func (r *Reconciler) deregister(ctx context.Context, c *authv1alpha1.OAuthClient, t *turn) error {
	server, err := r.server(ctx, c)
	if err != nil || server == nil {
		return err
	}
	t.server = server
	if err := r.begin(ctx, c, t); err != nil {
		return err
	}
	have, err := owned(ctx, c, t.backend)
	if refused, ok := errors.AsType[*authlete.Error](err); ok && refused.Status == http.StatusTooManyRequests {
		r.Pacer.Hold(server.UID, refused.RetryAfter)
	}
	if err != nil || have == nil {
		return err
	}
	if c.Spec.EffectiveDeletionPolicy() == authv1alpha1.ClientDelete {
		return t.backend.ClientDelete(ctx, number(have))
	}
	have.Attributes = without(have.Attributes, authlete.AttributeOwner)
	if _, err := t.backend.ClientUpdate(ctx, number(have), have); err != nil {
		return err
	}
	r.Recorder.Eventf(c, nil, corev1.EventTypeNormal, authv1alpha1.ReasonRetained, "Delete", "the client %s stays at the backend", number(have))
	return nil
}
