package oauthclient

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"
)

func pod(ready corev1.ConditionStatus, restarts int32) *corev1.Pod {
	return &corev1.Pod{Status: corev1.PodStatus{
		Conditions:        []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}},
		ContainerStatuses: []corev1.ContainerStatus{{RestartCount: restarts}},
	}}
}

// TestPodsThatMatter: clients are looked after whenever the pod that answers may be another one, or a new process.
func TestPodsThatMatter(t *testing.T) {
	t.Parallel()
	const yes, no = corev1.ConditionTrue, corev1.ConditionFalse
	p := becameReady()
	for name, test := range map[string]struct {
		was, is *corev1.Pod
		want    bool
	}{
		"became ready":          {pod(no, 0), pod(yes, 0), true},
		"restarted, still so":   {pod(yes, 0), pod(yes, 1), true},
		"nothing new":           {pod(yes, 1), pod(yes, 1), false},
		"not ready any more":    {pod(yes, 0), pod(no, 0), false},
		"restarted, not so yet": {pod(no, 0), pod(no, 1), false},
	} {
		if got := p.Update(event.UpdateEvent{ObjectOld: test.was, ObjectNew: test.is}); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if !p.Delete(event.DeleteEvent{Object: pod(no, 0)}) {
		t.Error("a pod that is gone does not matter: until then it may have answered for the next one")
	}
}
