package e2e_test

import (
	"context"
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/test/login"
)

var _ = Describe("People and applications", Ordered, func() {
	w := &world{}

	BeforeAll(func(ctx SpecContext) {
		*w = *newWorld(ctx)
		w.start(ctx, nil)
	}, NodeTimeout(3*time.Minute))

	people(w)

	It("keeps logging people in while the API server is down for 30 seconds", func(ctx SpecContext) {
		opts := w.options(ctx, "alice")
		_, err := login.Run(ctx, opts)
		Expect(err).NotTo(HaveOccurred())
		stopComponent(ctx, "kube-apiserver")
		end := time.Now().Add(30 * time.Second)
		for time.Now().Before(end) {
			_, err := login.Run(ctx, opts)
			Expect(err).NotTo(HaveOccurred())
			Expect(pause(ctx, time.Second)).To(Succeed())
		}
		startComponent(ctx, "kube-apiserver")
		w.awaitReady(ctx, w.server, readyIn)
	}, SpecTimeout(3*time.Minute))

	It("gives a memory store its clients back after a restart, with nothing changed for applications", func(ctx SpecContext) {
		opts := w.options(ctx, "alice")
		_, err := kubectl(ctx, "-n", w.namespace, "delete", "pods", "-l", "app.kubernetes.io/name=authserver", "--wait=true")
		Expect(err).NotTo(HaveOccurred())
		Eventually(func() error { return token(ctx, opts) }).WithTimeout(readyIn).WithPolling(500 * time.Millisecond).Should(Succeed())
		_, err = login.Run(ctx, opts)
		Expect(err).NotTo(HaveOccurred())
	}, SpecTimeout(3*time.Minute))

	ending(w)
})

// people are the stories of people and applications, which are the same on every backend.
func people(w *world) {
	It("logs a person in: signature, nonce and at_hash are verified by go-oidc", func(ctx SpecContext) {
		result, err := login.Run(ctx, w.options(ctx, "alice"))
		Expect(err).NotTo(HaveOccurred())
		user := &authv1alpha1.OAuthUser{ObjectMeta: metav1.ObjectMeta{Name: "alice", Namespace: w.namespace}}
		Expect(cluster.Get(ctx, client.ObjectKeyFromObject(user), user)).To(Succeed())
		Expect(result.IDToken.Subject).To(Equal(user.Status.Subject))
		Expect(result.Tokens.RefreshToken).NotTo(BeEmpty())
	}, SpecTimeout(time.Minute))

	It("answers a denial with access_denied", func(ctx SpecContext) {
		opts := w.options(ctx, "alice")
		opts.Deny = true
		_, err := login.Run(ctx, opts)
		var refused *login.AuthorizationError
		Expect(errors.As(err, &refused)).To(BeTrue(), "%v", err)
		Expect(refused.Code).To(Equal("access_denied"))
	}, SpecTimeout(time.Minute))

	It("lets a new person in within five seconds, and out within five when disabled or deleted", func(ctx SpecContext) {
		opts := w.options(ctx, "carol")
		in := func() error { _, err := login.Run(ctx, opts); return err }
		w.user(ctx, "carol")
		Eventually(in).WithTimeout(soon).WithPolling(200 * time.Millisecond).Should(Succeed())

		user := &authv1alpha1.OAuthUser{ObjectMeta: metav1.ObjectMeta{Name: "carol", Namespace: w.namespace}}
		setActive := func(active bool) {
			GinkgoHelper()
			Expect(cluster.Get(ctx, client.ObjectKeyFromObject(user), user)).To(Succeed())
			before := user.DeepCopy()
			user.Spec.Active = &active
			Expect(cluster.Patch(ctx, user, client.MergeFrom(before))).To(Succeed())
		}
		setActive(false)
		Eventually(in).WithTimeout(soon).WithPolling(time.Second).Should(MatchError(login.ErrPage))
		setActive(true)
		Eventually(in).WithTimeout(2 * soon).WithPolling(time.Second).Should(Succeed())
		Expect(cluster.Delete(ctx, user)).To(Succeed())
		Eventually(in).WithTimeout(soon).WithPolling(time.Second).Should(MatchError(login.ErrPage))
	}, SpecTimeout(time.Minute))

	It("takes a changed password at once, and the old one no more", func(ctx SpecContext) {
		w.user(ctx, "dave")
		opts := w.options(ctx, "dave")
		in := func() error { _, err := login.Run(ctx, opts); return err }
		Eventually(in).WithTimeout(soon).WithPolling(200 * time.Millisecond).Should(Succeed())
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "dave-password", Namespace: w.namespace}}
		Expect(cluster.Get(ctx, client.ObjectKeyFromObject(secret), secret)).To(Succeed())
		secret.Data["password"] = []byte("another-password-value")
		Expect(cluster.Update(ctx, secret)).To(Succeed())
		Eventually(in).WithTimeout(soon).WithPolling(time.Second).Should(MatchError(login.ErrPage))
		opts.Password = "another-password-value"
		Eventually(in).WithTimeout(2 * soon).WithPolling(time.Second).Should(Succeed())
	}, SpecTimeout(time.Minute))
}

// ending are the stories with which every backend ends. secrets are parts of the values of Secrets.
func ending(w *world, secrets ...string) {
	It("keeps secrets out of objects, events and logs", func(ctx SpecContext) {
		expectNoSecrets(ctx, w.namespace, secrets...)
	}, SpecTimeout(time.Minute))

	It("removes everything that it made when the server is deleted", func(ctx SpecContext) {
		Expect(cluster.Delete(ctx, w.server)).To(Succeed())
		Eventually(func(g Gomega) {
			out, err := kubectl(ctx, "-n", w.namespace, "get", "all,secrets,configmaps,serviceaccounts,pdb,pvc",
				"-l", "app.kubernetes.io/managed-by=authserver-operator,app.kubernetes.io/component=server", "-o", "name")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(out).To(BeEmpty())
		}).WithTimeout(time.Minute).WithPolling(time.Second).Should(Succeed())
		Expect(cluster.Delete(ctx, &authv1alpha1.OAuthClient{ObjectMeta: metav1.ObjectMeta{Name: "app", Namespace: w.namespace}})).To(Succeed())
		Eventually(func() error {
			return cluster.Get(ctx, client.ObjectKey{Namespace: w.namespace, Name: "app"}, &authv1alpha1.OAuthClient{})
		}).WithTimeout(20 * time.Second).Should(MatchError(ContainSubstring("not found")))
	}, SpecTimeout(2*time.Minute))
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
