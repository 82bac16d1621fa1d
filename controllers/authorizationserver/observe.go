package authorizationserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/desired"
	"github.com/authserver-dev/operator/controllers/internal/probe"
	"github.com/authserver-dev/operator/controllers/internal/status"
	"github.com/authserver-dev/operator/internal/authlete"
)

// refreshPods patches an annotation of the running pods when a mounted Secret has changed: the kubelet then reads it at
// once, and not at its next turn a minute or more later.
func (r *Reconciler) refreshPods(ctx context.Context, s *scope) (bool, error) {
	want := desired.RefreshHash(s.input, s.reloaded)
	var pods corev1.PodList
	if err := r.Client.List(ctx, &pods, client.InNamespace(s.server.Namespace), client.MatchingLabels(desired.SelectorLabels(s.server))); err != nil {
		return false, fmt.Errorf("listing Pods: %w", err)
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		if pod.Annotations[desired.AnnotationRefresh] == want || !pod.DeletionTimestamp.IsZero() {
			continue
		}
		before := pod.DeepCopy()
		if pod.Annotations == nil {
			pod.Annotations = map[string]string{}
		}
		pod.Annotations[desired.AnnotationRefresh] = want
		if err := client.IgnoreNotFound(r.Client.Patch(ctx, pod, client.MergeFrom(before))); err != nil {
			return false, fmt.Errorf("refreshing Pod %s: %w", pod.Name, err)
		}
	}
	return true, nil
}

// observe says what the running server proves.
func (r *Reconciler) observe(ctx context.Context, s *scope) (bool, error) {
	deployment := &appsv1.Deployment{}
	if err := r.Client.Get(ctx, client.ObjectKeyFromObject(s.server), deployment); err != nil {
		return false, fmt.Errorf("reading Deployment %s: %w", s.server.Name, err)
	}
	st := &s.server.Status
	st.Replicas = &authv1alpha1.ReplicaCounts{
		Desired: s.server.Spec.EffectiveReplicas(), Ready: deployment.Status.ReadyReplicas, Updated: deployment.Status.UpdatedReplicas,
	}
	st.ConfigHash = desired.ConfigHash(s.input)
	for _, c := range deployment.Spec.Template.Spec.Containers {
		if c.Name == desired.ContainerName {
			st.Image = c.Image
		}
	}
	reason, message := rollout(deployment, st.ConfigHash)
	status.Mark(s.server, authv1alpha1.ConditionAvailable, reason == authv1alpha1.ReasonSucceeded, reason, message)
	if deployment.Status.ReadyReplicas == 0 {
		for _, fact := range []string{authv1alpha1.ConditionBackendReachable, authv1alpha1.ConditionDiscoverable} {
			status.Unknown(s.server, fact, authv1alpha1.ReasonWaitingForPods, "no pod is ready")
		}
		return false, nil
	}
	r.probe(ctx, s.server)
	return true, nil
}

// rollout says how far the Deployment is; ReasonSucceeded means that only pods of the current configuration run, and all
// of them.
func rollout(d *appsv1.Deployment, configHash string) (reason, message string) {
	want := *d.Spec.Replicas
	current := d.Status.ObservedGeneration == d.Generation && d.Spec.Template.Annotations[desired.AnnotationConfigHash] == configHash
	switch {
	case want == 0:
		return authv1alpha1.ReasonScaledToZero, "spec.replicas is 0"
	case !current || d.Status.UpdatedReplicas < want || d.Status.Replicas > d.Status.UpdatedReplicas:
		return authv1alpha1.ReasonRollingOut, fmt.Sprintf("%d of %d pods run the current configuration", d.Status.UpdatedReplicas, want)
	case d.Status.AvailableReplicas < want:
		return authv1alpha1.ReasonPodsUnavailable, fmt.Sprintf("%d of %d pods are available", d.Status.AvailableReplicas, want)
	default:
		return authv1alpha1.ReasonSucceeded, fmt.Sprintf("all %d pods are available", want)
	}
}

// probe asks the backend and reads discovery. Messages hold no addresses or times: they must not change by themselves.
func (r *Reconciler) probe(ctx context.Context, server *authv1alpha1.AuthorizationServer) {
	err := r.Prober.Backend(ctx, server)
	var refused *authlete.Error
	switch {
	case err == nil:
		status.Mark(server, authv1alpha1.ConditionBackendReachable, true, authv1alpha1.ReasonReachable, "the backend answers with the operator's credentials")
	case errors.As(err, &refused) && (refused.Status == http.StatusUnauthorized || refused.Status == http.StatusForbidden):
		status.Mark(server, authv1alpha1.ConditionBackendReachable, false, authv1alpha1.ReasonUnauthorized, "the backend refuses the operator's credentials")
	case errors.As(err, &refused) && refused.Status != 0:
		status.Mark(server, authv1alpha1.ConditionBackendReachable, false, authv1alpha1.ReasonBackendError,
			fmt.Sprintf("the backend answers with status %d", refused.Status))
	default:
		status.Mark(server, authv1alpha1.ConditionBackendReachable, false, authv1alpha1.ReasonUnreachable, "the management API does not answer")
	}
	err = r.Prober.Discovery(ctx, server)
	switch {
	case err == nil:
		status.Mark(server, authv1alpha1.ConditionDiscoverable, true, authv1alpha1.ReasonIssuerServed, "discovery through the Service shows the issuer")
	case errors.Is(err, probe.ErrMismatch):
		status.Mark(server, authv1alpha1.ConditionDiscoverable, false, authv1alpha1.ReasonIssuerMismatch, err.Error())
	default:
		status.Mark(server, authv1alpha1.ConditionDiscoverable, false, authv1alpha1.ReasonNotServed, "discovery cannot be read through the Service")
	}
}
