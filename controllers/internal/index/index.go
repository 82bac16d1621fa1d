// Package index names the field indexes by which reconcilers find the objects
// that refer to another one, asks for them to be reconciled, and says which of
// several that want the same thing comes first.
package index

import (
	"cmp"
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

// Names of the indexes.
const (
	// UserServer and ClientServer are the name of the server that an OAuthUser or OAuthClient refers to.
	UserServer   = "user.serverRef"
	ClientServer = "client.serverRef"
	// UserSecret and ClientSecret are the name of the Secret that an OAuthUser or OAuthClient reads.
	UserSecret   = "user.secretRef"   //nolint:gosec // the name of an index
	ClientSecret = "client.secretRef" //nolint:gosec // the name of an index
)

// Register adds the indexes.
func Register(ctx context.Context, indexer client.FieldIndexer) error {
	indexes := []struct {
		object client.Object
		name   string
		key    client.IndexerFunc
	}{
		{&authv1alpha1.OAuthUser{}, UserServer, func(o client.Object) []string { return []string{o.(*authv1alpha1.OAuthUser).Spec.ServerRef.Name} }},
		{&authv1alpha1.OAuthClient{}, ClientServer, func(o client.Object) []string { return []string{o.(*authv1alpha1.OAuthClient).Spec.ServerRef.Name} }},
		{&authv1alpha1.OAuthUser{}, UserSecret, userSecret},
		{&authv1alpha1.OAuthClient{}, ClientSecret, clientSecret},
	}
	for _, i := range indexes {
		if err := indexer.IndexField(ctx, i.object, i.name, i.key); err != nil {
			return fmt.Errorf("indexing %s: %w", i.name, err)
		}
	}
	return nil
}

func userSecret(o client.Object) []string {
	if password := o.(*authv1alpha1.OAuthUser).Spec.Password; password != nil {
		return []string{password.SecretRef.Name}
	}
	return nil
}

func clientSecret(o client.Object) []string {
	if ref := o.(*authv1alpha1.OAuthClient).Spec.Secret.SecretRef; ref != nil {
		return []string{ref.Name}
	}
	return nil
}

// Requests returns a request for each of the objects that wanted, if not nil, accepts.
func Requests[T any, P interface {
	*T
	client.Object
}](objects []T, wanted func(P) bool) []reconcile.Request {
	var requests []reconcile.Request
	for i := range objects {
		object := P(&objects[i])
		if wanted == nil || wanted(object) {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(object)})
		}
	}
	return requests
}

// ByAge orders objects: the one that was created earlier comes first, or by name if that was within a second.
func ByAge[T client.Object](a, b T) int {
	return cmp.Or(a.GetCreationTimestamp().Compare(b.GetCreationTimestamp().Time), cmp.Compare(a.GetName(), b.GetName()))
}

// Older says whether the first of two objects comes before the second, in the order of ByAge.
func Older(a, b client.Object) bool { return ByAge(a, b) < 0 }
