package e2e_test

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/clientcmd"
)

// inventory are all objects of a cluster, as resource.group/namespace/name.
type inventory map[string]struct{}

// restless are resources that come and go by themselves, and the API services, which mirror the definitions.
var restless = []string{"events", "events.events.k8s.io", "apiservices.apiregistration.k8s.io", "endpointslices.discovery.k8s.io", "controllerrevisions.apps"}

// takeInventory lists every object of every kind, but for those in namespaces of tests.
func takeInventory(ctx context.Context) inventory {
	GinkgoHelper()
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	Expect(err).NotTo(HaveOccurred())
	lists, err := discovery.NewDiscoveryClientForConfigOrDie(config).ServerPreferredResources()
	Expect(err).NotTo(HaveOccurred())
	objects := metadata.NewForConfigOrDie(config)
	all := inventory{}
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		Expect(err).NotTo(HaveOccurred())
		for _, resource := range list.APIResources {
			name := version.WithResource(resource.Name).GroupResource().String()
			if !slices.Contains(resource.Verbs, "list") || slices.Contains(restless, name) {
				continue
			}
			found, err := objects.Resource(version.WithResource(resource.Name)).List(ctx, metav1.ListOptions{})
			Expect(err).NotTo(HaveOccurred(), "listing %s", name)
			for _, object := range found.Items {
				// The node's own things, e.g. its DNS, may start anew meanwhile.
				if strings.HasPrefix(object.Namespace, "kube-") || strings.HasPrefix(object.Namespace+object.Name, "e2e-") {
					continue
				}
				all[strings.Join(slices.DeleteFunc([]string{name, object.Namespace, object.Name}, func(part string) bool { return part == "" }), "/")] = struct{}{}
			}
		}
	}
	return all
}

// expectLeft expects that exactly these objects have come since an inventory was taken, once everything has settled.
func expectLeft(ctx context.Context, before inventory, left ...string) {
	GinkgoHelper()
	slices.Sort(left)
	Eventually(func(g Gomega) {
		now := takeInventory(ctx)
		maps.DeleteFunc(now, func(object string, _ struct{}) bool {
			_, known := before[object]
			return known
		})
		g.Expect(slices.Sorted(maps.Keys(now))).To(HaveExactElements(left))
	}).WithContext(ctx).WithTimeout(time.Minute).WithPolling(2 * time.Second).Should(Succeed())
}
