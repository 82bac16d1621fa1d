package apply

import (
	"context"
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

func TestOwnSecret(t *testing.T) {
	t.Parallel()
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	owner := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "owner", UID: "1"}}
	earlier := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "owner", UID: "0"}}
	secret := func(name string, by client.Object) *corev1.Secret {
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name}, Data: map[string][]byte{"key": []byte(name)}}
		if by != nil {
			if err := controllerutil.SetControllerReference(by, s, scheme); err != nil {
				t.Fatal(err)
			}
		}
		return s
	}
	reader := fake.NewClientBuilder().WithScheme(scheme).
		WithObjects(secret("own", owner), secret("earlier", earlier), secret("free", nil)).Build()
	for name, want := range map[string]string{"own": "own", "earlier": "", "free": "", "missing": ""} {
		got, err := OwnSecret(t.Context(), reader, owner, name)
		if err != nil || string(got.Data["key"]) != want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}

	down := errors.New("down")
	broken := interceptor.NewClient(reader, interceptor.Funcs{
		Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
			return down
		},
	})
	if _, err := OwnSecret(t.Context(), broken, owner, "own"); !errors.Is(err, down) {
		t.Errorf("an error of the API server became %v", err)
	}
}
