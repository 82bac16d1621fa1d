package chart_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

// cluster is an API server with nothing behind it: objects are stored, no pod starts.
type cluster struct {
	client.Client
	helm, kubeconfig string
}

func startCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{helm: tool(t, "helm")}
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		assets = filepath.Join(root, "bin", "kubernetes")
	}
	if _, err := os.Stat(filepath.Join(assets, "kube-apiserver")); err != nil {
		t.Skipf("no kube-apiserver in %s: run make test-chart", assets)
	}
	environment := &envtest.Environment{BinaryAssetsDirectory: assets}
	config, err := environment.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := environment.Stop(); err != nil {
			t.Error(err)
		}
	})
	c.kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(c.kubeconfig, environment.KubeConfig, 0o600); err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, rbacv1.AddToScheme, apiextensionsv1.AddToScheme, authv1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	if c.Client, err = client.New(config, client.Options{Scheme: scheme}); err != nil {
		t.Fatal(err)
	}
	return c
}

// do runs Helm on the cluster.
func (c *cluster) do(t *testing.T, args ...string) string {
	t.Helper()
	return mustRun(t, nil, c.helm, append([]string{"--kubeconfig=" + c.kubeconfig}, args...)...)
}

func (c *cluster) exists(t *testing.T, object client.Object, namespace, name string) bool {
	t.Helper()
	err := c.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, object)
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	return err == nil
}

// values writes a values file.
func values(t *testing.T, content map[string]any) string {
	t.Helper()
	data, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return "--values=" + path
}

// login is a server, a user and a client; refresh is a large number, which must not become 2.592e+06.
func login(serviceName string) map[string]any {
	reference := map[string]any{"name": "login"}
	return map[string]any{
		"servers": map[string]any{"login": map[string]any{"spec": map[string]any{
			"issuer": "https://login.example.com", "display": map[string]any{"serviceName": serviceName},
			"tokens":  map[string]any{"refreshTokenSeconds": 2592000},
			"backend": map[string]any{"type": "Embedded", "embedded": map[string]any{"storage": map[string]any{"type": "Memory"}}},
		}}},
		"users":   map[string]any{"alice": map[string]any{"spec": map[string]any{"serverRef": reference, "username": "alice"}}},
		"clients": map[string]any{"app": map[string]any{"spec": map[string]any{"serverRef": reference, "redirectURIs": []string{"https://app.example.com/callback"}}}},
	}
}

// TestHelmLifecycle: one installation brings CRDs, operator and a whole server; upgrades change them; what stays is what
// docs/install.md says.
func TestHelmLifecycle(t *testing.T) {
	c := startCluster(t)
	const release, namespace = "authserver-operator", "authserver-system"
	scoped := []string{release, chartDir, "--namespace=" + namespace}

	c.do(t, append([]string{"install", "--create-namespace", values(t, login("First"))}, scoped...)...)
	server := &authv1alpha1.AuthorizationServer{}
	if !c.exists(t, server, namespace, "login") || server.Spec.Display.ServiceName != "First" {
		t.Fatalf("the first installation made %+v", server.Spec)
	}
	uid := server.UID

	upgrade := append([]string{"--kubeconfig=" + c.kubeconfig, "upgrade", values(t, login("Second"))}, scoped...)
	if _, stderr, ok := run(t, nil, c.helm, upgrade...); ok || !strings.Contains(stderr, "--reuse-values") {
		t.Errorf("an upgrade was not refused that Helm would have left half done: %s", stderr)
	}
	c.do(t, append([]string{"upgrade", "--reuse-values"}, scoped...)...)
	for _, name := range []string{"Second", "Third"} {
		c.do(t, append([]string{"upgrade", values(t, login(name))}, scoped...)...)
		if !c.exists(t, server, namespace, "login") || server.Spec.Display.ServiceName != name || server.UID != uid {
			t.Fatalf("the upgrade to %s left %+v (%s, was %s)", name, server.Spec.Display, server.UID, uid)
		}
	}

	for _, example := range crdExamples(t, chartMetadata(t)) { // Artifact Hub shows them
		example.SetNamespace("default")
		if err := c.Create(t.Context(), example, client.DryRunAll); err != nil {
			t.Errorf("the example of %s: %v", example.GetKind(), err)
		}
	}

	c.do(t, "uninstall", release, "--namespace="+namespace)
	for what, kept := range map[string]bool{
		"server":     c.exists(t, &authv1alpha1.AuthorizationServer{}, namespace, "login"),
		"user":       c.exists(t, &authv1alpha1.OAuthUser{}, namespace, "alice"),
		"client":     c.exists(t, &authv1alpha1.OAuthClient{}, namespace, "app"),
		"CRD":        c.exists(t, &apiextensionsv1.CustomResourceDefinition{}, "", "oauthclients.authserver.dev"),
		"Deployment": c.exists(t, &appsv1.Deployment{}, namespace, release),
	} {
		if want := what != "Deployment"; kept != want {
			t.Errorf("after uninstalling, %s is there: %t, want %t", what, kept, want)
		}
	}
}
