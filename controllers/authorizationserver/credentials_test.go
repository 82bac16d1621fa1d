package authorizationserver

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/desired"
)

// TestCacheThatLags: a cache that does not show the Secrets yet must not have them made a second time.
func TestCacheThatLags(t *testing.T) {
	t.Parallel()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, authv1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	server := &authv1alpha1.AuthorizationServer{ObjectMeta: metav1.ObjectMeta{
		Name: "login", Namespace: "identity", UID: "1", Annotations: map[string]string{authv1alpha1.AnnotationRotateSessionKeys: "now"},
	}}
	credentialsOf := func(cache, live client.Client) desired.Input {
		t.Helper()
		r := &Reconciler{Client: cache, APIReader: live, Rand: rand.Reader, Clock: time.Now}
		s := &scope{server: server, input: desired.Input{Server: server}}
		if _, err := r.ensureCredentials(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		return s.input
	}
	empty := fake.NewClientBuilder().WithScheme(scheme).Build()
	first := credentialsOf(empty, empty)

	full := fake.NewClientBuilder().WithScheme(scheme)
	foreign := fake.NewClientBuilder().WithScheme(scheme)
	for _, object := range desired.Secrets(first) {
		secret, ok := object.(*corev1.Secret)
		if !ok {
			t.Fatalf("%T is no Secret", object)
		}
		foreign.WithObjects(secret.DeepCopy())
		if err := controllerutil.SetControllerReference(server, secret, scheme); err != nil {
			t.Fatal(err)
		}
		full.WithObjects(secret)
	}
	if diff := cmp.Diff(first, credentialsOf(empty, full.Build())); diff != "" {
		t.Error("credentials were made again, since the cache did not show them")
	}
	theirs := foreign.Build()
	if other := credentialsOf(theirs, theirs); cmp.Equal(first.Engine, other.Engine) {
		t.Error("credentials of somebody else were taken over")
	}
}
