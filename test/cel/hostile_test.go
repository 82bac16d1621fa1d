package cel_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

var _ = Describe("Values that an attacker would like", func() {
	neither := []string{
		"", "//login.example.com", "https://", "https:///path", "https:login.example.com", "ftp://login.example.com",
		"HTTP://login.example.com", "http://login.example.com", "http://127.0.0.1.example.com", "http://localhost@example.com",
		"http://[::1]example.com", "https://login.example.com#", "https://login example.com",
		"https://login.example.com/a b", "https://login.example.com/\n", `https://login.example.com\a`,
		`https://login.example.com/"onload="x`, "https://login.example.com/<script>", "javascript:alert(1)",
	}
	for _, value := range append([]string{"https://login.example.com?"}, neither...) {
		It("are no issuer: "+value, func(ctx SpecContext) {
			err := created(issuer(value)).write(ctx)
			Expect(apierrors.IsInvalid(err)).To(BeTrue(), "got: %v", err)
		})
	}
	for _, value := range neither {
		It("are no redirect URI of a web application: "+value, func(ctx SpecContext) {
			err := createdClient(redirects(authv1alpha1.RedirectURI(value))).write(ctx)
			Expect(apierrors.IsInvalid(err)).To(BeTrue(), "got: %v", err)
		})
	}
	for _, value := range []authv1alpha1.RedirectURI{
		"data:text/html,x", "vbscript:x", "file:///etc/passwd", "about:blank", "myapp:/callback", "HTTPS://evil.example",
		"Com.Example.App:/callback", "http:evil.example", "http:/evil.example", "blob:https://app.example.com/1",
	} {
		It("are no redirect URI of a native application: "+string(value), func(ctx SpecContext) {
			err := createdClient(nativeRedirect(value)).write(ctx)
			Expect(apierrors.IsInvalid(err)).To(BeTrue(), "got: %v", err)
		})
	}
	for _, value := range []string{" jane", "jane ", "ja\u200bne", "jane\x00", "\u202ejane", "ja\u2028ne", ""} {
		It("are no username", func(ctx SpecContext) {
			err := createdUser(username(value)).write(ctx)
			Expect(apierrors.IsInvalid(err)).To(BeTrue(), "got: %v", err)
		})
	}
})
