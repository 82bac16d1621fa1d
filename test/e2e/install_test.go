package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/test/login"
)

const (
	operatorName      = "authserver-operator"
	operatorNamespace = "authserver-system"
	chart             = "../../charts/authserver-operator"
	config            = "../../config"
)

// The ways to install the operator, each on a cluster without one. The other tests run on config/default, which is put back
// at the end.
var _ = Describe("Ways to install", Ordered, Label("install"), func() {
	BeforeAll(func(ctx SpecContext) {
		must(ctx, "kubernetes/kubectl", "delete", "--ignore-not-found", "--wait", "-k", config+"/default")
	}, NodeTimeout(3*time.Minute))

	AfterAll(func(ctx SpecContext) {
		must(ctx, "helm", "uninstall", operatorName, "--namespace", operatorNamespace, "--ignore-not-found", "--wait")
		must(ctx, "kubernetes/kubectl", "apply", "--server-side", "--force-conflicts", "-k", config+"/default")
		must(ctx, "kubernetes/kubectl", "-n", operatorNamespace, "rollout", "status", "deployment/"+operatorName, "--timeout=120s")
	}, NodeTimeout(3*time.Minute))

	It("Helm: installs, upgrades under load without one failed request, and leaves what the documentation says", func(ctx SpecContext) {
		images := []string{"--set", "image.tag=dev,serverImage.tag=dev", "--namespace", operatorNamespace, "--wait"}
		must(ctx, "helm", append([]string{"install", operatorName, previousChart(ctx), "--create-namespace"}, images...)...)
		w := newWorld(ctx)
		w.start(ctx, nil)
		expectLogin(ctx, w)
		requests := startLoad(ctx, w.options(ctx, "alice"), 4)
		must(ctx, "helm", append([]string{"upgrade", operatorName, chart}, images...)...)
		Expect(pause(ctx, 3*time.Second)).To(Succeed())
		requests.finish()
		Expect(must(ctx, "helm", "test", operatorName, "--namespace", operatorNamespace)).To(ContainSubstring("got a token"))
		Expect(cluster.Delete(ctx, w.server)).To(Succeed())
		w.end(ctx)
		must(ctx, "helm", "uninstall", operatorName, "--namespace", operatorNamespace, "--wait")
		expectOnlyCRDs(ctx)
		must(ctx, "kubernetes/kubectl", "delete", "namespace", operatorNamespace)
		must(ctx, "kubernetes/kubectl", "delete", "-k", config+"/crd")
	}, SpecTimeout(6*time.Minute))

	It("one YAML: installs, and leaves nothing", func(ctx SpecContext) {
		installer := filepath.Join(GinkgoT().TempDir(), "install.yaml")
		Expect(os.WriteFile(installer, []byte(must(ctx, "kubernetes/kubectl", "kustomize", config+"/default")), 0o600)).To(Succeed())
		must(ctx, "kubernetes/kubectl", "apply", "--server-side", "-f", installer)
		w := newWorld(ctx)
		w.start(ctx, nil)
		expectLogin(ctx, w)
		w.end(ctx)
		must(ctx, "kubernetes/kubectl", "delete", "--wait", "-f", installer)
		expectOnlyCRDs(ctx)
		Expect(must(ctx, "kubernetes/kubectl", "get", "crd", "-o", "name")).NotTo(ContainSubstring("authserver.dev"))
	}, SpecTimeout(4*time.Minute))

	It("kustomize, a namespace each: two operators do not see each other, and nothing else", func(ctx SpecContext) {
		must(ctx, "kubernetes/kubectl", "apply", "--server-side", "-k", config+"/crd")
		folder, err := filepath.Abs(config + "/namespaced")
		Expect(err).NotTo(HaveOccurred())
		teams := map[string]string{}
		for _, team := range []string{"team-a", "team-b"} {
			teams[team] = kustomization(folder, team)
			must(ctx, "kubernetes/kubectl", "apply", "--server-side", "-k", teams[team])
		}
		for team := range teams {
			w := &world{namespace: team}
			w.start(ctx, nil)
			expectLogin(ctx, w)
		}
		other := newWorld(ctx)
		server := &authv1alpha1.AuthorizationServer{ObjectMeta: metav1.ObjectMeta{Name: "unseen"}}
		server.Spec.Issuer = "http://127.0.0.1:8080"
		server.Spec.Backend = authv1alpha1.Backend{Type: authv1alpha1.BackendEmbedded, Embedded: &authv1alpha1.EmbeddedBackend{
			Storage: authv1alpha1.Storage{Type: authv1alpha1.StorageMemory},
		}}
		other.create(ctx, server)
		Consistently(func(g Gomega) {
			g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(server), server)).To(Succeed())
			g.Expect(server.Status.Conditions).To(BeEmpty())
		}).WithTimeout(5 * time.Second).WithPolling(time.Second).Should(Succeed())
		for _, args := range [][]string{{"list", "secrets", "-n", "team-b"}, {"list", "secrets", "-A"}, {"get", "secrets", "-n", other.namespace}} {
			out, _ := kubectl(ctx, append([]string{"auth", "can-i", "--as=system:serviceaccount:team-a:" + operatorName}, args...)...)
			Expect(strings.TrimSpace(out)).To(HaveSuffix("no"), "%v", args)
		}
		for team, folder := range teams {
			(&world{namespace: team}).end(ctx)
			must(ctx, "kubernetes/kubectl", "delete", "--ignore-not-found", "--wait", "-k", folder)
		}
		must(ctx, "kubernetes/kubectl", "delete", "-k", config+"/crd")
	}, SpecTimeout(6*time.Minute))
})

// must runs a program of ours and returns its output.
func must(ctx context.Context, program string, args ...string) string {
	GinkgoHelper()
	out, err := exec.CommandContext(ctx, tool(program), args...).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s %s: %s", program, strings.Join(args, " "), out)
	return string(out)
}

// previousChart packages the chart under an older version, to be upgraded from.
func previousChart(ctx context.Context) string {
	GinkgoHelper()
	folder := GinkgoT().TempDir()
	must(ctx, "helm", "package", chart, "--version", "0.0.1", "--destination", folder)
	return filepath.Join(folder, operatorName+"-0.0.1.tgz")
}

// kustomization makes an overlay that puts a folder into a namespace.
func kustomization(folder, namespace string) string {
	GinkgoHelper()
	overlay := GinkgoT().TempDir()
	relative, err := filepath.Rel(overlay, folder)
	Expect(err).NotTo(HaveOccurred())
	content := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: " + namespace + "\nresources: [" + relative + "]\n"
	Expect(os.WriteFile(filepath.Join(overlay, "kustomization.yaml"), []byte(content), 0o600)).To(Succeed())
	return overlay
}

func expectLogin(ctx context.Context, w *world) {
	GinkgoHelper()
	_, err := login.Run(ctx, w.options(ctx, "alice"))
	Expect(err).NotTo(HaveOccurred())
}

// end deletes everything in the world's namespace while there is an operator that lets it go.
func (w *world) end(ctx context.Context) {
	GinkgoHelper()
	must(ctx, "kubernetes/kubectl", "delete", "--wait", "--timeout=60s", "-n", w.namespace, "--all", "oauthclients,oauthusers,authorizationservers")
}

// expectOnlyCRDs looks for everything that an installation could leave, but for definitions, which belong to the cluster.
func expectOnlyCRDs(ctx context.Context) {
	GinkgoHelper()
	Eventually(func() string {
		return must(ctx, "kubernetes/kubectl", "get", "-A", "-o", "name", "-l", "app.kubernetes.io/name="+operatorName,
			"--ignore-not-found", "deployments,pods,services,serviceaccounts,configmaps,secrets,roles,rolebindings,clusterroles,clusterrolebindings,networkpolicies,pdb")
	}).WithContext(ctx).WithTimeout(time.Minute).WithPolling(time.Second).Should(BeEmpty())
	for _, kind := range []string{"clusterrole", "clusterrolebinding"} {
		Expect(must(ctx, "kubernetes/kubectl", "get", kind, "-o", "name")).NotTo(ContainSubstring(operatorName))
	}
}
