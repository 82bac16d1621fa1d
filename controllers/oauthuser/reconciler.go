package oauthuser

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/apply"
	"github.com/authserver-dev/operator/controllers/internal/index"
	"github.com/authserver-dev/operator/controllers/internal/shard"
	"github.com/authserver-dev/operator/controllers/internal/status"
)

// Reconciler reconciles OAuthUsers.
type Reconciler struct {
	Client   client.Client
	Applier  *apply.Applier
	Recorder events.EventRecorder
	Clock    func() time.Time
	Rand     io.Reader
}

// summarized are the conditions that Ready sums up.
func summarized() []string {
	return []string{
		authv1alpha1.ConditionUsernameUnique, authv1alpha1.ConditionClaimsValid, authv1alpha1.ConditionPasswordReady, authv1alpha1.ConditionProjected,
	}
}

// +kubebuilder:rbac:groups=authserver.dev,resources=authorizationservers,verbs=get;list;watch
// +kubebuilder:rbac:groups=authserver.dev,resources=oauthusers,verbs=get;list;watch
// +kubebuilder:rbac:groups=authserver.dev,resources=oauthusers/status,verbs=patch
// +kubebuilder:rbac:groups=core,resources=secrets,verbs=create;delete;get;list;patch;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile brings one user up to date.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	user := &authv1alpha1.OAuthUser{}
	if err := r.Client.Get(ctx, req.NamespacedName, user); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !user.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil // the hash Secret goes with its owner, the shard entry when the server is reconciled
	}
	before := user.DeepCopy()
	status.Begin(user)
	err := r.reconcile(ctx, user)
	status.Summarize(user, summarized()...)
	if patchErr := status.Patch(ctx, r.Client, before, user); patchErr != nil {
		return ctrl.Result{}, patchErr
	}
	status.Events(r.Recorder, before, user)
	return ctrl.Result{}, err
}

// reconcile takes the steps in order; the first that cannot be taken ends them.
func (r *Reconciler) reconcile(ctx context.Context, user *authv1alpha1.OAuthUser) error {
	user.Status.Server = user.Spec.ServerRef.Name
	user.Status.Subject = user.EffectiveSubject()
	unique, err := r.checkNames(ctx, user)
	if err != nil {
		return err
	}
	if problem := reserved(user); problem != "" {
		status.Stall(user, authv1alpha1.ConditionClaimsValid, authv1alpha1.ReasonReservedClaim, problem)
	} else {
		status.Mark(user, authv1alpha1.ConditionClaimsValid, true, authv1alpha1.ReasonSucceeded, "the claims can be put into tokens")
	}
	if err := r.ensureHash(ctx, user); err != nil {
		return err
	}
	return r.observeProjection(ctx, user, unique)
}

// checkNames says whether an older user has the username or the subject.
func (r *Reconciler) checkNames(ctx context.Context, user *authv1alpha1.OAuthUser) (bool, error) {
	var others authv1alpha1.OAuthUserList
	err := r.Client.List(ctx, &others, client.InNamespace(user.Namespace), client.MatchingFields{index.UserServer: user.Spec.ServerRef.Name})
	if err != nil {
		return false, fmt.Errorf("listing OAuthUsers: %w", err)
	}
	reason, message := conflict(user, others.Items)
	if reason != "" {
		status.Stall(user, authv1alpha1.ConditionUsernameUnique, reason, message)
		return false, nil
	}
	status.Mark(user, authv1alpha1.ConditionUsernameUnique, true, authv1alpha1.ReasonUnique,
		fmt.Sprintf("no older OAuthUser of the server in the namespace %q has the username or the subject", user.Namespace))
	return true, nil
}

// observeProjection says whether the server's Secrets hold the user as the spec wants it.
func (r *Reconciler) observeProjection(ctx context.Context, user *authv1alpha1.OAuthUser, unique bool) error {
	no := func(reason, message string) error {
		status.Mark(user, authv1alpha1.ConditionProjected, false, reason, message)
		return nil
	}
	var server authv1alpha1.AuthorizationServer
	name := user.Spec.ServerRef.Name
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: user.Namespace, Name: name}, &server)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("reading AuthorizationServer %s: %w", name, err)
	}
	if err != nil {
		return no(authv1alpha1.ReasonServerNotFound, fmt.Sprintf("AuthorizationServer %q does not exist in the namespace %q; it is waited for", name, user.Namespace))
	}
	if !unique {
		return no(authv1alpha1.ReasonConflict, "the user is not given to the server while another has its names")
	}
	selected, err := shard.Selected(&server, user)
	if err != nil || !selected {
		return no(authv1alpha1.ReasonNotSelected, fmt.Sprintf("spec.users.selector of AuthorizationServer %q does not pick the user", name))
	}
	projected, err := r.projected(ctx, user)
	if err != nil {
		return err
	}
	if !projected {
		return no(authv1alpha1.ReasonProgressing, "the server has not been given the user yet")
	}
	status.Mark(user, authv1alpha1.ConditionProjected, true, authv1alpha1.ReasonProjected, "the server has the user")
	return nil
}

// projected compares the shard's entry with what the spec and the hash say.
func (r *Reconciler) projected(ctx context.Context, user *authv1alpha1.OAuthUser) (bool, error) {
	number := configv1alpha1.Shard(user.EffectiveSubject())
	var secret, hash corev1.Secret
	key := types.NamespacedName{Namespace: user.Namespace, Name: shard.SecretName(user.Spec.ServerRef.Name, number)}
	if err := r.Client.Get(ctx, key, &secret); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	if user.Spec.Password != nil {
		key.Name = HashSecretName(user.Name)
		if err := r.Client.Get(ctx, key, &hash); err != nil {
			return false, client.IgnoreNotFound(err)
		}
	}
	var list configv1alpha1.UserList
	if err := json.Unmarshal(secret.Data[configv1alpha1.ShardFile(number)], &list); err != nil {
		return false, nil //nolint:nilerr // the server's reconciler writes it anew
	}
	for _, entry := range list.Users {
		if entry.Subject == user.EffectiveSubject() {
			return entry.Username == user.Spec.Username && entry.Disabled == !user.Spec.EffectiveActive() &&
				entry.PasswordHash == string(hash.Data[HashKey]), nil
		}
	}
	return false, nil
}

// SetupWithManager registers the reconciler.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("oauthuser").
		For(&authv1alpha1.OAuthUser{}).
		Owns(&corev1.Secret{}).
		Watches(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.usersOfSecret)).
		Watches(&authv1alpha1.AuthorizationServer{}, handler.EnqueueRequestsFromMapFunc(r.usersOfServer)).
		Watches(&authv1alpha1.OAuthUser{}, handler.EnqueueRequestsFromMapFunc(r.rivals)).
		Complete(r)
}

// usersOfSecret maps a password Secret, a hash Secret, or a shard of a server, to the users that it concerns.
func (r *Reconciler) usersOfSecret(ctx context.Context, secret client.Object) []reconcile.Request {
	requests := r.find(ctx, secret.GetNamespace(), index.UserSecret, secret.GetName(), nil)
	if user, ok := strings.CutSuffix(secret.GetName(), hashSuffix); ok { // somebody else's may have been in the way
		requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Namespace: secret.GetNamespace(), Name: user}})
	}
	if server, number, ok := shard.ParseSecretName(secret.GetName()); ok {
		requests = append(requests, r.find(ctx, secret.GetNamespace(), index.UserServer, server, func(u *authv1alpha1.OAuthUser) bool {
			return configv1alpha1.Shard(u.EffectiveSubject()) == number
		})...)
	}
	return requests
}

func (r *Reconciler) usersOfServer(ctx context.Context, server client.Object) []reconcile.Request {
	return r.find(ctx, server.GetNamespace(), index.UserServer, server.GetName(), nil)
}

// rivals maps a user to those that want its names: one of them may have them when this one goes.
func (r *Reconciler) rivals(ctx context.Context, object client.Object) []reconcile.Request {
	user, ok := object.(*authv1alpha1.OAuthUser)
	if !ok {
		return nil
	}
	return r.find(ctx, user.Namespace, index.UserServer, user.Spec.ServerRef.Name, func(other *authv1alpha1.OAuthUser) bool {
		sameNames := other.Spec.UsernameKey() == user.Spec.UsernameKey() || other.EffectiveSubject() == user.EffectiveSubject()
		// A user whose username has changed gives the old one free: whoever is in conflict looks again.
		return other.UID != user.UID && (sameNames || status.IsFalse(other, authv1alpha1.ConditionUsernameUnique))
	})
}

// find returns requests for the users with the index value that wanted, if not nil, accepts.
func (r *Reconciler) find(ctx context.Context, namespace, name, value string, wanted func(*authv1alpha1.OAuthUser) bool) []reconcile.Request {
	var users authv1alpha1.OAuthUserList
	if err := r.Client.List(ctx, &users, client.InNamespace(namespace), client.MatchingFields{name: value}); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing OAuthUsers for a watch")
		return nil
	}
	return index.Requests(users.Items, wanted)
}
