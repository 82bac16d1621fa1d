package cel_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var _ = Describe("Samples", func() {
	files, err := filepath.Glob(filepath.Join(samplesDirectory, "*.yaml"))
	It("exist", func() {
		Expect(err).NotTo(HaveOccurred())
		Expect(files).To(ContainElements(
			filepath.Join(samplesDirectory, "demo.yaml"),
			filepath.Join(samplesDirectory, "production.yaml"),
			filepath.Join(samplesDirectory, "production-authlete.yaml"),
			filepath.Join(samplesDirectory, "production-cloudnativepg.yaml"),
		))
	})
	for _, file := range files {
		if filepath.Base(file) == "kustomization.yaml" {
			continue
		}
		It("are accepted: "+filepath.Base(file), func(ctx SpecContext) {
			home := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "sample-"}}
			Expect(api.Create(ctx, home)).To(Succeed())
			objects := decode(file)
			Expect(objects).NotTo(BeEmpty())
			for _, object := range objects {
				object.SetNamespace(home.Name)
				err := api.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner("samples"))
				Expect(err).NotTo(HaveOccurred(), "%s %s", object.GetKind(), object.GetName())
			}
		})
	}
})

// decode returns the objects in a file.
func decode(file string) []*unstructured.Unstructured {
	f, err := os.Open(file)
	Expect(err).NotTo(HaveOccurred())
	defer f.Close()
	decoder := yaml.NewYAMLOrJSONDecoder(f, 4096)
	var objects []*unstructured.Unstructured
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(object)
		if errors.Is(err, io.EOF) {
			return objects
		}
		Expect(err).NotTo(HaveOccurred(), file)
		if len(object.Object) > 0 {
			objects = append(objects, object)
		}
	}
}
