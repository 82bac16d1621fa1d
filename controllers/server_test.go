package controllers_test

import (
	"context"
	"encoding/json"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

var _ = Describe("The objects of a server", func() {
	var (
		namespace string
		server    *authv1alpha1.AuthorizationServer
		user      *authv1alpha1.OAuthUser
		o         *operator
	)

	BeforeEach(func(ctx SpecContext) {
		namespace = newNamespace(ctx)
		var objects []client.Object
		server, objects = world(namespace)
		user = objects[2].(*authv1alpha1.OAuthUser)
		create(ctx, objects[0])
		o = startOperator(namespace, newEngine(), 0)
		kubelet, stop := context.WithCancel(context.Background())
		DeferCleanup(func() { stop() })
		playKubelet(kubelet, namespace)
	})

	get := func(ctx context.Context, name string, object client.Object) error {
		return cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, object)
	}
	secretData := func(ctx context.Context, name, key string) string {
		secret := &corev1.Secret{}
		if err := get(ctx, name, secret); err != nil {
			return ""
		}
		return string(secret.Data[key])
	}
	change := func(ctx context.Context, mutate func(spec *authv1alpha1.AuthorizationServerSpec)) {
		GinkgoHelper()
		Expect(cluster.Get(ctx, client.ObjectKeyFromObject(server), server)).To(Succeed())
		before := server.DeepCopy()
		mutate(&server.Spec)
		Expect(cluster.Patch(ctx, server, client.MergeFrom(before))).To(Succeed())
	}

	It("cost an operator that starts anew not one write", func(ctx SpecContext) {
		create(ctx, server, user)
		awaitReady(ctx, server, user)
		o.settle()
		o.kill()
		again := startOperator(namespace, o.backend, 0)
		again.settle()
		Expect(again.writes.Load()).To(BeZero())
		// It works: a change is taken up.
		annotate(ctx, server, authv1alpha1.AnnotationRotateSessionKeys, "1")
		Eventually(again.writes.Load).WithTimeout(patience).ShouldNot(BeZero())
	}, SpecTimeout(specLimit))

	It("leaves a Secret of somebody else alone, and goes on when it is gone", func(ctx SpecContext) {
		foreign := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: "login-session", Namespace: namespace}, StringData: map[string]string{"mine": "value"},
		}
		create(ctx, foreign, server)
		awaitCondition(ctx, server, authv1alpha1.ConditionCredentialsReady, metav1.ConditionFalse, authv1alpha1.ReasonSecretNotOwned)
		Expect(kstatus(server)).To(Equal(status.FailedStatus))
		awaitQuiet(ctx, server, 2500*time.Millisecond)
		secret := &corev1.Secret{}
		Expect(get(ctx, "login-session", secret)).To(Succeed())
		Expect(secret.Data).To(Equal(map[string][]byte{"mine": []byte("value")}))
		Expect(secret.ResourceVersion).To(Equal(foreign.ResourceVersion))
		Expect(cluster.Delete(ctx, foreign)).To(Succeed())
		awaitReady(ctx, server)
	}, SpecTimeout(specLimit))

	It("wait for those of a deleted server of the same name to go", func(ctx SpecContext) {
		create(ctx, server)
		awaitReady(ctx, server)
		kek := secretData(ctx, "login-engine", "kek")
		// No garbage collector runs here: what the first server had stays until the test removes it.
		Expect(cluster.Delete(ctx, server)).To(Succeed())
		again, _ := world(namespace)
		create(ctx, again)
		awaitCondition(ctx, again, authv1alpha1.ConditionAvailable, metav1.ConditionFalse, authv1alpha1.ReasonProgressing)
		Expect(kstatus(again)).To(Equal(status.InProgressStatus))
		Expect(secretData(ctx, "login-engine", "kek")).To(Equal(kek))
		for _, object := range []client.Object{
			&corev1.Secret{}, &corev1.ConfigMap{}, &corev1.ServiceAccount{}, &corev1.Service{}, &appsv1.Deployment{},
		} {
			collect(ctx, namespace, object)
		}
		awaitReady(ctx, again)
		Expect(secretData(ctx, "login-engine", "kek")).NotTo(BeElementOf("", kek))
	}, SpecTimeout(specLimit))

	It("are repaired, and lose what is no longer declared", func(ctx SpecContext) {
		server.Spec.Service.Annotations = map[string]string{"example.com/a": "1", "example.com/b": "1"}
		create(ctx, server)
		awaitReady(ctx, server)
		service := &corev1.Service{}
		Expect(get(ctx, "login", service)).To(Succeed())
		Expect(service.Annotations).To(HaveKey("example.com/a"))
		before := service.DeepCopy()
		service.Spec.Selector["app.kubernetes.io/instance"] = "other"
		service.Annotations["example.com/of-somebody-else"] = "kept"
		Expect(cluster.Patch(ctx, service, client.MergeFrom(before))).To(Succeed())
		change(ctx, func(spec *authv1alpha1.AuthorizationServerSpec) {
			spec.Service.Annotations = map[string]string{"example.com/b": "2"}
		})
		Eventually(func(g Gomega) {
			g.Expect(get(ctx, "login", service)).To(Succeed())
			g.Expect(service.Spec.Selector).To(HaveKeyWithValue("app.kubernetes.io/instance", "login"))
			g.Expect(service.Annotations).NotTo(HaveKey("example.com/a"))
			g.Expect(service.Annotations).To(HaveKeyWithValue("example.com/b", "2"))
			g.Expect(service.Annotations).To(HaveKeyWithValue("example.com/of-somebody-else", "kept"))
		}).WithTimeout(patience).Should(Succeed())
	}, SpecTimeout(specLimit))

	It("rotate once for a value, however often it is given", func(ctx SpecContext) {
		create(ctx, server)
		awaitReady(ctx, server)
		keys := func() int {
			var ring configv1alpha1.KeyRing
			Expect(json.Unmarshal([]byte(secretData(ctx, "login-session", "keyring.json")), &ring)).To(Succeed())
			return len(ring.Keys)
		}
		token := secretData(ctx, "login-management", "token")
		annotate(ctx, server, authv1alpha1.AnnotationRotateSessionKeys, "1")
		annotate(ctx, server, authv1alpha1.AnnotationRotateEngineCredentials, "1")
		Eventually(keys).WithTimeout(patience).Should(Equal(2))
		Eventually(func() string { return secretData(ctx, "login-management", "token") }).WithTimeout(patience).ShouldNot(Equal(token))
		before := server.DeepCopy()
		delete(server.Annotations, authv1alpha1.AnnotationRotateSessionKeys)
		Expect(cluster.Patch(ctx, server, client.MergeFrom(before))).To(Succeed())
		reconciled(ctx, server)
		Expect(keys()).To(Equal(2))
		annotate(ctx, server, authv1alpha1.AnnotationRotateSessionKeys, "1")
		reconciled(ctx, server)
		Expect(keys()).To(Equal(2))
	}, SpecTimeout(specLimit))

	It("tell running pods of a person who is locked out, though a Secret is missing", func(ctx SpecContext) {
		server.Spec.Introspection.Callers = []authv1alpha1.IntrospectionCaller{
			{Name: "api", SecretRef: authv1alpha1.SecretKeyReference{Name: "caller"}},
		}
		caller := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "caller", Namespace: namespace}, StringData: map[string]string{"secret": "caller-secret"}}
		create(ctx, caller, server, user)
		awaitReady(ctx, server, user)
		deployment := &appsv1.Deployment{}
		Expect(get(ctx, "login", deployment)).To(Succeed())
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "login-pod", Namespace: namespace, Labels: deployment.Spec.Template.Labels},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "server", Image: serverImage}}},
		}
		create(ctx, pod)
		refresh := func() string {
			Expect(cluster.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
			return pod.Annotations["authserver.dev/refresh"]
		}
		Eventually(refresh).WithTimeout(patience).ShouldNot(BeEmpty())
		Expect(cluster.Delete(ctx, caller)).To(Succeed())
		awaitCondition(ctx, server, authv1alpha1.ConditionCredentialsReady, metav1.ConditionFalse, authv1alpha1.ReasonSecretNotFound)
		Expect(cluster.Get(ctx, client.ObjectKeyFromObject(user), user)).To(Succeed())
		previous, before := refresh(), user.DeepCopy()
		user.Spec.Active = new(bool)
		Expect(cluster.Patch(ctx, user, client.MergeFrom(before))).To(Succeed())
		Eventually(func() bool { return projected(ctx, namespace, user.EffectiveSubject()).Disabled }).WithTimeout(patience).Should(BeTrue())
		Eventually(refresh).WithTimeout(patience).ShouldNot(Equal(previous))
		Expect(get(ctx, "login", &appsv1.Deployment{})).To(Succeed())
	}, SpecTimeout(specLimit))

	It("keep to one claim, and wait for one of the user's own", func(ctx SpecContext) {
		storage := &server.Spec.Backend.Embedded.Storage
		storage.Type = authv1alpha1.StorageSQLite
		storage.SQLite = &authv1alpha1.SQLiteStorage{VolumeClaim: authv1alpha1.VolumeClaim{ExistingClaimName: "mine"}}
		create(ctx, server)
		awaitCondition(ctx, server, authv1alpha1.ConditionCredentialsReady, metav1.ConditionFalse, authv1alpha1.ReasonClaimNotFound)
		change(ctx, func(spec *authv1alpha1.AuthorizationServerSpec) {
			spec.Backend.Embedded.Storage.SQLite = nil
		})
		awaitReady(ctx, server)
		change(ctx, func(spec *authv1alpha1.AuthorizationServerSpec) {
			class := "fast"
			spec.Backend.Embedded.Storage.SQLite = &authv1alpha1.SQLiteStorage{VolumeClaim: authv1alpha1.VolumeClaim{StorageClassName: &class}}
		})
		awaitReady(ctx, server)
		claim := &corev1.PersistentVolumeClaim{}
		Expect(get(ctx, "login-data", claim)).To(Succeed())
		Expect(claim.Spec.StorageClassName).To(BeNil(), "the class of a claim cannot be changed")
	}, SpecTimeout(specLimit))

	It("roll when the database's address changes, and stop at no replicas", func(ctx SpecContext) {
		server.Spec.Backend.Embedded.Storage = authv1alpha1.Storage{
			Type: authv1alpha1.StoragePostgreSQL,
			PostgreSQL: &authv1alpha1.PostgreSQLStorage{
				ConnectionSecretRef: authv1alpha1.SecretKeyReference{Name: "database"},
			},
		}
		two := int32(2)
		server.Spec.Replicas = &two
		create(ctx, server)
		awaitCondition(ctx, server, authv1alpha1.ConditionCredentialsReady, metav1.ConditionFalse, authv1alpha1.ReasonSecretNotFound)
		Expect(apierrors.IsNotFound(get(ctx, "login", &appsv1.Deployment{}))).To(BeTrue())
		database := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "database", Namespace: namespace}, StringData: map[string]string{"url": "postgres://a"}}
		create(ctx, database)
		awaitReady(ctx, server)
		first := server.Status.ConfigHash
		modify(ctx, database, func(s *corev1.Secret) { s.StringData = map[string]string{"url": "postgres://b"} })
		Eventually(func() string {
			deployment := &appsv1.Deployment{}
			Expect(get(ctx, "login", deployment)).To(Succeed())
			return deployment.Spec.Template.Annotations["authserver.dev/config-hash"]
		}).WithTimeout(patience).ShouldNot(Equal(first))
		none := int32(0)
		change(ctx, func(spec *authv1alpha1.AuthorizationServerSpec) { spec.Replicas = &none })
		awaitCondition(ctx, server, authv1alpha1.ConditionAvailable, metav1.ConditionFalse, authv1alpha1.ReasonScaledToZero)
		awaitCondition(ctx, server, authv1alpha1.ConditionStalled, metav1.ConditionTrue, authv1alpha1.ReasonScaledToZero)
	}, SpecTimeout(specLimit))
})

// collect deletes objects of a kind that an AuthorizationServer has left behind.
func collect(ctx context.Context, namespace string, kind client.Object) {
	GinkgoHelper()
	Expect(cluster.DeleteAllOf(ctx, kind, client.InNamespace(namespace), client.MatchingLabels{"app.kubernetes.io/instance": "login"})).To(Succeed())
}
