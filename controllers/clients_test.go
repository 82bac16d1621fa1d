package controllers_test

import (
	"context"
	"strconv"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

var _ = Describe("A client that the backend has already", func() {
	var (
		namespace string
		o         *operator
		existing  *authlete.Client
	)

	BeforeEach(func(ctx SpecContext) {
		namespace = newNamespace(ctx)
		o = startOperator(namespace, newEngine(), 0)
		kubelet, stop := context.WithCancel(context.Background())
		DeferCleanup(func() { stop() })
		playKubelet(kubelet, namespace)
		_, objects := world(namespace)
		create(ctx, objects...)
		awaitReady(ctx, objects...)
		var err error
		existing, err = o.backend.ClientCreate(ctx, &authlete.Client{
			ClientIDAlias: "shop", ClientName: "The old shop", Description: "Made at a console", RedirectURIs: []string{"https://old.example.com/callback"},
		})
		Expect(err).NotTo(HaveOccurred())
	})

	shop := func(change func(*authv1alpha1.OAuthClientSpec)) *authv1alpha1.OAuthClient {
		c := &authv1alpha1.OAuthClient{
			ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: namespace},
			Spec: authv1alpha1.OAuthClientSpec{
				ServerRef: authv1alpha1.ServerReference{Name: "login"}, RedirectURIs: []authv1alpha1.RedirectURI{"https://shop.example.com/callback"},
			},
		}
		if change != nil {
			change(&c.Spec)
		}
		return c
	}
	now := func(ctx context.Context) *authlete.Client {
		GinkgoHelper()
		have, err := o.backend.ClientGet(ctx, strconv.FormatInt(existing.ClientID, 10))
		Expect(err).NotTo(HaveOccurred())
		return have
	}
	output := func(ctx context.Context) string {
		GinkgoHelper()
		secret := &corev1.Secret{}
		Expect(cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "shop-oauth"}, secret)).To(Succeed())
		return string(secret.Data[authv1alpha1.OutputClientSecret])
	}

	It("is left alone, adopted when that is asked for, and left behind when that is", func(ctx SpecContext) {
		c := shop(nil)
		create(ctx, c)
		awaitCondition(ctx, c, authv1alpha1.ConditionRegistered, metav1.ConditionFalse, authv1alpha1.ReasonNotManaged)
		Expect(kstatus(c)).To(Equal(status.FailedStatus))
		Expect(*now(ctx)).To(Equal(*existing))

		Expect(cluster.Delete(ctx, c)).To(Succeed())
		Eventually(func() error { return cluster.Get(ctx, client.ObjectKeyFromObject(c), c) }).WithTimeout(patience).ShouldNot(Succeed())
		Expect(*now(ctx)).To(Equal(*existing), "what is not ours is not deleted")
		collectGarbage(ctx, namespace, "shop-oauth")

		c = shop(func(spec *authv1alpha1.OAuthClientSpec) {
			spec.Adopt = &authv1alpha1.ClientAdoption{Client: strconv.FormatInt(existing.ClientID, 10)}
		})
		Eventually(func() error { return cluster.Create(ctx, c) }).WithTimeout(patience).Should(Succeed())
		awaitCondition(ctx, c, authv1alpha1.ConditionRegistered, metav1.ConditionFalse, authv1alpha1.ReasonClientDiffers)
		Expect(kstatus(c)).To(Equal(status.FailedStatus), "a person has to decide")
		Expect(*now(ctx)).To(Equal(*existing), "it is only observed")
		Expect(output(ctx)).To(Equal(existing.ClientSecret))
		modify(ctx, c, func(c *authv1alpha1.OAuthClient) { c.Spec.Management = authv1alpha1.ClientEnforce })
		awaitCondition(ctx, c, authv1alpha1.ConditionReady, metav1.ConditionTrue, "")
		adopted := now(ctx)
		Expect(adopted.RedirectURIs).To(Equal([]string{"https://shop.example.com/callback"}))
		Expect(adopted.ClientName).To(Equal("The old shop"), "it is not declared")
		Expect(adopted.Description).To(Equal("Made at a console"), "it is not declared")
		Expect(adopted.ClientSecret).To(Equal(existing.ClientSecret), "applications have it")
		Expect(output(ctx)).To(Equal(existing.ClientSecret))
		Expect(adopted.Attribute(authlete.AttributeOwner)).To(Equal(namespace + "/shop/" + string(c.UID)))

		Expect(cluster.Delete(ctx, c)).To(Succeed())
		Eventually(func() error { return cluster.Get(ctx, client.ObjectKeyFromObject(c), c) }).WithTimeout(patience).ShouldNot(Succeed())
		Expect(now(ctx).Attribute(authlete.AttributeOwner)).To(BeEmpty())
	}, SpecTimeout(specLimit))

	It("is refused by the name of its holder, and said to be missing when it is", func(ctx SpecContext) {
		held := *existing
		held.Attributes = []authlete.Pair{{Key: authlete.AttributeOwner, Value: "elsewhere/till/uid-9"}}
		_, err := o.backend.ClientUpdate(ctx, strconv.FormatInt(existing.ClientID, 10), &held)
		Expect(err).NotTo(HaveOccurred())
		before := now(ctx)
		c := shop(func(spec *authv1alpha1.OAuthClientSpec) { spec.Adopt = &authv1alpha1.ClientAdoption{Client: "shop"} })
		create(ctx, c)
		awaitCondition(ctx, c, authv1alpha1.ConditionRegistered, metav1.ConditionFalse, authv1alpha1.ReasonNotManaged)
		Expect(registered(c).Message).To(ContainSubstring("elsewhere/till"))
		Expect(*now(ctx)).To(Equal(*before))

		missing := shop(func(spec *authv1alpha1.OAuthClientSpec) { spec.Adopt = &authv1alpha1.ClientAdoption{Client: "4711"} })
		missing.Name = "missing"
		create(ctx, missing)
		awaitCondition(ctx, missing, authv1alpha1.ConditionRegistered, metav1.ConditionFalse, authv1alpha1.ReasonNothingToAdopt)
		_, err = o.backend.ClientGet(ctx, "missing")
		Expect(err).To(HaveOccurred(), "nothing is made where something is to be adopted")
	}, SpecTimeout(specLimit))

	It("has the secret that it has, unless another is asked for", func(ctx SpecContext) {
		c := shop(func(spec *authv1alpha1.OAuthClientSpec) {
			spec.RedirectURIs = nil
			spec.Adopt, spec.Management = &authv1alpha1.ClientAdoption{Client: "shop"}, authv1alpha1.ClientEnforce
		})
		create(ctx, c)
		awaitCondition(ctx, c, authv1alpha1.ConditionReady, metav1.ConditionTrue, "")
		Expect(output(ctx)).To(Equal(existing.ClientSecret))

		// Somebody rotates it at a console.
		number := strconv.FormatInt(existing.ClientID, 10)
		_, err := o.backend.ClientSecretUpdate(ctx, number, &authlete.ClientSecretUpdateRequest{ClientSecret: "a-secret-from-the-console"})
		Expect(err).NotTo(HaveOccurred())
		annotate(ctx, c, "touched", "yes")
		Eventually(func() string { return output(ctx) }).WithTimeout(patience).Should(Equal("a-secret-from-the-console"))
		Expect(now(ctx).ClientSecret).To(Equal("a-secret-from-the-console"))

		// The owner of the object rotates it.
		annotate(ctx, c, authv1alpha1.AnnotationRotateClientSecret, "1")
		Eventually(func() string { return output(ctx) }).WithTimeout(patience).ShouldNot(Equal("a-secret-from-the-console"))
		Expect(now(ctx).ClientSecret).To(Equal(output(ctx)))

		// The owner gives one.
		create(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: "given", Namespace: namespace}, StringData: map[string]string{"client_secret": "a-secret-of-the-owner"},
		})
		modify(ctx, c, func(c *authv1alpha1.OAuthClient) {
			c.Spec.Secret.SecretRef = &authv1alpha1.SecretKeyReference{Name: "given"}
		})
		Eventually(func() string { return output(ctx) }).WithTimeout(patience).Should(Equal("a-secret-of-the-owner"))
		Expect(now(ctx).ClientSecret).To(Equal("a-secret-of-the-owner"))
		Expect(now(ctx).RedirectURIs).To(Equal(existing.RedirectURIs))
	}, SpecTimeout(specLimit))

	It("rotates a generated secret once for each request, however often that is repeated", func(ctx SpecContext) {
		c := &authv1alpha1.OAuthClient{ObjectMeta: metav1.ObjectMeta{Name: "app", Namespace: namespace}}
		secret := func() string {
			GinkgoHelper()
			s := &corev1.Secret{}
			Expect(cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "app-oauth"}, s)).To(Succeed())
			return string(s.Data[authv1alpha1.OutputClientSecret])
		}
		first := secret()
		annotate(ctx, c, authv1alpha1.AnnotationRotateClientSecret, "1")
		Eventually(secret).WithTimeout(patience).ShouldNot(Equal(first))
		second := secret()
		annotate(ctx, c, authv1alpha1.AnnotationRotateClientSecret, "")
		annotate(ctx, c, authv1alpha1.AnnotationRotateClientSecret, "1")
		reconciled(ctx, c)
		Expect(secret()).To(Equal(second))
	}, SpecTimeout(specLimit))

	It("does not hold up users and clients that other Secrets are in the way of", func(ctx SpecContext) {
		foreign := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "dora-password-hash", Namespace: namespace}, StringData: map[string]string{"mine": "yes"}}
		create(ctx, foreign,
			&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "dora-password", Namespace: namespace}, StringData: map[string]string{"password": "password-of-dora"}})
		dora := &authv1alpha1.OAuthUser{ObjectMeta: metav1.ObjectMeta{Name: "dora", Namespace: namespace}, Spec: authv1alpha1.OAuthUserSpec{
			ServerRef: authv1alpha1.ServerReference{Name: "login"}, Username: "dora",
			Password: &authv1alpha1.Password{SecretRef: authv1alpha1.SecretKeyReference{Name: "dora-password"}},
		}}
		create(ctx, dora)
		awaitCondition(ctx, dora, authv1alpha1.ConditionPasswordReady, metav1.ConditionFalse, authv1alpha1.ReasonSecretNotOwned)
		Expect(kstatus(dora)).To(Equal(status.FailedStatus))
		Expect(cluster.Delete(ctx, foreign)).To(Succeed())
		awaitCondition(ctx, dora, authv1alpha1.ConditionReady, metav1.ConditionTrue, "")
	}, SpecTimeout(specLimit))
})

// collectGarbage deletes a Secret whose owner is gone, as the garbage collector would, which does not run here.
func collectGarbage(ctx context.Context, namespace, name string) {
	GinkgoHelper()
	Expect(cluster.Delete(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}})).To(Succeed())
}

// registered is the condition Registered.
func registered(c *authv1alpha1.OAuthClient) metav1.Condition {
	for _, condition := range c.Status.Conditions {
		if condition.Type == authv1alpha1.ConditionRegistered {
			return condition
		}
	}
	return metav1.Condition{}
}
