package authorizationserver

import (
	"context"
	"fmt"
	"io"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/apply"
	"github.com/authserver-dev/operator/controllers/internal/desired"
	"github.com/authserver-dev/operator/controllers/internal/serverconfig"
	"github.com/authserver-dev/operator/controllers/internal/status"
)

const (
	// retryInterval is how often a server that is not ready is looked at, besides what watches report; checkInterval how
	// often one that is.
	retryInterval = 2 * time.Second
	checkInterval = 5 * time.Minute
)

// Prober asks a running server whether it works.
type Prober interface {
	Backend(ctx context.Context, server *authv1alpha1.AuthorizationServer) error
	Discovery(ctx context.Context, server *authv1alpha1.AuthorizationServer) error
}

// Reconciler reconciles AuthorizationServers.
type Reconciler struct {
	Client   client.Client
	Applier  *apply.Applier
	Recorder events.EventRecorder
	Prober   Prober
	Clock    func() time.Time
	Rand     io.Reader
	// ServerImage is the image of servers whose resource names none.
	ServerImage string
}

// scope is what one reconcile knows. Later steps find what earlier ones have put there.
type scope struct {
	server *authv1alpha1.AuthorizationServer
	// input is complete when the objects are applied.
	input desired.Input
	// reloaded are the contents of Secrets of others that the running server reloads, by name and key.
	reloaded map[string][]byte
}

// summarized are the conditions that Ready sums up, in the order in which they come about.
func summarized() []string {
	return []string{
		authv1alpha1.ConditionConfigurationValid, authv1alpha1.ConditionIssuerUnique, authv1alpha1.ConditionCredentialsReady,
		authv1alpha1.ConditionUsersProjected, authv1alpha1.ConditionAvailable, authv1alpha1.ConditionBackendReachable,
		authv1alpha1.ConditionDiscoverable,
	}
}

// +kubebuilder:rbac:groups=apps,resources=deployments,verbs=create;delete;get;list;patch;watch
// +kubebuilder:rbac:groups=authserver.dev,resources=authorizationservers,verbs=get;list;watch
// +kubebuilder:rbac:groups=authserver.dev,resources=authorizationservers/finalizers,verbs=update
// +kubebuilder:rbac:groups=authserver.dev,resources=authorizationservers/status,verbs=patch
// +kubebuilder:rbac:groups=authserver.dev,resources=oauthclients;oauthusers,verbs=get;list;watch
// +kubebuilder:rbac:groups=core,resources=configmaps;persistentvolumeclaims;secrets;serviceaccounts;services,verbs=create;delete;get;list;patch;watch
// +kubebuilder:rbac:groups=core,resources=pods,verbs=get;list;patch;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=create;delete;get;list;patch;watch

// Reconcile brings one server up to date. Deleting it is left to owner references.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	server := &authv1alpha1.AuthorizationServer{}
	if err := r.Client.Get(ctx, req.NamespacedName, server); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !server.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	before := server.DeepCopy()
	status.Begin(server)
	err := r.reconcile(ctx, &scope{server: server, input: desired.Input{Server: server, DefaultImage: r.ServerImage}})
	status.Summarize(server, summarized()...)
	if patchErr := status.Patch(ctx, r.Client, before, server); patchErr != nil {
		return ctrl.Result{}, patchErr
	}
	status.Events(r.Recorder, before, server)
	return result(server), err
}

// result says when to look again.
func result(server *authv1alpha1.AuthorizationServer) ctrl.Result {
	switch {
	case status.IsTrue(server, authv1alpha1.ConditionReady):
		return ctrl.Result{RequeueAfter: checkInterval}
	case status.IsTrue(server, authv1alpha1.ConditionStalled):
		return ctrl.Result{}
	default:
		return ctrl.Result{RequeueAfter: retryInterval}
	}
}

// step does one thing and says whether the next one makes sense.
type step func(ctx context.Context, s *scope) (bool, error)

// reconcile takes the steps in order until one says that the rest has to wait.
func (r *Reconciler) reconcile(ctx context.Context, s *scope) error {
	steps := []step{r.render, r.checkIssuer, r.checkReferences, r.ensureCredentials, r.collectUsers, r.apply, r.refreshPods, r.observe}
	for _, next := range steps {
		goOn, err := next(ctx, s)
		if err != nil || !goOn {
			return err
		}
	}
	return nil
}

// render turns the spec into the server's configuration file.
func (r *Reconciler) render(_ context.Context, s *scope) (bool, error) {
	config, err := serverconfig.Render(s.server)
	if err != nil {
		status.Stall(s.server, authv1alpha1.ConditionConfigurationValid, authv1alpha1.ReasonInvalidSpec, err.Error())
		return false, nil
	}
	if s.input.ConfigYAML, err = serverconfig.YAML(config); err != nil {
		return false, err
	}
	s.server.Status.Endpoints = authv1alpha1.EndpointsOf(s.server.Spec.Issuer)
	status.Mark(s.server, authv1alpha1.ConditionConfigurationValid, true, authv1alpha1.ReasonValid, "the server accepts the configuration")
	return true, nil
}

// checkIssuer says whether an older server of the namespace has the issuer. The newer one waits and makes nothing.
func (r *Reconciler) checkIssuer(ctx context.Context, s *scope) (bool, error) {
	var servers authv1alpha1.AuthorizationServerList
	if err := r.Client.List(ctx, &servers, client.InNamespace(s.server.Namespace)); err != nil {
		return false, fmt.Errorf("listing AuthorizationServers: %w", err)
	}
	for i := range servers.Items {
		other := &servers.Items[i]
		if other.UID != s.server.UID && other.Spec.Issuer == s.server.Spec.Issuer && older(other, s.server) && other.DeletionTimestamp.IsZero() {
			status.Stall(s.server, authv1alpha1.ConditionIssuerUnique, authv1alpha1.ReasonIssuerConflict,
				fmt.Sprintf("AuthorizationServer %q is older and has the issuer %q: choose another", other.Name, s.server.Spec.Issuer))
			return false, nil
		}
	}
	status.Mark(s.server, authv1alpha1.ConditionIssuerUnique, true, authv1alpha1.ReasonUnique, "no older AuthorizationServer has the issuer")
	return true, nil
}

// older orders objects that were created within one second by name.
func older(a, b *authv1alpha1.AuthorizationServer) bool {
	if a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.Name < b.Name
	}
	return a.CreationTimestamp.Before(&b.CreationTimestamp)
}

// apply writes the objects and deletes those that are not wanted any more.
func (r *Reconciler) apply(ctx context.Context, s *scope) (bool, error) {
	var objects []client.Object
	for _, object := range desired.Build(s.input) {
		objects = append(objects, object)
	}
	if err := r.Applier.Apply(ctx, s.server, objects...); err != nil {
		return false, err
	}
	kinds := []client.ObjectList{
		&policyv1.PodDisruptionBudgetList{}, &corev1.ServiceList{}, &appsv1.DeploymentList{}, &corev1.ConfigMapList{}, &corev1.SecretList{},
	}
	return true, r.Applier.Prune(ctx, s.server, objects, kinds...)
}
