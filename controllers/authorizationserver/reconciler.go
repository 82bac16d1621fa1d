package authorizationserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/apply"
	"github.com/authserver-dev/operator/controllers/internal/desired"
	"github.com/authserver-dev/operator/controllers/internal/index"
	"github.com/authserver-dev/operator/controllers/internal/pace"
	"github.com/authserver-dev/operator/controllers/internal/revocation"
	"github.com/authserver-dev/operator/controllers/internal/serverconfig"
	"github.com/authserver-dev/operator/controllers/internal/status"
	"github.com/authserver-dev/operator/internal/authlete"
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

// Connector opens the management API of a server.
type Connector interface {
	Connect(ctx context.Context, server *authv1alpha1.AuthorizationServer) (authlete.Management, error)
}

// Reconciler reconciles AuthorizationServers.
type Reconciler struct {
	Client client.Client
	// APIReader reads without a cache. SetupWithManager sets it.
	APIReader client.Reader
	Applier   *apply.Applier
	Recorder  events.EventRecorder
	Prober    Prober
	Connector Connector
	Clock     func() time.Time
	Rand      io.Reader
	// ServerImage is the image of servers whose resource names none.
	ServerImage string
	// Pacer gives turns at backends that limit the rate of calls. Required.
	Pacer *pace.Pacer

	// findings are those of the settings at Authlete. A new operator looks at every service once.
	findings memory[finding]
	// answers are those of Authlete to whether it works, refusals those to revoking tokens.
	answers, refusals memory[answer]
	// repairs counts repaired settings. SetupWithManager sets it.
	repairs *prometheus.CounterVec
}

// scope is what one reconcile knows. Later steps find what earlier ones have put there.
type scope struct {
	server *authv1alpha1.AuthorizationServer
	// input is complete when the objects are applied.
	input desired.Input
	// reloaded are the contents of Secrets of others that the running server reloads, by name and key.
	reloaded map[string][]byte
	// problem is what is wrong with things that the spec refers to; nil if nothing is.
	problem *problem
	// revocations are left to do; again is when to look at them.
	revocations [configv1alpha1.UserShards]revocation.Pending
	again       time.Duration
	// nextLook is when to look at the settings of the backend again, 0 for never.
	nextLook time.Duration
	// applied is the Deployment as it was applied, and pods are those that it has.
	applied client.Object
	pods    []corev1.Pod
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
	s := &scope{server: server, input: desired.Input{Server: server, DefaultImage: r.ServerImage}}
	err := r.reconcile(ctx, s)
	summarize(server)
	if patchErr := status.Patch(ctx, r.Client, before, server); patchErr != nil {
		return ctrl.Result{}, patchErr
	}
	status.Events(r.Recorder, before, server)
	if err != nil {
		return ctrl.Result{}, err
	}
	return result(s), nil
}

// result says when to look again.
func result(s *scope) ctrl.Result {
	wait := retryInterval
	switch {
	case s.again > 0:
		wait = s.again
	case status.IsTrue(s.server, authv1alpha1.ConditionReady), status.IsTrue(s.server, authv1alpha1.ConditionStalled):
		wait = checkInterval
	}
	if s.nextLook > 0 {
		wait = min(wait, s.nextLook)
	}
	return ctrl.Result{RequeueAfter: wait}
}

// step does one thing and says whether the next one makes sense.
type step struct {
	// name says what is done, as a message has it when it cannot be; the facts are then not so.
	name  string
	facts []string
	do    func(ctx context.Context, s *scope) (bool, error)
}

// steps are what a reconcile does, in order.
func (r *Reconciler) steps() []step {
	return []step{
		{"rendering the configuration", []string{authv1alpha1.ConditionConfigurationValid}, r.render},
		{"comparing the issuer with that of others", []string{authv1alpha1.ConditionIssuerUnique}, r.checkIssuer},
		{"reading what the spec refers to", []string{authv1alpha1.ConditionCredentialsReady}, r.readReferences},
		{"making the credentials", []string{authv1alpha1.ConditionCredentialsReady}, r.ensureCredentials},
		{"collecting the users", []string{authv1alpha1.ConditionUsersProjected}, r.collectUsers},
		{"finding out whose tokens to revoke", []string{authv1alpha1.ConditionUsersProjected}, r.findRevocations},
		{"writing the Secrets", []string{authv1alpha1.ConditionUsersProjected}, r.applySecrets},
		{"giving the pods the users", []string{authv1alpha1.ConditionUsersProjected}, r.refreshPods},
		{"revoking tokens", []string{authv1alpha1.ConditionUsersProjected}, r.revokeTokens},
		{"checking what the spec refers to", []string{authv1alpha1.ConditionCredentialsReady}, r.checkReferences},
		{"applying the objects", []string{authv1alpha1.ConditionAvailable}, r.apply},
		{"comparing the settings at the backend", []string{authv1alpha1.ConditionSettingsMatch}, r.checkSettings},
		{"observing the pods", []string{authv1alpha1.ConditionAvailable}, r.observe},
	}
}

// reconcile takes the steps in order until one says that the rest has to wait.
func (r *Reconciler) reconcile(ctx context.Context, s *scope) error {
	for _, next := range r.steps() {
		goOn, err := next.do(ctx, s)
		if err != nil {
			for _, fact := range next.facts {
				status.Fail(s.server, fact, next.name, err)
			}
			return err
		}
		if !goOn {
			return nil
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
		if other.UID != s.server.UID && other.Spec.Issuer == s.server.Spec.Issuer && index.Older(other, s.server) && other.DeletionTimestamp.IsZero() {
			status.Stall(s.server, authv1alpha1.ConditionIssuerUnique, authv1alpha1.ReasonIssuerConflict,
				fmt.Sprintf("AuthorizationServer %q in the namespace %q is older and has the issuer %q: choose another",
					other.Name, other.Namespace, s.server.Spec.Issuer))
			return false, nil
		}
	}
	status.Mark(s.server, authv1alpha1.ConditionIssuerUnique, true, authv1alpha1.ReasonUnique,
		fmt.Sprintf("no older AuthorizationServer in the namespace %q has the issuer", s.server.Namespace))
	return true, nil
}

// applySecrets writes the users and the credentials, which running pods take over.
func (r *Reconciler) applySecrets(ctx context.Context, s *scope) (bool, error) {
	return r.write(ctx, s, clientObjects(desired.Secrets(s.input)))
}

// apply writes all objects and deletes those that are not wanted any more.
func (r *Reconciler) apply(ctx context.Context, s *scope) (bool, error) {
	objects := clientObjects(desired.Build(s.input))
	if goOn, err := r.write(ctx, s, objects); !goOn {
		return false, err
	}
	for _, object := range objects {
		if deployment, ok := object.(*appsv1.Deployment); ok {
			s.applied = deployment
		}
	}
	kinds := []client.ObjectList{
		&policyv1.PodDisruptionBudgetList{}, &corev1.ServiceList{}, &appsv1.DeploymentList{}, &corev1.ConfigMapList{}, &corev1.SecretList{},
	}
	return true, r.Applier.Prune(ctx, s.server, objects, kinds...)
}

// write applies objects, and stops at one that is not the server's.
func (r *Reconciler) write(ctx context.Context, s *scope, objects []client.Object) (bool, error) {
	err := r.Applier.Apply(ctx, s.server, objects...)
	if foreign, ok := errors.AsType[*apply.NotOwnedError](err); ok {
		s.refuse(foreign)
		return false, nil
	}
	if errors.Is(err, apply.ErrLeftover) {
		status.Mark(s.server, authv1alpha1.ConditionAvailable, false, authv1alpha1.ReasonProgressing,
			"objects of a deleted AuthorizationServer of this name are still being removed")
		return false, nil
	}
	return err == nil, err
}

func clientObjects(objects []desired.Object) []client.Object {
	all := make([]client.Object, len(objects))
	for i := range objects {
		all[i] = objects[i]
	}
	return all
}

// refuse stops at an object of somebody else.
func (s *scope) refuse(foreign *apply.NotOwnedError) {
	if foreign.Kind == "Secret" {
		status.Stall(s.server, authv1alpha1.ConditionCredentialsReady, authv1alpha1.ReasonSecretNotOwned, foreign.Error())
		return
	}
	status.Stall(s.server, authv1alpha1.ConditionAvailable, authv1alpha1.ReasonReconcileError, foreign.Error())
}
