package cel_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

var _ = Describe("kubectl", func() {
	var home string

	BeforeEach(func(ctx SpecContext) {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "kubectl-"}}
		Expect(api.Create(ctx, ns)).To(Succeed())
		home = ns.Name
		for _, object := range observed(home) {
			desired := object.DeepCopyObject().(client.Object)
			Expect(api.Create(ctx, object)).To(Succeed())
			desired.SetResourceVersion(object.GetResourceVersion())
			Expect(api.Status().Update(ctx, desired)).To(Succeed())
		}
	})

	It("lists all three kinds by the category, with the columns that people ask for", func(ctx SpecContext) {
		Expect(table(kubectl(ctx, "get", "authserver", "-n", home))).To(Equal([][]string{
			{"NAME", "READY", "REASON", "ISSUER", "STORAGE", "PODS", "USERS", "CLIENTS", "AGE"},
			{"authorizationserver.authserver.dev/case", "True", "Ready", "https://login.example.com", "Memory", "1", "2", "3", "*"},
			{"NAME", "CLIENT-ID", "SERVER", "READY", "REASON", "AGE"},
			{"oauthclient.authserver.dev/case", "case", "demo", "True", "Ready", "*"},
			{"NAME", "USERNAME", "SERVER", "ACTIVE", "READY", "REASON", "AGE"},
			{"oauthuser.authserver.dev/case", "jane", "demo", "true", "True", "Ready", "*"},
		}))
		Expect(kubectl(ctx, "get", "authserver", "-A")).To(ContainSubstring(home))
	})

	DescribeTable("knows the short names",
		func(ctx SpecContext, name, header string) {
			lines := table(kubectl(ctx, "get", name, "-n", home, "-o", "wide"))
			Expect(lines).To(HaveLen(2))
			Expect(strings.Join(lines[0], " ")).To(Equal(header))
		},
		Entry(nil, "authsrv", "NAME READY REASON ISSUER STORAGE PODS USERS CLIENTS BACKEND IMAGE MESSAGE AGE"),
		Entry(nil, "ouser", "NAME USERNAME SERVER ACTIVE READY REASON SUBJECT MESSAGE AGE"),
		Entry(nil, "oclient", "NAME CLIENT-ID SERVER READY REASON AUTH-METHOD SECRET MESSAGE AGE"),
	)

	It("explains every field", func(ctx SpecContext) {
		Expect(kubectl(ctx, "explain", "authorizationserver.spec.session.idleSeconds")).To(ContainSubstring("Default 3600"))
	})
})

// observed returns one object of each kind with a status as the operator writes
// it.
func observed(home string) []client.Object {
	ready := []metav1.Condition{{
		Type: authv1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: authv1alpha1.ReasonReady,
		Message: "Works", LastTransitionTime: metav1.Unix(1700000000, 0), ObservedGeneration: 1,
	}}
	return []client.Object{
		server(func(s *authv1alpha1.AuthorizationServer) {
			s.Namespace = home
			s.Status = authv1alpha1.AuthorizationServerStatus{
				ObservedGeneration: 1, Conditions: ready, Users: new(int32(2)), Clients: new(int32(3)),
				Replicas: &authv1alpha1.ReplicaCounts{Desired: 1, Ready: 1, Updated: 1},
				Image:    "ghcr.io/authserver-dev/server:v0.1.0", Endpoints: authv1alpha1.EndpointsOf(s.Spec.Issuer),
			}
		}),
		user(func(u *authv1alpha1.OAuthUser) {
			u.Namespace = home
			u.Status = authv1alpha1.OAuthUserStatus{ObservedGeneration: 1, Conditions: ready, Subject: "u-1", Server: "demo"}
		}),
		application(func(c *authv1alpha1.OAuthClient) {
			c.Namespace = home
			c.Status = authv1alpha1.OAuthClientStatus{
				ObservedGeneration: 1, Conditions: ready, ClientID: c.EffectiveClientID(),
				BackendClientID: "26478243745571", SecretName: c.EffectiveOutputSecretName(),
			}
		}),
	}
}

// kubectl runs a command against the API server of the suite.
func kubectl(ctx context.Context, args ...string) string {
	GinkgoHelper()
	file := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(file, kubeconfig, 0o600)).To(Succeed())
	command := exec.CommandContext(ctx, filepath.Join(assets(), "kubectl"), append([]string{"--kubeconfig", file}, args...)...)
	output, err := command.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(output))
	return string(output)
}

// table splits the output of kubectl into lines of cells; the age is masked.
func table(output string) [][]string {
	var lines [][]string
	for line := range strings.Lines(output) {
		cells := strings.Fields(line)
		if len(cells) == 0 {
			continue
		}
		if last := len(cells) - 1; cells[last] != "AGE" {
			cells[last] = "*"
		}
		lines = append(lines, cells)
	}
	return lines
}
