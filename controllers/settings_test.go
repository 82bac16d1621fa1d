package controllers_test

import (
	"context"
	"encoding/json"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

var _ = Describe("The settings of a service at Authlete", func() {
	var (
		namespace string
		server    *authv1alpha1.AuthorizationServer
		o         *operator
	)

	BeforeEach(func(ctx SpecContext) {
		namespace = newNamespace(ctx)
		o = startOperator(namespace, newEngine(), 0)
		server, _ = world(namespace)
		server.Spec.Backend = authv1alpha1.Backend{Type: authv1alpha1.BackendAuthlete, Authlete: &authv1alpha1.AuthleteBackend{
			CredentialsSecretRef: authv1alpha1.SecretReference{Name: "authlete"},
		}}
		server.Spec.Tokens.AccessTokenSeconds = new(int32(600))
		create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "authlete", Namespace: namespace}, StringData: map[string]string{
			"api_version": "V3", "base_url": "https://authlete.example.com", "service.api_key": "1", "service.access_token": "settings-test-token",
		}})
	})

	settings := func(ctx context.Context) *authlete.Service {
		GinkgoHelper()
		service, err := o.backend.ServiceGet(ctx)
		Expect(err).NotTo(HaveOccurred())
		return service
	}
	// tamper changes what is declared, what is not, and what nobody here knows, behind the operator's back.
	tamper := func(ctx context.Context) *authlete.Service {
		GinkgoHelper()
		service := settings(ctx)
		service.AccessTokenDuration, service.IDTokenDuration = 60, 77
		service.Other = authlete.Other{"supportedDocuments": json.RawMessage(`["FAPI2"]`)}
		changed, err := o.backend.ServiceUpdate(ctx, service)
		Expect(err).NotTo(HaveOccurred())
		return changed
	}
	// manage changes the spec, which makes the operator look at once.
	manage := func(ctx context.Context, management authv1alpha1.AuthleteManagement) {
		GinkgoHelper()
		Expect(cluster.Get(ctx, client.ObjectKeyFromObject(server), server)).To(Succeed())
		before := server.DeepCopy()
		server.Spec.Backend.Authlete.Management = management
		Expect(cluster.Patch(ctx, server, client.MergeFrom(before))).To(Succeed())
	}
	events := func(ctx context.Context, reason string) []string {
		GinkgoHelper()
		var list eventsv1.EventList
		Expect(cluster.List(ctx, &list, client.InNamespace(namespace))).To(Succeed())
		var notes []string
		for i := range list.Items {
			if list.Items[i].Reason == reason {
				notes = append(notes, list.Items[i].Note)
			}
		}
		return notes
	}
	differing := func() []string {
		var fields []string
		for _, difference := range server.Status.Backend.Differences {
			fields = append(fields, difference.Field)
		}
		return fields
	}

	It("are reported under Observe, and stay as they are", func(ctx SpecContext) {
		before := tamper(ctx)
		create(ctx, server)
		awaitCondition(ctx, server, authv1alpha1.ConditionSettingsMatch, metav1.ConditionFalse, authv1alpha1.ReasonDiffering)
		Expect(differing()).To(Equal([]string{
			"accessTokenDuration", "authorizationEndpoint", "clientIdAliasEnabled", "introspectionEndpoint", "jwksUri", "revocationEndpoint", "tokenEndpoint",
			"userInfoEndpoint",
		}))
		Expect(server.Status.Backend.Differences[0]).To(Equal(authv1alpha1.SettingDifference{Field: "accessTokenDuration", Declared: "600", Actual: "60"}))
		Eventually(func() []string { return events(ctx, "SettingsDiffer") }).WithTimeout(patience).Should(ConsistOf(ContainSubstring("accessTokenDuration, ")))
		Expect(settings(ctx)).To(Equal(before))

		manage(ctx, authv1alpha1.ManagementNone)
		awaitCondition(ctx, server, authv1alpha1.ConditionSettingsMatch, metav1.ConditionUnknown, authv1alpha1.ReasonSettingsNotManaged)
		Expect(server.Status.Backend.Differences).To(BeEmpty())
		Expect(settings(ctx)).To(Equal(before))
	}, SpecTimeout(specLimit))

	It("are repaired under Enforce: those that are declared, and no others", func(ctx SpecContext) {
		server.Spec.Backend.Authlete.Management = authv1alpha1.ManagementEnforce
		create(ctx, server)
		awaitCondition(ctx, server, authv1alpha1.ConditionSettingsMatch, metav1.ConditionTrue, authv1alpha1.ReasonAsDeclared)
		Expect(server.Status.Backend.Repairs).To(BeEquivalentTo(1))
		Expect(settings(ctx).JWKSURI).To(Equal(server.Status.Endpoints.JWKS))

		manage(ctx, authv1alpha1.ManagementObserve)
		awaitCondition(ctx, server, authv1alpha1.ConditionSettingsMatch, metav1.ConditionTrue, authv1alpha1.ReasonAsDeclared)
		want := tamper(ctx)
		manage(ctx, authv1alpha1.ManagementEnforce)
		Eventually(func() int64 { return settings(ctx).AccessTokenDuration }).WithTimeout(patience).Should(BeEquivalentTo(600))
		awaitCondition(ctx, server, authv1alpha1.ConditionSettingsMatch, metav1.ConditionTrue, authv1alpha1.ReasonAsDeclared)
		got := settings(ctx)
		want.AccessTokenDuration, want.ModifiedAt, got.ModifiedAt = 600, 0, 0
		Expect(got).To(Equal(want))
		Expect(server.Status.Backend.Repairs).To(BeEquivalentTo(2))
		Expect(server.Status.Backend.Differences).To(BeEmpty())
		Expect(repairs(namespace)).To(BeEquivalentTo(2))
		Eventually(func() []string { return events(ctx, "SettingsRepaired") }).WithTimeout(patience).Should(ContainElement(HaveSuffix(": accessTokenDuration")))
	}, SpecTimeout(specLimit))

	It("cost no write while they are as declared", func(ctx SpecContext) {
		server.Spec.Backend.Authlete.Management = authv1alpha1.ManagementEnforce
		kubelet, stop := context.WithCancel(context.Background())
		DeferCleanup(func() { stop() })
		playKubelet(kubelet, namespace)
		create(ctx, server)
		awaitReady(ctx, server)
		before := settings(ctx)
		o.settle()
		o.kill()
		again := startOperator(namespace, o.backend, 0)
		again.settle()
		Expect(again.writes.Load()).To(BeZero())
		Expect(settings(ctx)).To(Equal(before))
	}, SpecTimeout(specLimit))
})

// repairs returns what the metric says of the servers of a namespace.
func repairs(namespace string) float64 {
	GinkgoHelper()
	families, err := metrics.Registry.Gather()
	Expect(err).NotTo(HaveOccurred())
	sum := 0.0
	for _, family := range families {
		if family.GetName() != "authserver_operator_settings_repairs_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "namespace" && label.GetValue() == namespace {
					sum += metric.GetCounter().GetValue()
				}
			}
		}
	}
	return sum
}
