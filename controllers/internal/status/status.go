package status

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

// Object is an object with conditions.
type Object interface {
	client.Object
	GetConditions() []metav1.Condition
	SetConditions(conditions []metav1.Condition)
	SetObservedGeneration(generation int64)
}

// Mark records a fact.
func Mark(obj Object, conditionType string, ok bool, reason, message string) {
	state := metav1.ConditionFalse
	if ok {
		state = metav1.ConditionTrue
	}
	set(obj, conditionType, state, reason, message)
}

// Unknown records that a fact could not be found out.
func Unknown(obj Object, conditionType, reason, message string) {
	set(obj, conditionType, metav1.ConditionUnknown, reason, message)
}

// Stall records that a fact is not so and that only a person can change it.
func Stall(obj Object, conditionType, reason, message string) {
	Mark(obj, conditionType, false, reason, message)
	set(obj, authv1alpha1.ConditionStalled, metav1.ConditionTrue, reason, message)
}

// Begin forgets what an earlier reconcile found stalled. Each reconcile starts with it.
func Begin(obj Object) {
	remove(obj, authv1alpha1.ConditionStalled)
}

// IsTrue and IsFalse say what is recorded of a fact.
func IsTrue(obj Object, conditionType string) bool {
	return meta.IsStatusConditionTrue(obj.GetConditions(), conditionType)
}

// IsFalse says whether the fact is recorded as not being so.
func IsFalse(obj Object, conditionType string) bool {
	return meta.IsStatusConditionFalse(obj.GetConditions(), conditionType)
}

func set(obj Object, conditionType string, state metav1.ConditionStatus, reason, message string) {
	conditions := obj.GetConditions()
	meta.SetStatusCondition(&conditions, metav1.Condition{
		Type: conditionType, Status: state, Reason: reason, Message: message, ObservedGeneration: obj.GetGeneration(),
	})
	obj.SetConditions(conditions)
}

func remove(obj Object, conditionType string) {
	conditions := obj.GetConditions()
	meta.RemoveStatusCondition(&conditions, conditionType)
	obj.SetConditions(conditions)
}

// Fail records that a step could not be done and is tried again. Only the class of the error becomes public: its text may
// change from one attempt to the next, and may quote what must not be quoted.
func Fail(obj Object, conditionType, step string, err error) {
	message := step + " did not succeed and is tried again"
	if class := apierrors.ReasonForError(err); class != metav1.StatusReasonUnknown {
		message += fmt.Sprintf(" (%s)", class)
	}
	Mark(obj, conditionType, false, authv1alpha1.ReasonReconcileError, message)
}

// Summarize sets Ready, which is True when all the facts are, and Reconciling or Stalled while it is not. Facts that no
// step has recorded for this generation count as not known yet.
func Summarize(obj Object, facts ...string) {
	obj.SetObservedGeneration(obj.GetGeneration())
	for _, fact := range facts {
		condition := meta.FindStatusCondition(obj.GetConditions(), fact)
		if condition == nil || condition.ObservedGeneration != obj.GetGeneration() {
			Unknown(obj, fact, authv1alpha1.ReasonProgressing, "not found out yet")
		}
	}
	for _, fact := range facts {
		condition := meta.FindStatusCondition(obj.GetConditions(), fact)
		if condition.Status != metav1.ConditionTrue {
			notReady(obj, condition)
			return
		}
	}
	remove(obj, authv1alpha1.ConditionReconciling)
	remove(obj, authv1alpha1.ConditionStalled)
	set(obj, authv1alpha1.ConditionReady, metav1.ConditionTrue, authv1alpha1.ReasonReady, "everything works as declared")
}

// notReady takes over the first fact that keeps the object from being ready.
func notReady(obj Object, cause *metav1.Condition) {
	reason, message := cause.Reason, fmt.Sprintf("%s: %s", cause.Type, cause.Message)
	set(obj, authv1alpha1.ConditionReady, metav1.ConditionFalse, reason, message)
	if IsTrue(obj, authv1alpha1.ConditionStalled) {
		remove(obj, authv1alpha1.ConditionReconciling)
		return
	}
	set(obj, authv1alpha1.ConditionReconciling, metav1.ConditionTrue, reason, message)
}

// Patch writes the status if it differs from before.
func Patch(ctx context.Context, c client.Client, before, after Object) error {
	keepTimes(before, after)
	if equality.Semantic.DeepEqual(before, after) {
		return nil
	}
	err := client.IgnoreNotFound(c.Status().Patch(ctx, after, client.MergeFrom(before)))
	if err != nil {
		return fmt.Errorf("writing the status of %s: %w", after.GetName(), err)
	}
	return nil
}

// keepTimes gives conditions that were removed and set anew, as they were, their old times back. Without it, a stalled
// object would be written, and so reconciled, again and again.
func keepTimes(before, after Object) {
	conditions := after.GetConditions()
	for i := range conditions {
		was := meta.FindStatusCondition(before.GetConditions(), conditions[i].Type)
		if was != nil && was.Status == conditions[i].Status {
			conditions[i].LastTransitionTime = was.LastTransitionTime
		}
	}
	// Removing and adding conditions changes their order, which means nothing.
	slices.SortStableFunc(conditions, func(a, b metav1.Condition) int {
		return cmp.Compare(position(before, a.Type), position(before, b.Type))
	})
	after.SetConditions(conditions)
}

// position is where a condition stands; new ones come last.
func position(obj Object, conditionType string) int {
	conditions := obj.GetConditions()
	for i := range conditions {
		if conditions[i].Type == conditionType {
			return i
		}
	}
	return len(conditions)
}

// Events tells of a change of Ready, and of nothing else.
func Events(recorder events.EventRecorder, before, after Object) {
	was := meta.FindStatusCondition(before.GetConditions(), authv1alpha1.ConditionReady)
	is := meta.FindStatusCondition(after.GetConditions(), authv1alpha1.ConditionReady)
	if is == nil || (was != nil && was.Status == is.Status && was.Reason == is.Reason) {
		return
	}
	kind := corev1.EventTypeNormal
	if is.Status == metav1.ConditionFalse && (was == nil || was.Status == metav1.ConditionTrue) && IsTrue(after, authv1alpha1.ConditionStalled) {
		kind = corev1.EventTypeWarning
	}
	recorder.Eventf(after, nil, kind, is.Reason, "Reconcile", "%s", is.Message)
}
