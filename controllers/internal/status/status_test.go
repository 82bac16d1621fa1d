package status_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/status"
)

const (
	factA = authv1alpha1.ConditionIssuerUnique
	factB = authv1alpha1.ConditionAvailable
)

func object() *authv1alpha1.AuthorizationServer {
	return &authv1alpha1.AuthorizationServer{ObjectMeta: metav1.ObjectMeta{Name: "login", Namespace: "identity", Generation: 2}}
}

// summary is what generic tools look at: type, status and reason.
func summary(obj status.Object) map[string]string {
	all := map[string]string{}
	for _, c := range obj.GetConditions() {
		all[c.Type] = string(c.Status) + " " + c.Reason
	}
	return all
}

func TestSummarize(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		mark func(obj status.Object)
		want map[string]string
	}{
		"all true": {
			func(obj status.Object) {
				status.Mark(obj, factA, true, "Yes", "")
				status.Mark(obj, factB, true, "Yes", "")
			},
			map[string]string{factA: "True Yes", factB: "True Yes", "Ready": "True Ready"},
		},
		"the first that is not true explains": {
			func(obj status.Object) {
				status.Mark(obj, factB, false, "No", "")
				status.Unknown(obj, factA, "Perhaps", "")
			},
			map[string]string{factA: "Unknown Perhaps", factB: "False No", "Ready": "False Perhaps", "Reconciling": "True Perhaps"},
		},
		"nothing recorded": {
			func(status.Object) {},
			map[string]string{factA: "Unknown Progressing", factB: "Unknown Progressing", "Ready": "False Progressing", "Reconciling": "True Progressing"},
		},
		"recorded for another generation": {
			func(obj status.Object) {
				status.Mark(obj, factA, true, "Yes", "")
				obj.SetGeneration(1)
				status.Mark(obj, factB, true, "Yes", "")
				obj.SetGeneration(2)
			},
			map[string]string{factA: "True Yes", factB: "Unknown Progressing", "Ready": "False Progressing", "Reconciling": "True Progressing"},
		},
		"stalled": {
			func(obj status.Object) {
				status.Stall(obj, factA, "Never", "")
				status.Mark(obj, factB, true, "Yes", "")
			},
			map[string]string{factA: "False Never", factB: "True Yes", "Ready": "False Never", "Stalled": "True Never"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			obj := object()
			status.Begin(obj)
			tt.mark(obj)
			status.Summarize(obj, factA, factB)
			if diff := cmp.Diff(tt.want, summary(obj)); diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
			if obj.Status.ObservedGeneration != 2 {
				t.Errorf("observedGeneration is %d", obj.Status.ObservedGeneration)
			}
		})
	}
}

// TestPatchIsQuiet: what was found before and is found again is not written, also when it is a stalled object, whose
// conditions are removed and set anew.
func TestPatchIsQuiet(t *testing.T) {
	t.Parallel()
	scheme := runtime.NewScheme()
	if err := authv1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	writes := 0
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(object()).WithStatusSubresource(object()).
		WithInterceptorFuncs(interceptor.Funcs{SubResourcePatch: func(
			ctx context.Context, c client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption,
		) error {
			writes++
			return c.SubResource(sub).Patch(ctx, obj, patch, opts...)
		}}).Build()
	reconcile := func(find func(status.Object)) *authv1alpha1.AuthorizationServer {
		obj := &authv1alpha1.AuthorizationServer{}
		if err := c.Get(t.Context(), client.ObjectKeyFromObject(object()), obj); err != nil {
			t.Fatal(err)
		}
		// As if it had been found an hour ago.
		for i := range obj.Status.Conditions {
			obj.Status.Conditions[i].LastTransitionTime = metav1.NewTime(time.Unix(1e9, 0))
		}
		before := obj.DeepCopy()
		status.Begin(obj)
		find(obj)
		status.Summarize(obj, factA, factB)
		if err := status.Patch(t.Context(), c, before, obj); err != nil {
			t.Fatal(err)
		}
		return obj
	}
	stalled := func(obj status.Object) {
		status.Mark(obj, factB, true, "Yes", "")
		status.Stall(obj, factA, "Never", "")
	}
	ready := func(obj status.Object) {
		status.Mark(obj, factA, true, "Yes", "")
		status.Mark(obj, factB, true, "Yes", "")
	}
	for i, step := range []struct {
		find func(status.Object)
		want int
	}{{stalled, 1}, {stalled, 1}, {ready, 2}, {ready, 2}, {stalled, 3}, {stalled, 3}} {
		obj := reconcile(step.find)
		if writes != step.want {
			t.Fatalf("reconcile %d: %d writes so far, want %d", i+1, writes, step.want)
		}
		if i > 0 && meta.FindStatusCondition(obj.Status.Conditions, factB).LastTransitionTime.Unix() != 1e9 {
			t.Errorf("reconcile %d: the time of an unchanged condition changed", i+1)
		}
	}
}

func TestFailQuotesNoError(t *testing.T) {
	t.Parallel()
	obj := object()
	status.Fail(obj, factA, "applying the objects", errors.New("secret text"))
	got := meta.FindStatusCondition(obj.Status.Conditions, factA)
	if got.Reason != authv1alpha1.ReasonReconcileError || got.Message != "applying the objects did not succeed and is tried again" {
		t.Errorf("condition is %+v", got)
	}
}
