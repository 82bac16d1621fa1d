package controllers_test

import (
	"context"
	"net/url"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/desired"
	"github.com/authserver-dev/operator/controllers/internal/shard"
	"github.com/authserver-dev/operator/internal/authlete"
)

var _ = Describe("The tokens of a user", func() {
	const callback = "https://app.example.com/callback"
	var (
		namespace string
		user      *authv1alpha1.OAuthUser
		o         *operator
	)

	BeforeEach(func(ctx SpecContext) {
		namespace = newNamespace(ctx)
		_, objects := world(namespace)
		user = objects[2].(*authv1alpha1.OAuthUser)
		backend := newEngine()
		service, err := backend.ServiceGet(ctx)
		Expect(err).NotTo(HaveOccurred())
		service.SupportedGrantTypes = []authlete.GrantType{authlete.GrantAuthorizationCode, authlete.GrantRefreshToken}
		service.SupportedResponseTypes = []authlete.ResponseType{authlete.ResponseCode}
		_, err = backend.ServiceUpdate(ctx, service)
		Expect(err).NotTo(HaveOccurred())
		o = startOperator(namespace, backend, 0)
		kubelet, stop := context.WithCancel(context.Background())
		DeferCleanup(func() { stop() })
		playKubelet(kubelet, namespace)
		create(ctx, objects...)
		awaitReady(ctx, objects...)
	})

	// login returns an access token of the subject.
	login := func(ctx context.Context, subject string) string {
		GinkgoHelper()
		var secret corev1.Secret
		Expect(cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "app-oauth"}, &secret)).To(Succeed())
		asked, err := o.backend.Authorization(ctx, &authlete.AuthorizationRequest{
			Parameters: url.Values{"response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {callback}}.Encode(),
		})
		Expect(err).NotTo(HaveOccurred())
		issued, err := o.backend.AuthorizationIssue(ctx, &authlete.AuthorizationIssueRequest{Ticket: asked.Ticket, Subject: subject})
		Expect(err).NotTo(HaveOccurred())
		response, err := o.backend.Token(ctx, &authlete.TokenRequest{
			Parameters: url.Values{"grant_type": {"authorization_code"}, "code": {issued.AuthorizationCode}, "redirect_uri": {callback}}.Encode(),
			ClientID:   "app", ClientSecret: string(secret.Data[authv1alpha1.OutputClientSecret]),
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(response.Action).To(Equal(authlete.TokenOK), "%s %s", asked.ResponseContent, response.ResponseContent)
		return response.AccessToken
	}
	usable := func(ctx context.Context, token string) bool {
		GinkgoHelper()
		response, err := o.backend.Introspection(ctx, &authlete.IntrospectionRequest{Token: token})
		Expect(err).NotTo(HaveOccurred())
		return response.Usable
	}
	expectRevoked := func(ctx context.Context, token string) {
		GinkgoHelper()
		Eventually(func() bool { return usable(ctx, token) }).WithTimeout(patience).Should(BeFalse())
	}
	pending := func(ctx context.Context) int {
		GinkgoHelper()
		found := 0
		for number := range 16 {
			var secret corev1.Secret
			Expect(cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: shard.SecretName("login", number)}, &secret)).To(Succeed())
			if len(secret.Data[desired.KeyRevocations]) > 0 {
				found++
			}
		}
		return found
	}
	setActive := func(ctx context.Context, active bool) {
		GinkgoHelper()
		Expect(cluster.Get(ctx, client.ObjectKeyFromObject(user), user)).To(Succeed())
		before := user.DeepCopy()
		user.Spec.Active = &active
		Expect(cluster.Patch(ctx, user, client.MergeFrom(before))).To(Succeed())
	}

	It("end when the user is disabled, also those of a login that was under way", func(ctx SpecContext) {
		token, other := login(ctx, user.EffectiveSubject()), login(ctx, "somebody-else")
		setActive(ctx, false)
		expectRevoked(ctx, token)
		late := login(ctx, user.EffectiveSubject())
		expectRevoked(ctx, late)
		Eventually(func() int { return pending(ctx) }).WithTimeout(patience).Should(BeZero())
		Expect(usable(ctx, other)).To(BeTrue())
	}, SpecTimeout(specLimit))

	It("end when the user is deleted, although the backend was down and the operator was killed", func(ctx SpecContext) {
		token := login(ctx, user.EffectiveSubject())
		o.down.Store(true)
		Expect(cluster.Delete(ctx, user)).To(Succeed())
		Eventually(func() int { return pending(ctx) }).WithTimeout(patience).Should(Equal(1))
		o.kill()
		Expect(usable(ctx, token)).To(BeTrue())
		o = startOperator(namespace, o.backend, 0)
		expectRevoked(ctx, token)
		Eventually(func() int { return pending(ctx) }).WithTimeout(patience).Should(BeZero())
	}, SpecTimeout(specLimit))

	It("end once when the password changes", func(ctx SpecContext) {
		token := login(ctx, user.EffectiveSubject())
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "alice-password", Namespace: namespace}}
		modify(ctx, secret, func(s *corev1.Secret) { s.Data["password"] = []byte("another-password-of-alice") })
		expectRevoked(ctx, token)
		Eventually(func() int { return pending(ctx) }).WithTimeout(patience).Should(BeZero())
		after := login(ctx, user.EffectiveSubject())
		reconciled(ctx, user)
		Eventually(func() int { return pending(ctx) }).WithTimeout(patience).Should(BeZero())
		Expect(usable(ctx, after)).To(BeTrue())
	}, SpecTimeout(specLimit))
})
