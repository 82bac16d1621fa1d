package apply

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Prune deletes the owner's objects of the kinds that are not to be kept.
func (a *Applier) Prune(ctx context.Context, owner client.Object, keep []client.Object, kinds ...client.ObjectList) error {
	names := map[string]bool{}
	for _, obj := range keep {
		names[identity(obj)] = true
	}
	for _, list := range kinds {
		if err := a.Client.List(ctx, list, client.InNamespace(owner.GetNamespace())); err != nil {
			return fmt.Errorf("listing %T: %w", list, err)
		}
		err := meta.EachListItem(list, func(item runtime.Object) error {
			obj, ok := item.(client.Object)
			if !ok || !metav1.IsControlledBy(obj, owner) || names[identity(obj)] || !obj.GetDeletionTimestamp().IsZero() {
				return nil
			}
			// Only the object that was seen: one of the same name that somebody else makes meanwhile stays.
			uid := obj.GetUID()
			err := a.Client.Delete(ctx, obj, client.Preconditions{UID: &uid}, client.PropagationPolicy(metav1.DeletePropagationBackground))
			if client.IgnoreNotFound(err) != nil {
				return fmt.Errorf("deleting %T %s: %w", obj, client.ObjectKeyFromObject(obj), err)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// identity tells objects of one namespace apart.
func identity(obj client.Object) string { return fmt.Sprintf("%T/%s", obj, obj.GetName()) }
