package apply

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// OwnSecret reads a Secret that the owner controls; an empty one if there is none. One of somebody else counts as none: it
// is refused when applied.
func OwnSecret(ctx context.Context, reader client.Reader, owner client.Object, name string) (*corev1.Secret, error) {
	var secret corev1.Secret
	err := reader.Get(ctx, client.ObjectKey{Namespace: owner.GetNamespace(), Name: name}, &secret)
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("reading Secret %s: %w", name, err)
	}
	if !metav1.IsControlledBy(&secret, owner) {
		return &corev1.Secret{}, nil
	}
	return &secret, nil
}
