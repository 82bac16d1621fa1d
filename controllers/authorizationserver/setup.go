package authorizationserver

import (
	"context"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/index"
)

// workers reconcile servers side by side, so that one that does not answer holds up none of the others.
const workers = 4

// SetupWithManager registers the reconciler.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	r.APIReader = mgr.GetAPIReader()
	var err error
	if r.repairs, err = newRepairs(metrics.Registry); err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("authorizationserver").
		For(&authv1alpha1.AuthorizationServer{}).
		Owns(&appsv1.Deployment{}).
		Owns(&corev1.ConfigMap{}).
		Owns(&corev1.Secret{}).
		Owns(&corev1.Service{}).
		Owns(&corev1.ServiceAccount{}).
		Owns(&corev1.PersistentVolumeClaim{}).
		Owns(&policyv1.PodDisruptionBudget{}).
		Watches(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.serversOfSecret)).
		Watches(&authv1alpha1.OAuthUser{}, handler.EnqueueRequestsFromMapFunc(serverOfUser)).
		Watches(&authv1alpha1.OAuthClient{}, handler.EnqueueRequestsFromMapFunc(serverOfClient)).
		Watches(&authv1alpha1.AuthorizationServer{}, handler.EnqueueRequestsFromMapFunc(r.rivals)).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(serverOfPod)).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers}).
		Complete(r)
}

func request(namespace, name string) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}}}
}

func serverOfUser(_ context.Context, o client.Object) []reconcile.Request {
	if user, ok := o.(*authv1alpha1.OAuthUser); ok {
		return request(user.Namespace, user.Spec.ServerRef.Name)
	}
	return nil
}

func serverOfClient(_ context.Context, o client.Object) []reconcile.Request {
	if c, ok := o.(*authv1alpha1.OAuthClient); ok {
		return request(c.Namespace, c.Spec.ServerRef.Name)
	}
	return nil
}

// serverOfPod maps a new pod to its server: it may have mounted Secrets just before they changed.
func serverOfPod(_ context.Context, pod client.Object) []reconcile.Request {
	if pod.GetLabels()["app.kubernetes.io/managed-by"] != "authserver-operator" {
		return nil
	}
	return request(pod.GetNamespace(), pod.GetLabels()["app.kubernetes.io/instance"])
}

// serversOfSecret maps a Secret to the servers that refer to it, or whose users' password hash it is.
func (r *Reconciler) serversOfSecret(ctx context.Context, secret client.Object) []reconcile.Request {
	if owner := metav1.GetControllerOf(secret); owner != nil && owner.Kind == authv1alpha1.KindOAuthUser {
		user := &authv1alpha1.OAuthUser{}
		if err := r.Client.Get(ctx, types.NamespacedName{Namespace: secret.GetNamespace(), Name: owner.Name}, user); err != nil {
			return nil // the user is gone, which its own watch reports
		}
		return request(user.Namespace, user.Spec.ServerRef.Name)
	}
	foreign := metav1.GetControllerOf(secret) == nil
	return r.find(ctx, secret.GetNamespace(), func(server *authv1alpha1.AuthorizationServer) bool {
		if foreign && strings.HasPrefix(secret.GetName(), server.Name+"-") {
			return true // it may stand, or have stood, in the place of one of the server's own
		}
		return refersTo(server, secret.GetName())
	})
}

// rivals maps a server to those of its namespace that wait for an issuer: one may have it when this one goes or changes.
func (r *Reconciler) rivals(ctx context.Context, object client.Object) []reconcile.Request {
	return r.find(ctx, object.GetNamespace(), func(server *authv1alpha1.AuthorizationServer) bool {
		return server.GetUID() != object.GetUID()
	})
}

// find returns requests for the servers of a namespace that wanted accepts.
func (r *Reconciler) find(ctx context.Context, namespace string, wanted func(*authv1alpha1.AuthorizationServer) bool) []reconcile.Request {
	var servers authv1alpha1.AuthorizationServerList
	if err := r.Client.List(ctx, &servers, client.InNamespace(namespace)); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing AuthorizationServers for a watch")
		return nil
	}
	return index.Requests(servers.Items, wanted)
}
