package cel_test

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

const (
	crdDirectory     = "../../config/crd/bases"
	samplesDirectory = "../../config/samples"
	namespace        = "default"
)

// The API server that the specs of this package talk to.
var (
	kubeconfig []byte
	api        client.Client
)

func TestCEL(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "CRD schema")
}

var _ = BeforeSuite(func() {
	environment := &envtest.Environment{
		CRDDirectoryPaths:     []string{crdDirectory},
		ErrorIfCRDPathMissing: true,
		BinaryAssetsDirectory: assets(),
	}
	config, err := environment.Start()
	Expect(err).NotTo(HaveOccurred(), "starting the API server; `make test-envtest` builds what it needs")
	DeferCleanup(environment.Stop)
	kubeconfig = environment.KubeConfig

	types := runtime.NewScheme()
	Expect(scheme.AddToScheme(types)).To(Succeed())
	Expect(authv1alpha1.AddToScheme(types)).To(Succeed())
	api, err = client.New(config, client.Options{Scheme: types})
	Expect(err).NotTo(HaveOccurred())
	api = client.WithFieldValidation(api, "Strict")
})

// assets returns the folder with kube-apiserver, etcd and kubectl.
func assets() string {
	if directory := os.Getenv("KUBEBUILDER_ASSETS"); directory != "" {
		return directory
	}
	directory, err := filepath.Abs("../../bin/kubernetes")
	Expect(err).NotTo(HaveOccurred())
	return directory
}
