package cel_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// rule is a validation rule of a CRD with an object that it accepts and one that
// it refuses. Kind, path and message identify it.
type rule struct {
	kind    string
	path    string
	message string
	accept  attempt
	reject  attempt
}

// attempt is an object that is written. With a change, the object is created
// first, and the attempt is the update.
type attempt struct {
	object client.Object
	change func()
}

// rules returns every rule of every CRD; TestEveryRuleIsTested compares them with
// the schema.
func rules() []rule {
	var all []rule
	all = append(all, serverRules()...)
	all = append(all, workloadRules()...)
	all = append(all, userRules()...)
	all = append(all, clientRules()...)
	return append(all, clientValueRules()...)
}

var _ = Describe("Validation rules", func() {
	for _, r := range rules() {
		Describe(r.kind+" "+r.path, func() {
			It("accepts what satisfies: "+r.message, func(ctx SpecContext) {
				Expect(r.accept.write(ctx)).To(Succeed())
			})
			It("refuses with: "+r.message, func(ctx SpecContext) {
				err := r.reject.write(ctx)
				Expect(apierrors.IsInvalid(err)).To(BeTrue(), "got: %v", err)
				Expect(err.Error()).To(ContainSubstring(r.message))
			})
		})
	}
})

// write performs the attempt and returns its outcome. What it created is gone
// when the spec ends.
func (a attempt) write(ctx context.Context) error {
	err := api.Create(ctx, a.object)
	if err == nil {
		DeferCleanup(func(ctx SpecContext) {
			Expect(api.Delete(ctx, a.object)).To(Succeed())
		})
	}
	if a.change == nil {
		return err
	}
	Expect(err).NotTo(HaveOccurred(), "creating the object to change")
	a.change()
	return api.Update(ctx, a.object)
}
