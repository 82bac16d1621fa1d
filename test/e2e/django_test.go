package e2e_test

import (
	"bytes"
	"context"
	"os/exec"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/authserver-dev/operator/test/login"
)

var _ = Describe("People who come from a Django server", func() {
	It("log in with their old passwords, whatever hashed them, as who they were", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.serve(ctx, nil)
		applyManifests(ctx, importDjango(ctx, w.namespace))
		for username, subject := range map[string]string{"alice": "1", "bob": "2", "Carol.Miller@example.com": "3", "erin_m": "5"} {
			opts := w.options(ctx, username)
			opts.Password = "old password of " + username
			Eventually(func() (string, error) {
				result, err := login.Run(ctx, opts)
				if err != nil {
					return "", err
				}
				return result.IDToken.Subject, nil
			}).WithContext(ctx).WithTimeout(30*time.Second).WithPolling(time.Second).Should(Equal(subject), username)
		}
		inactive := w.options(ctx, "dave")
		inactive.Password = "old password of dave"
		_, err := login.Run(ctx, inactive)
		Expect(err).To(MatchError(login.ErrPage))
	}, SpecTimeout(3*time.Minute))
})

// importDjango turns the dump that Django wrote into manifests.
func importDjango(ctx context.Context, namespace string) []byte {
	GinkgoHelper()
	command := exec.CommandContext(ctx, "go", "run", "../../cmd/operator", "import-django", "--server=login", "--namespace="+namespace,
		"../../internal/django/testdata/dump.json")
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	Expect(command.Run()).To(Succeed(), "%s", &stderr)
	return stdout.Bytes()
}

// applyManifests applies what would be in a file.
func applyManifests(ctx context.Context, manifests []byte) {
	GinkgoHelper()
	command := exec.CommandContext(ctx, tool("kubernetes/kubectl"), "apply", "--server-side", "-f", "-")
	command.Stdin = bytes.NewReader(manifests)
	out, err := command.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s", out)
}
