package controllers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	podsecurity "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/controller-runtime/pkg/client"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/password"
)

const userPassword = "controllers-test-password"

// world are the resources of one test.
func world(namespace string) (*authv1alpha1.AuthorizationServer, []client.Object) {
	at := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name, Namespace: namespace} }
	server := &authv1alpha1.AuthorizationServer{
		ObjectMeta: at("login"),
		Spec: authv1alpha1.AuthorizationServerSpec{
			Issuer: "https://login.example.com",
			Backend: authv1alpha1.Backend{Type: authv1alpha1.BackendEmbedded, Embedded: &authv1alpha1.EmbeddedBackend{
				Storage: authv1alpha1.Storage{Type: authv1alpha1.StorageMemory},
			}},
		},
	}
	return server, []client.Object{
		&corev1.Secret{ObjectMeta: at("alice-password"), StringData: map[string]string{"password": userPassword}},
		server,
		&authv1alpha1.OAuthUser{ObjectMeta: at("alice"), Spec: authv1alpha1.OAuthUserSpec{
			ServerRef: authv1alpha1.ServerReference{Name: "login"}, Username: "alice",
			Password: &authv1alpha1.Password{SecretRef: authv1alpha1.SecretKeyReference{Name: "alice-password"}},
			Claims:   authv1alpha1.Claims{Name: "Alice", Email: "alice@example.com"},
		}},
		&authv1alpha1.OAuthClient{ObjectMeta: at("app"), Spec: authv1alpha1.OAuthClientSpec{
			ServerRef: authv1alpha1.ServerReference{Name: "login"}, RedirectURIs: []authv1alpha1.RedirectURI{"https://app.example.com/callback"},
		}},
	}
}

func create(ctx context.Context, objects ...client.Object) {
	GinkgoHelper()
	for _, object := range objects {
		Expect(cluster.Create(ctx, object)).To(Succeed())
	}
}

type conditioned interface {
	client.Object
	GetConditions() []metav1.Condition
}

// awaitCondition waits for a condition of the current generation.
func awaitCondition(ctx context.Context, object conditioned, conditionType string, want metav1.ConditionStatus, reason string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
		condition := meta.FindStatusCondition(object.GetConditions(), conditionType)
		g.Expect(condition).NotTo(BeNil())
		g.Expect(condition.Status).To(Equal(want), "%+v", object.GetConditions())
		g.Expect(condition.ObservedGeneration).To(Equal(object.GetGeneration()))
		if reason != "" {
			g.Expect(condition.Reason).To(Equal(reason), "%+v", object.GetConditions())
		}
	}).WithContext(ctx).WithTimeout(patience).WithPolling(50 * time.Millisecond).Should(Succeed())
}

func awaitReady(ctx context.Context, objects ...client.Object) {
	GinkgoHelper()
	for _, object := range objects {
		if c, ok := object.(conditioned); ok {
			awaitCondition(ctx, c, authv1alpha1.ConditionReady, metav1.ConditionTrue, "")
		}
	}
}

// versions returns the resource version of every object that the operator writes in the namespace.
func versions(ctx context.Context, namespace string) map[string]string {
	GinkgoHelper()
	all := map[string]string{}
	for _, list := range []client.ObjectList{
		&authv1alpha1.AuthorizationServerList{}, &authv1alpha1.OAuthUserList{}, &authv1alpha1.OAuthClientList{}, &appsv1.DeploymentList{},
		&corev1.SecretList{}, &corev1.ConfigMapList{}, &corev1.ServiceList{}, &corev1.ServiceAccountList{},
	} {
		Expect(cluster.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
		Expect(meta.EachListItem(list, func(item runtime.Object) error {
			object := item.(client.Object)
			all[fmt.Sprintf("%T %s", object, object.GetName())] = object.GetResourceVersion()
			return nil
		})).To(Succeed())
	}
	return all
}

func keys(versions map[string]string) []string {
	var names []string
	for name := range versions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

var _ = Describe("A server with a user and a client", func() {
	var (
		namespace string
		server    *authv1alpha1.AuthorizationServer
		objects   []client.Object
		o         *operator
	)

	BeforeEach(func(ctx SpecContext) {
		namespace = newNamespace(ctx)
		server, objects = world(namespace)
		o = startOperator(namespace, newEngine(), 0)
	})

	up := func(ctx context.Context) {
		GinkgoHelper()
		kubelet, stop := context.WithCancel(context.Background())
		DeferCleanup(func() { stop() })
		playKubelet(kubelet, namespace)
		create(ctx, objects...)
		awaitReady(ctx, objects...)
	}

	It("is Current for kstatus when it is ready, and not before", func(ctx SpecContext) {
		create(ctx, objects...)
		awaitCondition(ctx, server, authv1alpha1.ConditionAvailable, metav1.ConditionFalse, "")
		Expect(kstatus(server)).To(Equal(status.InProgressStatus))
		playKubelet(ctx, namespace)
		awaitReady(ctx, objects...)
		Expect(kstatus(server)).To(Equal(status.CurrentStatus))
		o.down.Store(true)
		before := server.DeepCopy()
		server.Spec.Display.ServiceName = "Renamed"
		Expect(cluster.Patch(ctx, server, client.MergeFrom(before))).To(Succeed())
		awaitCondition(ctx, server, authv1alpha1.ConditionBackendReachable, metav1.ConditionFalse, authv1alpha1.ReasonUnreachable)
		Expect(kstatus(server)).To(Equal(status.InProgressStatus))
	}, SpecTimeout(specLimit))

	It("is left alone by a second reconcile: every resourceVersion stays", func(ctx SpecContext) {
		up(ctx)
		o.settle()
		o.kill()
		before := versions(ctx, namespace)
		again := startOperator(namespace, o.backend, 0)
		// Each object is reconciled when the new operator starts; writes are counted at its client.
		again.settle()
		Expect(again.writes.Load()).To(BeZero())
		Expect(versions(ctx, namespace)).To(Equal(before))
	}, SpecTimeout(specLimit))

	It("gives pods that Pod Security restricted admits", func(ctx SpecContext) {
		up(ctx)
		deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "login", Namespace: namespace}}
		Expect(cluster.Get(ctx, client.ObjectKeyFromObject(deployment), deployment)).To(Succeed())
		evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
		Expect(err).NotTo(HaveOccurred())
		restricted := podsecurity.LevelVersion{Level: podsecurity.LevelRestricted, Version: podsecurity.LatestVersion()}
		for _, result := range evaluator.EvaluatePod(restricted, &deployment.Spec.Template.ObjectMeta, &deployment.Spec.Template.Spec) {
			Expect(result.Allowed).To(BeTrue(), "%s: %s", result.ForbiddenReason, result.ForbiddenDetail)
		}
		container := deployment.Spec.Template.Spec.Containers[0]
		Expect(*container.SecurityContext.ReadOnlyRootFilesystem).To(BeTrue())
		Expect(*deployment.Spec.Template.Spec.AutomountServiceAccountToken).To(BeFalse())
		Expect(container.Image).To(Equal(serverImage))
	}, SpecTimeout(specLimit))

	It("projects the user, and a change of the user changes one shard", func(ctx SpecContext) {
		up(ctx)
		user := &authv1alpha1.OAuthUser{ObjectMeta: metav1.ObjectMeta{Name: "alice", Namespace: namespace}}
		Expect(cluster.Get(ctx, client.ObjectKeyFromObject(user), user)).To(Succeed())
		entry := projected(ctx, namespace, user.EffectiveSubject())
		Expect(entry.Username).To(Equal("alice"))
		Expect(string(entry.Claims["email"])).To(Equal(`"alice@example.com"`))
		Expect(string(entry.Claims["email_verified"])).To(Equal(`false`))
		Expect(password.Verify(entry.PasswordHash, userPassword)).To(BeTrue())

		before := versions(ctx, namespace)
		inactive := false
		patched := user.DeepCopy()
		patched.Spec.Active = &inactive
		Expect(cluster.Patch(ctx, patched, client.MergeFrom(user))).To(Succeed())
		Eventually(func() bool { return projected(ctx, namespace, user.EffectiveSubject()).Disabled }).WithTimeout(patience).Should(BeTrue())
		changed := 0
		for name, version := range versions(ctx, namespace) {
			if strings.Contains(name, "-users-") && before[name] != version {
				changed++
			}
		}
		Expect(changed).To(Equal(1))
	}, SpecTimeout(specLimit))

	It("takes a changed password without being asked, and keeps the hash when the Secret changes otherwise", func(ctx SpecContext) {
		up(ctx)
		user := &authv1alpha1.OAuthUser{ObjectMeta: metav1.ObjectMeta{Name: "alice", Namespace: namespace}}
		Expect(cluster.Get(ctx, client.ObjectKeyFromObject(user), user)).To(Succeed())
		hash := projected(ctx, namespace, user.EffectiveSubject()).PasswordHash
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "alice-password", Namespace: namespace}}
		modify(ctx, secret, func(s *corev1.Secret) { s.Labels = map[string]string{"touched": "yes"} })
		Eventually(func() string {
			Expect(cluster.Get(ctx, client.ObjectKeyFromObject(user), user)).To(Succeed())
			return user.Status.PasswordSecretVersion
		}).WithTimeout(patience).Should(Equal(secret.ResourceVersion))
		reconciled(ctx, user)
		Expect(projected(ctx, namespace, user.EffectiveSubject()).PasswordHash).To(Equal(hash))
		modify(ctx, secret, func(s *corev1.Secret) { s.Data["password"] = []byte("another-password-of-alice") })
		Eventually(func() (bool, error) {
			return password.Verify(projected(ctx, namespace, user.EffectiveSubject()).PasswordHash, "another-password-of-alice")
		}).WithTimeout(patience).Should(BeTrue())
	}, SpecTimeout(specLimit))

	It("registers the client, imposes its secret, repairs drift, and takes it off when deleted", func(ctx SpecContext) {
		up(ctx)
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "app-oauth", Namespace: namespace}}
		Expect(cluster.Get(ctx, client.ObjectKeyFromObject(secret), secret)).To(Succeed())
		registered, err := o.backend.ClientGet(ctx, "app")
		Expect(err).NotTo(HaveOccurred())
		Expect(registered.ClientSecret).To(Equal(string(secret.Data["client_secret"])))
		Expect(string(secret.Data["issuer"])).To(Equal("https://login.example.com"))

		Expect(o.backend.ClientDelete(ctx, "app")).To(Succeed())
		oauthClient := &authv1alpha1.OAuthClient{ObjectMeta: metav1.ObjectMeta{Name: "app", Namespace: namespace}}
		annotate(ctx, oauthClient, "touched", "yes")
		Eventually(func() (string, error) {
			restored, err := o.backend.ClientGet(ctx, "app")
			if err != nil {
				return "", err
			}
			return restored.ClientSecret, nil
		}).WithTimeout(patience).Should(Equal(registered.ClientSecret))

		annotate(ctx, oauthClient, authv1alpha1.AnnotationRotateClientSecret, "1")
		Eventually(func() string {
			restored, _ := o.backend.ClientGet(ctx, "app")
			return restored.ClientSecret
		}).WithTimeout(patience).ShouldNot(Equal(registered.ClientSecret))

		Expect(cluster.Delete(ctx, oauthClient)).To(Succeed())
		Eventually(func() error { _, err := o.backend.ClientGet(ctx, "app"); return err }).WithTimeout(patience).Should(HaveOccurred())
		Eventually(func() error { return cluster.Get(ctx, client.ObjectKeyFromObject(oauthClient), oauthClient) }).WithTimeout(patience).Should(HaveOccurred())
	}, SpecTimeout(specLimit))

	It("gives the issuer and the username to the older, and tells the newer", func(ctx SpecContext) {
		up(ctx)
		time.Sleep(1100 * time.Millisecond) // creation timestamps have seconds
		second, rest := world(namespace)
		second.Name = "second"
		create(ctx, second)
		awaitCondition(ctx, second, authv1alpha1.ConditionIssuerUnique, metav1.ConditionFalse, authv1alpha1.ReasonIssuerConflict)
		awaitCondition(ctx, second, authv1alpha1.ConditionReady, metav1.ConditionFalse, "")
		Expect(kstatus(second)).To(Equal(status.FailedStatus))
		Expect(cluster.Get(ctx, client.ObjectKeyFromObject(second), &appsv1.Deployment{})).NotTo(Succeed())

		impostor := rest[2].(*authv1alpha1.OAuthUser)
		impostor.Name, impostor.Spec.Username = "impostor", "ALICE"
		create(ctx, impostor)
		awaitCondition(ctx, impostor, authv1alpha1.ConditionUsernameUnique, metav1.ConditionFalse, authv1alpha1.ReasonUsernameConflict)
		Expect(cluster.Delete(ctx, &authv1alpha1.OAuthUser{ObjectMeta: metav1.ObjectMeta{Name: "alice", Namespace: namespace}})).To(Succeed())
		awaitCondition(ctx, impostor, authv1alpha1.ConditionReady, metav1.ConditionTrue, "")
		Expect(cluster.Delete(ctx, server)).To(Succeed())
		awaitCondition(ctx, second, authv1alpha1.ConditionIssuerUnique, metav1.ConditionTrue, "")
	}, SpecTimeout(specLimit))

	It("rotates credentials once per request", func(ctx SpecContext) {
		up(ctx)
		ring := func() configv1alpha1.KeyRing {
			var secret corev1.Secret
			Expect(cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "login-session"}, &secret)).To(Succeed())
			var ring configv1alpha1.KeyRing
			Expect(json.Unmarshal(secret.Data["keyring.json"], &ring)).To(Succeed())
			return ring
		}
		first := ring()
		annotate(ctx, server, authv1alpha1.AnnotationRotateSessionKeys, "1")
		Eventually(func() int { return len(ring().Keys) }).WithTimeout(patience).Should(Equal(2))
		Expect(ring().Keys[1].ID).To(Equal(first.Keys[0].ID))
		annotate(ctx, server, "touched", "yes")
		reconciled(ctx, server)
		Expect(ring().Keys).To(HaveLen(2))
	}, SpecTimeout(specLimit))

	It("waits for a Secret that is not there, and goes on when it comes", func(ctx SpecContext) {
		playKubelet(ctx, namespace)
		server.Spec.Introspection.Callers = []authv1alpha1.IntrospectionCaller{
			{Name: "api", SecretRef: authv1alpha1.SecretKeyReference{Name: "caller"}},
		}
		create(ctx, objects...)
		awaitCondition(ctx, server, authv1alpha1.ConditionCredentialsReady, metav1.ConditionFalse, authv1alpha1.ReasonSecretNotFound)
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "caller", Namespace: namespace}, StringData: map[string]string{"secret": "caller-secret"}}
		create(ctx, secret)
		awaitReady(ctx, objects...)
	}, SpecTimeout(specLimit))

	It("lets a client go whose server is gone", func(ctx SpecContext) {
		up(ctx)
		o.down.Store(true)
		Expect(cluster.Delete(ctx, server)).To(Succeed())
		oauthClient := &authv1alpha1.OAuthClient{ObjectMeta: metav1.ObjectMeta{Name: "app", Namespace: namespace}}
		Expect(cluster.Delete(ctx, oauthClient)).To(Succeed())
		Eventually(func() error { return cluster.Get(ctx, client.ObjectKeyFromObject(oauthClient), oauthClient) }).WithTimeout(patience).Should(HaveOccurred())
	}, SpecTimeout(specLimit))
})

var _ = Describe("An operator that fails at any write", func() {
	It("heals to the same world", func(ctx SpecContext) {
		run := func(failAt int64) ([]string, int64) {
			namespace := newNamespace(ctx)
			_, objects := world(namespace)
			kubelet, stop := context.WithCancel(ctx)
			defer stop()
			playKubelet(kubelet, namespace)
			o := startOperator(namespace, newEngine(), failAt)
			defer o.kill()
			create(ctx, objects...)
			awaitReady(ctx, objects...)
			return keys(versions(ctx, namespace)), o.writes.Load()
		}
		want, writes := run(0)
		Expect(writes).To(BeNumerically(">", 20))
		for n := int64(1); n <= writes; n += 3 {
			got, _ := run(n)
			Expect(got).To(Equal(want), "after a failure of write %d of %d", n, writes)
		}
	}, SpecTimeout(20*time.Minute))
})

var _ = AfterSuite(func() {
	for _, secret := range []string{userPassword, "another-password-of-alice", "caller-secret"} {
		Expect(strings.Contains(logs.String(), secret)).To(BeFalse(), "a secret is in the log")
	}
})

// kstatus computes the status that generic tools see.
func kstatus(object client.Object) status.Status {
	GinkgoHelper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	Expect(err).NotTo(HaveOccurred())
	result, err := status.Compute(&unstructured.Unstructured{Object: content})
	Expect(err).NotTo(HaveOccurred())
	return result.Status
}

// projected returns the user as the server's Secrets have it.
func projected(ctx context.Context, namespace, subject string) configv1alpha1.User {
	number := configv1alpha1.Shard(subject)
	var secret corev1.Secret
	if err := cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: fmt.Sprintf("login-users-%02d", number)}, &secret); err != nil {
		return configv1alpha1.User{}
	}
	var list configv1alpha1.UserList
	if err := json.Unmarshal(secret.Data[configv1alpha1.ShardFile(number)], &list); err != nil {
		return configv1alpha1.User{}
	}
	for _, user := range list.Users {
		if user.Subject == subject {
			return user
		}
	}
	return configv1alpha1.User{}
}

func annotate(ctx context.Context, object client.Object, key, value string) {
	GinkgoHelper()
	modify(ctx, object, func(object client.Object) {
		annotations := object.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[key] = value
		object.SetAnnotations(annotations)
	})
}
