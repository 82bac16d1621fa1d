package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

// FieldOwner is under which the operator's fields are owned.
const FieldOwner = "authserver-operator"

// AnnotationApplied is, on every object that was applied, a digest of what was. With it, a field that is no longer
// desired is noticed without asking the API server for the owners of fields.
const AnnotationApplied = "authserver.dev/applied"

// digestBytes of the digest are enough to tell versions of one object apart.
const digestBytes = 16

// NotOwnedError means that an object of the name exists and belongs to somebody else. It is left alone.
type NotOwnedError struct{ Kind, Namespace, Name string }

// Error names the object and the way out.
func (e *NotOwnedError) Error() string {
	return fmt.Sprintf("%s %q exists in the namespace %q and is not the operator's: delete it, or choose another name", e.Kind, e.Name, e.Namespace)
}

// ErrLeftover means that an object belongs to a deleted owner of the same name. It goes by itself.
var ErrLeftover = errors.New("the object of an owner that was deleted is still there")

// Applier applies objects.
type Applier struct {
	Client client.Client
	Scheme *runtime.Scheme
	// Live, if set, is asked before an object is made that the client, which may read from a cache, does not know.
	Live client.Reader
}

// Apply writes the objects that are not as desired. Afterwards each has its controller and AnnotationApplied set.
func (a *Applier) Apply(ctx context.Context, owner client.Object, objs ...client.Object) error {
	for _, obj := range objs {
		gvk, err := apiutil.GVKForObject(obj, a.Scheme)
		if err != nil {
			return fmt.Errorf("applying %T %s: %w", obj, client.ObjectKeyFromObject(obj), err)
		}
		if err := a.one(ctx, owner, obj, gvk); err != nil {
			return fmt.Errorf("applying %s %s: %w", gvk.Kind, client.ObjectKeyFromObject(obj), err)
		}
	}
	return nil
}

// one applies one object, unless it is as desired or somebody else's stands in its place.
func (a *Applier) one(ctx context.Context, owner, obj client.Object, gvk schema.GroupVersionKind) error {
	if obj.GetNamespace() == owner.GetNamespace() {
		if err := controllerutil.SetControllerReference(owner, obj, a.Scheme); err != nil {
			return err
		}
	}
	desired, err := a.desired(obj, gvk)
	if err != nil {
		return err
	}
	existing, err := a.existing(ctx, obj, gvk)
	if err != nil {
		return err
	}
	if existing != nil {
		if err := a.checkOwner(owner, existing, gvk); err != nil {
			return err
		}
		have, err := runtime.DefaultUnstructuredConverter.ToUnstructured(existing)
		if err != nil {
			return err
		}
		if contains(have, desired.Object, "apiVersion", "kind") {
			return nil
		}
	}
	return a.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(desired), client.FieldOwner(FieldOwner), client.ForceOwnership)
}

// existing returns the object as it is; nil if there is none.
func (a *Applier) existing(ctx context.Context, obj client.Object, gvk schema.GroupVersionKind) (client.Object, error) {
	readers := []client.Reader{a.Client}
	if a.Live != nil {
		readers = append(readers, a.Live)
	}
	for _, reader := range readers {
		// A fresh object: decoding into one that has content would mix the two.
		fresh, err := a.Scheme.New(gvk)
		if err != nil {
			return nil, err
		}
		existing, ok := fresh.(client.Object)
		if !ok {
			return nil, fmt.Errorf("%T is not an object", fresh)
		}
		err = reader.Get(ctx, client.ObjectKeyFromObject(obj), existing)
		if err == nil {
			return existing, nil
		}
		if !apierrors.IsNotFound(err) {
			return nil, err
		}
	}
	return nil, nil //nolint:nilnil // no object is a regular outcome
}

// checkOwner refuses objects that owner does not control.
func (a *Applier) checkOwner(owner, existing client.Object, gvk schema.GroupVersionKind) error {
	if existing.GetNamespace() != owner.GetNamespace() || metav1.IsControlledBy(existing, owner) {
		return nil
	}
	kind, err := apiutil.GVKForObject(owner, a.Scheme)
	if err != nil {
		return err
	}
	if c := metav1.GetControllerOf(existing); c != nil && c.Kind == kind.Kind && c.Name == owner.GetName() {
		return ErrLeftover
	}
	return &NotOwnedError{Kind: gvk.Kind, Namespace: existing.GetNamespace(), Name: existing.GetName()}
}

// desired returns the object as it is applied: without what the API server fills in, and with its digest.
func (a *Applier) desired(obj client.Object, gvk schema.GroupVersionKind) (*unstructured.Unstructured, error) {
	annotations := map[string]string{}
	for key, value := range obj.GetAnnotations() {
		if key != AnnotationApplied {
			annotations[key] = value
		}
	}
	obj.SetAnnotations(annotations)
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
	text, err := json.Marshal(u.Object)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(text)
	annotations[AnnotationApplied] = hex.EncodeToString(digest[:digestBytes])
	obj.SetAnnotations(annotations)
	u.SetAnnotations(annotations)
	return u, nil
}
