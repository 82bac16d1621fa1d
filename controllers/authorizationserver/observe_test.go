package authorizationserver

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

func TestRollout(t *testing.T) {
	t.Parallel()
	counts := func(replicas, updated, available int32) appsv1.DeploymentStatus {
		return appsv1.DeploymentStatus{Replicas: replicas, UpdatedReplicas: updated, AvailableReplicas: available}
	}
	tests := map[string]struct {
		want    int32
		status  appsv1.DeploymentStatus
		old     bool
		overdue bool
		reason  string
	}{
		"all there":                {2, counts(2, 2, 2), false, false, authv1alpha1.ReasonSucceeded},
		"seen before the change":   {2, counts(2, 2, 2), true, false, authv1alpha1.ReasonRollingOut},
		"nothing yet":              {2, counts(0, 0, 0), false, false, authv1alpha1.ReasonRollingOut},
		"an old pod is there":      {2, counts(3, 2, 3), false, false, authv1alpha1.ReasonRollingOut},
		"one is not updated":       {2, counts(2, 1, 2), false, false, authv1alpha1.ReasonRollingOut},
		"one is not available":     {2, counts(2, 2, 1), false, false, authv1alpha1.ReasonPodsUnavailable},
		"the rollout hangs":        {2, counts(3, 1, 2), false, true, authv1alpha1.ReasonPodsUnavailable},
		"an older rollout hung":    {2, counts(3, 1, 2), true, true, authv1alpha1.ReasonRollingOut},
		"stopped":                  {0, counts(0, 0, 0), false, false, authv1alpha1.ReasonScaledToZero},
		"stopped, with a pod left": {0, counts(1, 1, 1), false, false, authv1alpha1.ReasonRollingOut},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: &tt.want}, Status: tt.status}
			if tt.overdue {
				d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse}}
			}
			if reason, message := rollout(d, !tt.old); reason != tt.reason {
				t.Errorf("%s (%s), want %s", reason, message, tt.reason)
			}
		})
	}
}

func TestTroublesAreStable(t *testing.T) {
	t.Parallel()
	waiting := func(reason string) corev1.Pod {
		return corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "back-off 10s restarting login-7f9c-abcde"}},
		}}}}
	}
	unscheduled := corev1.Pod{Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
	}}}}
	pods := []corev1.Pod{waiting("ImagePullBackOff"), unscheduled, waiting("ContainerCreating"), waiting("CrashLoopBackOff"), waiting("ImagePullBackOff")}
	if got, want := troubles(pods), ": CrashLoopBackOff, ImagePullBackOff, Unschedulable"; got != want {
		t.Errorf("troubles are %q, want %q", got, want)
	}
	if got := troubles([]corev1.Pod{waiting("ContainerCreating"), {}}); got != "" {
		t.Errorf("troubles of pods that start are %q", got)
	}
}
