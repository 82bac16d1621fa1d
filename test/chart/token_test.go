package chart_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/test/servertest"
)

// TestTokenRequest runs the command of the pod of helm test here, against a real server.
func TestTokenRequest(t *testing.T) {
	t.Parallel()
	operator := filepath.Join(t.TempDir(), "operator")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", operator, "../../cmd/operator").CombinedOutput(); err != nil {
		t.Fatalf("building the operator: %v\n%s", err, out)
	}
	all := objects(t, render(t, "--set=test.timeoutSeconds=1"))
	pod := typed[corev1.Pod](t, only(t, all, "Pod", "-test"))
	client := typed[authv1alpha1.OAuthClient](t, only(t, all, "OAuthClient", "-test"))
	server := typed[authv1alpha1.AuthorizationServer](t, only(t, all, "AuthorizationServer", "-test"))
	if pod.Spec.Volumes[0].Secret.SecretName != client.EffectiveOutputSecretName() || client.Spec.ServerRef.Name != server.Name {
		t.Errorf("the pod mounts %s; the client writes %s", pod.Spec.Volumes[0].Secret.SecretName, client.EffectiveOutputSecretName())
	}
	address := "http://" + server.Name + "." + server.Namespace + ".svc"

	running := servertest.Start(t, servertest.Options{})
	registered := running.Client(t, func(c *authlete.Client) {
		c.GrantTypes = []authlete.GrantType{authlete.GrantClientCredentials}
	})
	request := func(secret string) (string, bool) {
		dir := t.TempDir()
		for name, content := range map[string]string{"client_id": "app", "client_secret": secret} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var args []string
		for _, arg := range pod.Spec.Containers[0].Args {
			args = append(args, strings.NewReplacer("=/client", "="+dir, address, running.URL).Replace(arg))
		}
		stdout, stderr, ok := run(t, nil, operator, args...)
		return stdout + stderr, ok
	}
	if output, ok := request(registered.ClientSecret); !ok || !strings.Contains(output, "got a token") {
		t.Errorf("a good secret: %s", output)
	}
	if output, ok := request("wrong"); ok {
		t.Errorf("a wrong secret passed: %s", output)
	}
}
