package controllers_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/clientimport"
	"github.com/authserver-dev/operator/internal/authlete"
)

// consoleClients are clients as people make them at a console.
func consoleClients() []authlete.Client {
	return []authlete.Client{
		{
			ClientIDAlias: "conf", ClientIDAliasEnabled: true, ClientName: "Confidential", ClientType: authlete.ClientConfidential,
			TokenAuthMethod: authlete.AuthClientSecretPost, ApplicationType: authlete.ApplicationWeb,
			RedirectURIs: []string{"https://b.example.com/cb", "https://a.example.com/cb"},
			GrantTypes:   []authlete.GrantType{"AUTHORIZATION_CODE", "IMPLICIT", "PASSWORD", "CLIENT_CREDENTIALS", "REFRESH_TOKEN"},
			ResponseTypes: []authlete.ResponseType{
				"CODE", "TOKEN", "ID_TOKEN", "ID_TOKEN_TOKEN", "CODE_TOKEN", "CODE_ID_TOKEN", "CODE_ID_TOKEN_TOKEN",
			},
			Attributes: []authlete.Pair{{Key: "team", Value: "blue"}},
		},
		{
			ClientIDAlias: "pub", ClientIDAliasEnabled: true, ClientName: "Public", ClientType: authlete.ClientPublic,
			TokenAuthMethod: authlete.AuthNone, ApplicationType: authlete.ApplicationNative, RedirectURIs: []string{"com.example.pub:/cb"},
			GrantTypes: []authlete.GrantType{"AUTHORIZATION_CODE"}, ResponseTypes: []authlete.ResponseType{"CODE"},
			Extension: &authlete.ClientExtension{RequestableScopesEnabled: true, RequestableScopes: []string{"openid"}, AccessTokenDuration: 120},
		},
		{
			ClientName: "No alias", ClientType: authlete.ClientConfidential, TokenAuthMethod: authlete.AuthClientSecretBasic,
			GrantTypes: []authlete.GrantType{"CLIENT_CREDENTIALS"}, DefaultMaxAge: 60,
		},
	}
}

var _ = Describe("Clients that are imported from Authlete", func() {
	It("cost the service not one write, and one for the mark when they are enforced", func(ctx SpecContext) {
		namespace, backend := newNamespace(ctx), newEngine()
		existing := map[string]*authlete.Client{}
		for _, c := range consoleClients() {
			made, err := backend.ClientCreate(ctx, &c)
			Expect(err).NotTo(HaveOccurred())
			existing[made.ClientName] = made
		}
		var writes atomic.Int64
		stand := newStandIn(ctx, backend, func(api http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/client/") {
					writes.Add(1)
				}
				api.ServeHTTP(w, r)
			})
		})
		startRemoteOperator(namespace)
		server, _ := world(namespace)
		server.Spec.Backend = authv1alpha1.Backend{Type: authv1alpha1.BackendAuthlete, Authlete: &authv1alpha1.AuthleteBackend{
			CredentialsSecretRef: authv1alpha1.SecretReference{Name: "authlete"},
		}}
		create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "authlete", Namespace: namespace}, Data: stand.ini(firstToken)}, server)

		imported, err := clientimport.All(ctx, backend, clientimport.Options{Server: server.Name, Namespace: namespace})
		Expect(err).NotTo(HaveOccurred())
		Expect(imported).To(HaveLen(3))
		now := func(ctx context.Context, number string) *authlete.Client {
			GinkgoHelper()
			have, err := backend.ClientGet(ctx, number)
			Expect(err).NotTo(HaveOccurred())
			return have
		}
		for _, one := range imported {
			create(ctx, one.Object)
			awaitCondition(ctx, one.Object, authv1alpha1.ConditionReady, metav1.ConditionTrue, "")
			before := existing[now(ctx, one.Number).ClientName]
			Expect(now(ctx, one.Number)).To(Equal(before))
			Expect(one.Object.Status.Differences).To(BeEmpty())
			var output corev1.Secret
			Expect(cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: one.Object.EffectiveOutputSecretName()}, &output)).To(Succeed())
			Expect(string(output.Data[authv1alpha1.OutputClientID])).To(BeElementOf(before.ClientIDAlias, one.Number))
			if before.ClientType == authlete.ClientConfidential {
				Expect(string(output.Data[authv1alpha1.OutputClientSecret])).To(Equal(before.ClientSecret))
			} else {
				Expect(output.Data).NotTo(HaveKey(authv1alpha1.OutputClientSecret))
			}
		}
		Expect(writes.Load()).To(BeZero())

		for _, one := range imported {
			modify(ctx, one.Object, func(c *authv1alpha1.OAuthClient) { c.Spec.Management = authv1alpha1.ClientEnforce })
			Eventually(func() string { return now(ctx, one.Number).Attribute(authlete.AttributeOwner) }).WithTimeout(patience).ShouldNot(BeEmpty())
			awaitCondition(ctx, one.Object, authv1alpha1.ConditionReady, metav1.ConditionTrue, "")
			have := now(ctx, one.Number)
			before := *existing[have.ClientName]
			before.Attributes, before.ModifiedAt = have.Attributes, have.ModifiedAt
			Expect(*have).To(Equal(before))
		}
		Expect(writes.Load()).To(Equal(int64(len(imported))))
	}, SpecTimeout(specLimit))
})
