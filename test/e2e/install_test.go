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
	// previous is the version from which an upgrade starts: hack/e2e.sh loads images of it.
	previous = "0.0.1"
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

	Context("Helm", helm)
	Context("kustomize", func() {
		applied(func() []string { return []string{"-k", config + "/default"} })
	})
	Context("one YAML", func() {
		installer := ""
		BeforeAll(func(ctx SpecContext) {
			installer = filepath.Join(GinkgoT().TempDir(), "install.yaml")
			Expect(os.WriteFile(installer, []byte(must(ctx, "kubernetes/kubectl", "kustomize", config+"/default")), 0o600)).To(Succeed())
		})
		applied(func() []string { return []string{"-f", installer} })
	})

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
		server := &authv1alpha1.AuthorizationServer{ObjectMeta: metav1.ObjectMeta{Name: "unseen"}, Spec: memorySpec()}
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

// helm are the stories of an installation by Helm.
func helm() {
	release := []string{"--namespace", operatorNamespace, "--wait"}
	w := &world{}
	var before inventory

	BeforeAll(func(ctx SpecContext) {
		before = takeInventory(ctx)
		must(ctx, "helm", append([]string{"install", operatorName, previousChart(ctx), "--create-namespace"}, release...)...)
		*w = *newWorld(ctx)
		w.startOnPostgreSQL(ctx)
	}, NodeTimeout(4*time.Minute))

	people(w)

	It("upgrades from the previous version under load without one failed request, and leaves pinned servers alone", func(ctx SpecContext) {
		old := "ghcr.io/authserver-dev/server:" + previous
		Expect(w.serverImage(ctx, "login")).To(Equal(old))
		pinned := &authv1alpha1.AuthorizationServer{ObjectMeta: metav1.ObjectMeta{Name: "pinned"}, Spec: memorySpec()}
		pinned.Spec.Issuer, pinned.Spec.Image = "http://127.0.0.1:8081", old
		w.create(ctx, pinned)
		w.awaitReady(ctx, pinned, readyIn)
		pods := w.pods(ctx, "pinned")

		requests := startLoad(ctx, w.options(ctx, "alice"), 4)
		must(ctx, "helm", append([]string{"upgrade", operatorName, chart}, release...)...)
		Eventually(func() string { return w.serverImage(ctx, "login") }).WithTimeout(readyIn).
			Should(Equal("ghcr.io/authserver-dev/server:" + version()))
		must(ctx, "kubernetes/kubectl", "-n", w.namespace, "rollout", "status", "deployment/login", "--timeout=120s")
		w.awaitReady(ctx, w.server, readyIn)
		Expect(pause(ctx, 8*time.Second)).To(Succeed()) // the old pods drain
		requests.finish()
		Expect(w.pods(ctx, "pinned")).To(Equal(pods))
	}, SpecTimeout(6*time.Minute))

	It("passes its own test", func(ctx SpecContext) {
		Expect(must(ctx, "helm", "test", operatorName, "--namespace", operatorNamespace)).To(ContainSubstring("got a token"))
	}, SpecTimeout(2*time.Minute))

	It("leaves what the documentation says, and nothing else", func(ctx SpecContext) {
		w.end(ctx)
		must(ctx, "helm", "uninstall", operatorName, "--namespace", operatorNamespace, "--wait")
		expectLeft(ctx, before,
			"customresourcedefinitions.apiextensions.k8s.io/authorizationservers.authserver.dev",
			"customresourcedefinitions.apiextensions.k8s.io/oauthclients.authserver.dev",
			"customresourcedefinitions.apiextensions.k8s.io/oauthusers.authserver.dev",
			"namespaces/"+operatorNamespace,
			"leases.coordination.k8s.io/"+operatorNamespace+"/"+operatorName+".authserver.dev",
			// Every namespace has these two.
			"configmaps/"+operatorNamespace+"/kube-root-ca.crt",
			"serviceaccounts/"+operatorNamespace+"/default",
		)
		must(ctx, "kubernetes/kubectl", "delete", "namespace", operatorNamespace)
		must(ctx, "kubernetes/kubectl", "delete", "-k", config+"/crd")
		expectLeft(ctx, before)
	}, SpecTimeout(4*time.Minute))
}

// applied are the stories of an installation that kubectl applies and deletes.
func applied(what func() []string) {
	w := &world{}
	var before inventory

	BeforeAll(func(ctx SpecContext) {
		before = takeInventory(ctx)
		must(ctx, "kubernetes/kubectl", append([]string{"apply", "--server-side"}, what()...)...)
		*w = *newWorld(ctx)
		w.start(ctx, nil)
	}, NodeTimeout(3*time.Minute))

	people(w)

	It("leaves nothing", func(ctx SpecContext) {
		w.end(ctx)
		must(ctx, "kubernetes/kubectl", append([]string{"delete", "--wait"}, what()...)...)
		expectLeft(ctx, before)
	}, SpecTimeout(3*time.Minute))
}

// must runs a program of ours and returns its output.
func must(ctx context.Context, program string, args ...string) string {
	GinkgoHelper()
	out, err := exec.CommandContext(ctx, tool(program), args...).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s %s: %s", program, strings.Join(args, " "), out)
	return string(out)
}

// previousChart packages the chart as the previous version, which installs the images of that version.
func previousChart(ctx context.Context) string {
	GinkgoHelper()
	folder := GinkgoT().TempDir()
	must(ctx, "helm", "package", chart, "--version", previous, "--app-version", previous, "--destination", folder)
	return filepath.Join(folder, operatorName+"-"+previous+".tgz")
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
	must(ctx, "kubernetes/kubectl", "delete", "--cascade=foreground", "--timeout=60s", "-n", w.namespace, "--all", "oauthclients,oauthusers,authorizationservers")
}
