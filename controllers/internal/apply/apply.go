// Package apply writes desired objects by server-side apply under one field
// owner, and deletes what is no longer desired. Every object gets the declaring
// resource as its controller, so that deleting that one deletes all.
package apply

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

// FieldOwner is under which the operator's fields are owned.
const FieldOwner = "authserver-operator"

// NotOwnedError means that an object of the name exists and belongs to somebody else. It is left alone.
type NotOwnedError struct{ Kind, Name string }

// Error names the object and the way out.
func (e *NotOwnedError) Error() string {
	return fmt.Sprintf("%s %q exists and is not the operator's: delete it, or choose another name", e.Kind, e.Name)
}

// Applier applies objects.
type Applier struct {
	Client client.Client
	Scheme *runtime.Scheme
}

// Apply writes the objects. The API server does not change an object to which the same content is applied again.
func (a *Applier) Apply(ctx context.Context, owner client.Object, objs ...client.Object) error {
	for _, obj := range objs {
		gvk, err := apiutil.GVKForObject(obj, a.Scheme)
		if err != nil {
			return fmt.Errorf("applying %s: %w", obj.GetName(), err)
		}
		if err := controllerutil.SetControllerReference(owner, obj, a.Scheme); err != nil {
			return fmt.Errorf("applying %s %s: %w", gvk.Kind, obj.GetName(), err)
		}
		if err := a.one(ctx, owner, obj); err != nil {
			return fmt.Errorf("applying %s %s: %w", gvk.Kind, obj.GetName(), err)
		}
	}
	return nil
}

// one applies one object, unless somebody else's stands in its place.
func (a *Applier) one(ctx context.Context, owner, obj client.Object) error {
	desired, err := a.unstructured(obj)
	if err != nil {
		return err
	}
	existing, ok := obj.DeepCopyObject().(client.Object)
	if !ok {
		return fmt.Errorf("%T is not an object", obj)
	}
	err = a.Client.Get(ctx, client.ObjectKeyFromObject(obj), existing)
	switch {
	case apierrors.IsNotFound(err):
	case err != nil:
		return err
	case !metav1.IsControlledBy(existing, owner):
		return &NotOwnedError{Kind: desired.GetKind(), Name: obj.GetName()}
	}
	return a.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(desired), client.FieldOwner(FieldOwner), client.ForceOwnership)
}

// unstructured returns the object as it is applied: without what the server fills in.
func (a *Applier) unstructured(obj client.Object) (*unstructured.Unstructured, error) {
	gvk, err := apiutil.GVKForObject(obj, a.Scheme)
	if err != nil {
		return nil, err
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{Object: content}
	u.SetGroupVersionKind(gvk)
	unstructured.RemoveNestedField(u.Object, "status")
	for _, field := range []string{"creationTimestamp", "managedFields", "resourceVersion", "uid", "generation"} {
		unstructured.RemoveNestedField(u.Object, "metadata", field)
	}
	unstructured.RemoveNestedField(u.Object, "spec", "template", "metadata", "creationTimestamp")
	return u, nil
}

// Prune deletes the owner's objects of the kinds that are not to be kept.
func (a *Applier) Prune(ctx context.Context, owner client.Object, keep []client.Object, kinds ...client.ObjectList) error {
	names := map[string]bool{}
	for _, obj := range keep {
		names[fmt.Sprintf("%T/%s", obj, obj.GetName())] = true
	}
	for _, list := range kinds {
		if err := a.Client.List(ctx, list, client.InNamespace(owner.GetNamespace())); err != nil {
			return fmt.Errorf("listing %T: %w", list, err)
		}
		err := meta.EachListItem(list, func(item runtime.Object) error {
			obj, ok := item.(client.Object)
			if !ok || !metav1.IsControlledBy(obj, owner) || names[fmt.Sprintf("%T/%s", obj, obj.GetName())] {
				return nil
			}
			if err := a.Client.Delete(ctx, obj); client.IgnoreNotFound(err) != nil {
				return fmt.Errorf("deleting %T %s: %w", obj, obj.GetName(), err)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
