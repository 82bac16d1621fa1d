package cel_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/authserver-dev/operator/internal/admission"
	"github.com/authserver-dev/operator/internal/django"
)

// What writes manifests judges them without a cluster: with the same verdict as the API server.
var _ = Describe("Validation without a cluster", func() {
	plurals := map[string]string{userKind: "oauthusers", clientKind: "oauthclients"}
	validate := func(ctx SpecContext, kind string, object client.Object) string {
		GinkgoHelper()
		validator, err := admission.New(plurals[kind])
		Expect(err).NotTo(HaveOccurred())
		content, err := admission.Object(object)
		Expect(err).NotTo(HaveOccurred())
		if errs := validator.Validate(ctx, content); len(errs) > 0 {
			return errs.ToAggregate().Error()
		}
		return ""
	}
	for _, r := range rules() {
		if plurals[r.kind] == "" {
			continue
		}
		if r.accept.change == nil {
			It("accepts what satisfies: "+r.kind+" "+r.message, func(ctx SpecContext) {
				Expect(validate(ctx, r.kind, r.accept.object)).To(BeEmpty())
			})
		}
		if r.reject.change == nil {
			It("refuses with: "+r.kind+" "+r.message, func(ctx SpecContext) {
				Expect(validate(ctx, r.kind, r.reject.object)).To(ContainSubstring(r.message))
			})
		}
	}
})

var _ = Describe("Users of a Django server", func() {
	It("are accepted as they were converted, at the limits and beyond", func(ctx SpecContext) {
		long := strings.Repeat("é", 300)
		dump := `[{"model":"auth.group","pk":1,"fields":{"name":"` + strings.Repeat("g", 150) + `"}},
			{"model":"auth.group","pk":2,"fields":{"name":"` + long + `"}},
			{"model":"auth.user","pk":1,"fields":{"username":"` + strings.Repeat("ü", 150) + `","password":"!","groups":[1,2,1],
				"first_name":"` + strings.Repeat("n", 150) + `","last_name":"` + strings.Repeat("n", 150) + `","email":"jane@example.com"}},
			{"model":"auth.user","pk":2,"fields":{"username":"long","password":"!","first_name":"` + long + `","last_name":"` + long + `","email":"` + long + `@x"}},
			{"model":"auth.user","pk":3,"fields":{"username":"spa ce","password":"!"}},
			{"model":"auth.user","pk":"a b","fields":{"username":"key","password":"!"}},
			{"model":"auth.user","pk":4,"fields":{"username":"@+@","password":"!","email":"no address"}}]`
		users, err := django.Convert(ctx, strings.NewReader(dump), django.Options{Server: "demo", Namespace: namespace})
		Expect(err).NotTo(HaveOccurred())
		written := 0
		for _, converted := range users {
			if converted.User == nil {
				Expect(converted.Notes).NotTo(BeEmpty())
				continue
			}
			written++
			Expect(attempt{object: converted.User}.write(ctx)).To(Succeed(), converted.Username)
		}
		Expect(written).To(Equal(3))
	})
})
