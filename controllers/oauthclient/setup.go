package oauthclient

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/index"
	"github.com/authserver-dev/operator/controllers/internal/status"
)

// SetupWithManager registers the reconciler.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	r.APIReader = mgr.GetAPIReader()
	return ctrl.NewControllerManagedBy(mgr).
		Named("oauthclient").
		For(&authv1alpha1.OAuthClient{}).
		Owns(&corev1.Secret{}).
		Watches(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.clientsOfSecret)).
		Watches(&authv1alpha1.AuthorizationServer{}, handler.EnqueueRequestsFromMapFunc(r.clientsOfServer)).
		Watches(&authv1alpha1.OAuthClient{}, handler.EnqueueRequestsFromMapFunc(r.rivals)).
		// A server that starts with an empty store needs its clients back.
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(r.clientsOfPod), builder.WithPredicates(becameReady())).
		Complete(r)
}

// becameReady lets pods through that have just become ready, or started a container anew, and those that are gone: as long as
// a pod ends, it may still be the one that answers, and say that it has all clients.
func becameReady() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return true },
		UpdateFunc: func(e event.UpdateEvent) bool {
			was, okWas := e.ObjectOld.(*corev1.Pod)
			is, okIs := e.ObjectNew.(*corev1.Pod)
			return okWas && okIs && ready(is) && (!ready(was) || restarts(is) != restarts(was))
		},
		DeleteFunc:  func(event.DeleteEvent) bool { return true },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}

func ready(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func restarts(pod *corev1.Pod) int32 {
	var count int32
	for _, container := range pod.Status.ContainerStatuses {
		count += container.RestartCount
	}
	return count
}

func (r *Reconciler) clientsOfSecret(ctx context.Context, secret client.Object) []reconcile.Request {
	return r.list(ctx, secret.GetNamespace(), index.ClientSecret, secret.GetName(), nil)
}

func (r *Reconciler) clientsOfServer(ctx context.Context, server client.Object) []reconcile.Request {
	return r.list(ctx, server.GetNamespace(), index.ClientServer, server.GetName(), nil)
}

func (r *Reconciler) clientsOfPod(ctx context.Context, pod client.Object) []reconcile.Request {
	if pod.GetLabels()["app.kubernetes.io/managed-by"] != "authserver-operator" {
		return nil
	}
	return r.list(ctx, pod.GetNamespace(), index.ClientServer, pod.GetLabels()["app.kubernetes.io/instance"], nil)
}

// rivals maps a client to those that want its ID: one of them may have it when this one goes.
func (r *Reconciler) rivals(ctx context.Context, object client.Object) []reconcile.Request {
	c, ok := object.(*authv1alpha1.OAuthClient)
	if !ok {
		return nil
	}
	return r.list(ctx, c.Namespace, index.ClientServer, c.Spec.ServerRef.Name, func(other *authv1alpha1.OAuthClient) bool {
		return other.UID != c.UID && (other.EffectiveClientID() == c.EffectiveClientID() || status.IsFalse(other, authv1alpha1.ConditionClientIDUnique))
	})
}

// list returns requests for the clients with the index value that wanted, if not nil, accepts.
func (r *Reconciler) list(ctx context.Context, namespace, name, value string, wanted func(*authv1alpha1.OAuthClient) bool) []reconcile.Request {
	var clients authv1alpha1.OAuthClientList
	if err := r.Client.List(ctx, &clients, client.InNamespace(namespace), client.MatchingFields{name: value}); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing OAuthClients for a watch")
		return nil
	}
	return index.Requests(clients.Items, wanted)
}
