package cel_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

// The defaults are those of new clients: where one is adopted, a rule does not take a field that is not named for its
// default.
var _ = Describe("An OAuthClient that adopts a client", func() {
	DescribeTable("is accepted with", func(ctx SpecContext, mutate clientMutation) {
		Expect(attempt{object: application(adopting("4711"), redirects(), mutate)}.write(ctx)).To(Succeed())
	},
		Entry("nothing named", func(*authv1alpha1.OAuthClient) {}),
		Entry("a name of digits", func(c *authv1alpha1.OAuthClient) { c.Name = "4711" }),
		Entry("response types alone", func(c *authv1alpha1.OAuthClient) { c.Spec.ResponseTypes = []authv1alpha1.ResponseType{"code id_token"} }),
		Entry("grant types alone", func(c *authv1alpha1.OAuthClient) { c.Spec.GrantTypes = []authv1alpha1.GrantType{"authorization_code"} }),
		Entry("a redirect URI of a native application", redirects("com.example.app:/callback")),
		Entry("keys alone", keys("", "", ecKey())),
		Entry("private_key_jwt alone", keys("private_key_jwt", "", nil)),
	)

	DescribeTable("is refused with", func(ctx SpecContext, mutate clientMutation, field string) {
		err := attempt{object: application(adopting("4711"), redirects(), mutate)}.write(ctx)
		Expect(apierrors.IsInvalid(err)).To(BeTrue(), "got: %v", err)
		Expect(err.Error()).To(ContainSubstring(field))
	},
		Entry("keys in two places", keys("private_key_jwt", "https://app.example.com/jwks", ecKey()), "spec.tokenEndpointAuthMethod"),
		Entry("keys and another method", keys("client_secret_basic", "", ecKey()), "spec.tokenEndpointAuthMethod"),
		Entry("a private-use scheme and applicationType web", func(c *authv1alpha1.OAuthClient) {
			redirects("com.example.app:/callback")(c)
			c.Spec.ApplicationType = authv1alpha1.ApplicationWeb
		}, "spec.redirectURIs"),
	)
})
