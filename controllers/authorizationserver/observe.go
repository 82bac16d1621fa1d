package authorizationserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/apply"
	"github.com/authserver-dev/operator/controllers/internal/desired"
	"github.com/authserver-dev/operator/controllers/internal/probe"
	"github.com/authserver-dev/operator/controllers/internal/status"
)

// probeTimeout bounds each question: a server that does not answer must not hold up the others.
const probeTimeout = 5 * time.Second

// refreshPods patches an annotation of the running pods when a mounted Secret has changed: the kubelet then reads it at
// once, and not at its next turn a minute or more later.
func (r *Reconciler) refreshPods(ctx context.Context, s *scope) (bool, error) {
	want := desired.RefreshHash(s.input, s.reloaded)
	var pods corev1.PodList
	if err := r.Client.List(ctx, &pods, client.InNamespace(s.server.Namespace), client.MatchingLabels(desired.SelectorLabels(s.server))); err != nil {
		return false, fmt.Errorf("listing Pods: %w", err)
	}
	s.pods = pods.Items
	for i := range s.pods {
		pod := &s.pods[i]
		ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed || !pod.DeletionTimestamp.IsZero()
		if ended || pod.Annotations[desired.AnnotationRefresh] == want {
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
	status.Mark(s.server, authv1alpha1.ConditionUsersProjected, true, authv1alpha1.ReasonSucceeded, "the pods have the users")
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
	st.ConfigHash, st.Image = desired.ConfigHash(s.input), desired.Image(s.input)
	// A cache may still show the Deployment as it was before it was applied.
	current := deployment.Annotations[apply.AnnotationApplied] == s.applied.GetAnnotations()[apply.AnnotationApplied] &&
		deployment.Status.ObservedGeneration == deployment.Generation
	reason, message := rollout(deployment, current)
	switch reason {
	case authv1alpha1.ReasonScaledToZero:
		status.Stall(s.server, authv1alpha1.ConditionAvailable, reason, message)
	case authv1alpha1.ReasonPodsUnavailable:
		status.Mark(s.server, authv1alpha1.ConditionAvailable, false, reason, message+troubles(s.pods))
	default:
		status.Mark(s.server, authv1alpha1.ConditionAvailable, reason == authv1alpha1.ReasonSucceeded, reason, message)
	}
	remote, ready := s.server.Spec.Backend.Authlete != nil, deployment.Status.ReadyReplicas > 0
	switch {
	case remote:
		r.checkAuthlete(ctx, s)
	case ready:
		r.checkEngine(ctx, s)
	default:
		status.Unknown(s.server, authv1alpha1.ConditionBackendReachable, authv1alpha1.ReasonWaitingForPods, "no pod is ready")
	}
	if !ready {
		status.Unknown(s.server, authv1alpha1.ConditionDiscoverable, authv1alpha1.ReasonWaitingForPods, "no pod is ready")
		return false, nil
	}
	r.checkDiscovery(ctx, s.server)
	return true, nil
}

// rollout says how far the Deployment is; ReasonSucceeded means that only pods of the current configuration run, and all
// of them.
func rollout(d *appsv1.Deployment, current bool) (reason, message string) {
	want, got := *d.Spec.Replicas, d.Status
	complete := current && got.UpdatedReplicas == want && got.Replicas == want
	switch {
	case want == 0 && complete:
		return authv1alpha1.ReasonScaledToZero, "spec.replicas is 0"
	case complete && got.AvailableReplicas == want:
		return authv1alpha1.ReasonSucceeded, fmt.Sprintf("all %d pods are available", want)
	case complete, current && overdue(d):
		return authv1alpha1.ReasonPodsUnavailable, fmt.Sprintf("%d of %d pods are available", got.AvailableReplicas, want)
	default:
		return authv1alpha1.ReasonRollingOut, fmt.Sprintf("%d of %d pods run the current configuration", got.UpdatedReplicas, want)
	}
}

// overdue says whether the Deployment has given up hope of an end of the rollout.
func overdue(d *appsv1.Deployment) bool {
	return slices.ContainsFunc(d.Status.Conditions, func(c appsv1.DeploymentCondition) bool {
		return c.Type == appsv1.DeploymentProgressing && c.Status == corev1.ConditionFalse
	})
}

// troubles says what keeps pods from running, in words that do not change from one attempt to the next.
func troubles(pods []corev1.Pod) string {
	found := map[string]bool{}
	for i := range pods {
		for _, c := range pods[i].Status.ContainerStatuses {
			if w := c.State.Waiting; w != nil && w.Reason != "" && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
				found[w.Reason] = true
			}
		}
		for _, c := range pods[i].Status.Conditions {
			if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
				found[c.Reason] = true
			}
		}
	}
	if len(found) == 0 {
		return ""
	}
	return ": " + strings.Join(slices.Sorted(maps.Keys(found)), ", ")
}

// checkEngine says whether the engine in the pods answers.
func (r *Reconciler) checkEngine(ctx context.Context, s *scope) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	s.markBackend(r.Prober.Backend(ctx, s.server))
}

// checkDiscovery reads discovery through the Service.
func (r *Reconciler) checkDiscovery(ctx context.Context, server *authv1alpha1.AuthorizationServer) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	err := r.Prober.Discovery(ctx, server)
	switch {
	case err == nil:
		status.Mark(server, authv1alpha1.ConditionDiscoverable, true, authv1alpha1.ReasonIssuerServed, "discovery through the Service shows the issuer")
	case errors.Is(err, probe.ErrMismatch):
		status.Mark(server, authv1alpha1.ConditionDiscoverable, false, authv1alpha1.ReasonIssuerMismatch, err.Error())
	default:
		status.Mark(server, authv1alpha1.ConditionDiscoverable, false, authv1alpha1.ReasonNotServed, "discovery cannot be read through the Service")
	}
}
