package cel_test

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

// authleteRules are the rules about Authlete as the backend.
func authleteRules() []rule {
	rules := at(serverKind, ".spec.backend", rule{
		message: "backend.embedded may be set only when backend.type is Embedded: remove it or change the type",
		accept:  created(authleted),
		reject:  created(both(authleted, embedded)),
	}, rule{
		message: "backend.authlete is required when backend.type is Authlete: add it, with a credentialsSecretRef",
		accept:  created(authleted),
		reject:  created(both(authleted, func(s *authv1alpha1.AuthorizationServer) { s.Spec.Backend.Authlete = nil })),
	}, rule{
		message: "backend.authlete may be set only when backend.type is Authlete: remove it or change the type",
		accept:  created(func(*authv1alpha1.AuthorizationServer) {}),
		reject: created(func(s *authv1alpha1.AuthorizationServer) {
			s.Spec.Backend.Authlete = &authv1alpha1.AuthleteBackend{CredentialsSecretRef: authv1alpha1.SecretReference{Name: "authlete"}}
		}),
	})
	rules = append(rules, at(serverKind, ".spec", rule{
		message: "with backend.type Authlete signing keys are made and rotated at Authlete: remove spec.signing and configure the keys of the service there",
		accept:  created(signed),
		reject:  created(both(authleted, signed)),
	}, rule{
		message: "Authlete has no setting for the lifetime of authorization codes: remove spec.tokens.authorizationCodeSeconds",
		accept: created(both(authleted, func(s *authv1alpha1.AuthorizationServer) {
			s.Spec.Tokens.AccessTokenSeconds = new(int32(600))
		})),
		reject: created(both(authleted, func(s *authv1alpha1.AuthorizationServer) {
			s.Spec.Tokens.AuthorizationCodeSeconds = new(int32(60))
		})),
	}, rule{
		message: "Authlete has no setting for the absolute end of refresh tokens: remove spec.tokens.refreshAbsoluteSeconds",
		accept: created(both(authleted, func(s *authv1alpha1.AuthorizationServer) {
			s.Spec.Tokens.RefreshLeewaySeconds = new(int32(0))
		})),
		reject: created(both(authleted, func(s *authv1alpha1.AuthorizationServer) {
			s.Spec.Tokens.RefreshAbsoluteSeconds = new(int32(7776000))
		})),
	})...)
	return append(rules, at(serverKind, ".spec.backend.authlete.proxyURL", rule{
		message: "proxyURL must be a URL with a host that starts with http://, https:// or socks5:// and has neither user information nor query, " +
			"for example http://proxy.example.com:3128",
		accept: created(both(authleted, proxied("socks5://proxy.example.com:1080"))),
		reject: created(both(authleted, proxied("http://user:secret@proxy.example.com:3128"))),
	})...)
}

var _ = Describe("Authlete as the backend", func() {
	DescribeTable("refuses as a proxy", func(ctx SpecContext, url string) {
		err := created(both(authleted, proxied(url))).write(ctx)
		Expect(apierrors.IsInvalid(err)).To(BeTrue(), "got: %v", err)
	},
		Entry("another scheme", "ftp://proxy.example.com"), Entry("no scheme", "proxy.example.com:3128"), Entry("no host", "http://"),
		Entry("a query", "http://proxy.example.com?a=b"), Entry("a fragment", "http://proxy.example.com#a"))

	It("takes any number of replicas", func(ctx SpecContext) {
		for _, count := range []int32{0, 1, 100} {
			Expect(created(both(authleted, both(replicas(count), named(fmt.Sprintf("case-%d", count))))).write(ctx)).To(Succeed())
		}
	})

	It("can take the place of the embedded engine, and give it back", func(ctx SpecContext) {
		s := server()
		Expect(attempt{object: s, change: func() { authleted(s) }}.write(ctx)).To(Succeed())
		s.Spec.Backend.Authlete = nil
		embedded(s)
		s.Spec.Backend.Type = authv1alpha1.BackendEmbedded
		Expect(api.Update(ctx, s)).To(Succeed())
	})

	DescribeTable("refuses", func(ctx SpecContext, change serverMutation) {
		err := created(both(authleted, change)).write(ctx)
		Expect(apierrors.IsInvalid(err)).To(BeTrue(), "got: %v", err)
	},
		Entry("another way of managing settings", func(s *authv1alpha1.AuthorizationServer) { s.Spec.Backend.Authlete.Management = "Replace" }),
		Entry("no time to connect", func(s *authv1alpha1.AuthorizationServer) {
			s.Spec.Backend.Authlete.ConnectTimeoutSeconds = new(int32(0))
		}),
		Entry("more time than a request has", func(s *authv1alpha1.AuthorizationServer) {
			s.Spec.Backend.Authlete.RequestTimeoutSeconds = new(int32(16))
		}),
		Entry("no name of a Secret", func(s *authv1alpha1.AuthorizationServer) { s.Spec.Backend.Authlete.CredentialsSecretRef.Name = "" }))
})

// authleted makes Authlete the backend.
func authleted(s *authv1alpha1.AuthorizationServer) {
	s.Spec.Backend = authv1alpha1.Backend{Type: authv1alpha1.BackendAuthlete, Authlete: &authv1alpha1.AuthleteBackend{
		CredentialsSecretRef: authv1alpha1.SecretReference{Name: "authlete"},
	}}
}

// embedded adds the embedded engine.
func embedded(s *authv1alpha1.AuthorizationServer) {
	s.Spec.Backend.Embedded = server().Spec.Backend.Embedded
}

func signed(s *authv1alpha1.AuthorizationServer) {
	s.Spec.Signing.Algorithm = authv1alpha1.SigningES256
}

func proxied(url string) serverMutation {
	return func(s *authv1alpha1.AuthorizationServer) { s.Spec.Backend.Authlete.ProxyURL = url }
}
