package chart_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
		corev1.AddToScheme, appsv1.AddToScheme, policyv1.AddToScheme, rbacv1.AddToScheme, apiextensionsv1.AddToScheme, authv1alpha1.AddToScheme,
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
	if err != nil && !apierrors.IsNotFound(err) && !meta.IsNoMatchError(err) {
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
		"users": map[string]any{"alice": map[string]any{"spec": map[string]any{"serverRef": reference, "username": "alice"}}},
		"clients": map[string]any{"app": map[string]any{"spec": map[string]any{
			"serverRef": reference, "redirectURIs": []string{"https://app.example.com/callback"},
		}}},
	}
}

const (
	release   = "authserver-operator"
	namespace = "authserver-system"
)

// older returns a copy of the chart as an earlier version may have been: with another CRD.
func older(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "authserver-operator")
	if err := os.CopyFS(dir, os.DirFS(chartDir)); err != nil {
		t.Fatal(err)
	}
	for file, change := range map[string][2]string{
		"Chart.yaml": {"\nversion: ", "\nversion: 0.0.1-"}, "files/crds/authserver.dev_oauthusers.yaml": {"    - ouser\n", "    - person\n"},
	} {
		path := filepath.Join(dir, file)
		before := readFile(t, path)
		after := strings.Replace(before, change[0], change[1], 1)
		if before == after {
			t.Fatalf("%s has no %q", file, change[0])
		}
		if err := os.WriteFile(path, []byte(after), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestHelmLifecycle: one installation brings CRDs, operator and a whole server; upgrades change them; what stays is what
// docs/install.md says.
func TestHelmLifecycle(t *testing.T) {
	c := startCluster(t)
	for _, step := range []struct {
		name string
		run  func(*testing.T, *cluster)
	}{
		{"install and upgrade", installAndUpgrade},
		{"examples", applyExamples},
		{"a second release", secondRelease},
		{"uninstall", uninstall},
		{"uninstall everything", uninstallEverything},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, c) }) {
			return // each step starts where the one before ended
		}
	}
}

func installAndUpgrade(t *testing.T, c *cluster) {
	t.Helper()
	to := []string{release, chartDir, "--namespace=" + namespace}
	c.do(t, "install", "--create-namespace", values(t, login("First")), release, older(t), "--namespace="+namespace)
	server, crd := &authv1alpha1.AuthorizationServer{}, &apiextensionsv1.CustomResourceDefinition{}
	if !c.exists(t, server, namespace, "login") || server.Spec.Display.ServiceName != "First" {
		t.Fatalf("the first installation made %+v", server.Spec)
	}
	if !c.exists(t, crd, "", "oauthusers.authserver.dev") || crd.Spec.Names.ShortNames[0] != "person" {
		t.Fatalf("the older CRD: %+v", crd.Spec.Names)
	}
	uid := server.UID

	refused := append([]string{"--kubeconfig=" + c.kubeconfig, "upgrade", values(t, login("Second"))}, to...)
	if _, stderr, ok := run(t, nil, c.helm, refused...); ok || !strings.Contains(stderr, "--reuse-values") {
		t.Errorf("an upgrade was not refused that Helm would have left half done: %s", stderr)
	}
	c.do(t, append([]string{"upgrade", "--reuse-values"}, to...)...)
	if !c.exists(t, crd, "", "oauthusers.authserver.dev") || crd.Spec.Names.ShortNames[0] != "ouser" {
		t.Errorf("the CRD was not upgraded: %+v", crd.Spec.Names)
	}
	for _, name := range []string{"Second", "Third"} {
		c.do(t, append([]string{"upgrade", values(t, login(name))}, to...)...)
		if !c.exists(t, server, namespace, "login") || server.Spec.Display.ServiceName != name || server.UID != uid {
			t.Fatalf("the upgrade to %s left %+v (%s, was %s)", name, server.Spec.Display, server.UID, uid)
		}
	}
}

// applyExamples gives the API server what Artifact Hub shows.
func applyExamples(t *testing.T, c *cluster) {
	t.Helper()
	for _, example := range crdExamples(t, chartMetadata(t)) {
		example.SetNamespace("default")
		if err := c.Create(t.Context(), example, client.DryRunAll); err != nil {
			t.Errorf("the example of %s: %v", example.GetKind(), err)
		}
	}
}

// secondRelease: releases for namespaces do not get in each other's way.
func secondRelease(t *testing.T, c *cluster) {
	t.Helper()
	const other = "team-a"
	c.do(t, "install", release, chartDir, "--create-namespace", "--namespace="+other, "--set=scope=namespaces,crds.install=false")
	if !c.exists(t, &rbacv1.Role{}, other, release) {
		t.Error("no Role in the watched namespace")
	}
	c.do(t, "uninstall", release, "--namespace="+other)
	if c.exists(t, &rbacv1.Role{}, other, release) || c.exists(t, &appsv1.Deployment{}, other, release) {
		t.Error("uninstalling left something")
	}
	if !c.exists(t, &rbacv1.ClusterRole{}, "", release) || !c.exists(t, &appsv1.Deployment{}, namespace, release) {
		t.Error("uninstalling took away what belongs to another release")
	}
}

// there says which of the objects of the release are there.
func (c *cluster) there(t *testing.T) map[string]bool {
	t.Helper()
	return map[string]bool{
		"server":     c.exists(t, &authv1alpha1.AuthorizationServer{}, namespace, "login"),
		"user":       c.exists(t, &authv1alpha1.OAuthUser{}, namespace, "alice"),
		"client":     c.exists(t, &authv1alpha1.OAuthClient{}, namespace, "app"),
		"CRD":        c.exists(t, &apiextensionsv1.CustomResourceDefinition{}, "", "oauthclients.authserver.dev"),
		"Deployment": c.exists(t, &appsv1.Deployment{}, namespace, release),
		"role":       c.exists(t, &rbacv1.ClusterRole{}, "", release),
		"account":    c.exists(t, &corev1.ServiceAccount{}, namespace, release),
	}
}

func uninstall(t *testing.T, c *cluster) {
	t.Helper()
	c.do(t, "uninstall", release, "--namespace="+namespace)
	want := map[string]bool{"server": true, "user": true, "client": true, "CRD": true, "Deployment": false, "role": false, "account": false}
	if diff := cmp.Diff(want, c.there(t)); diff != "" {
		t.Errorf("after uninstalling (-want +there):\n%s", diff)
	}
	meta := metav1.ObjectMeta{Namespace: namespace}
	for name, object := range map[string]client.Object{
		"login": &authv1alpha1.AuthorizationServer{ObjectMeta: meta}, "alice": &authv1alpha1.OAuthUser{ObjectMeta: meta},
		"app": &authv1alpha1.OAuthClient{ObjectMeta: meta},
	} {
		object.SetName(name)
		if err := c.Delete(t.Context(), object); err != nil {
			t.Error(err)
		}
	}
}

// uninstallEverything starts from definitions that an earlier release has left.
func uninstallEverything(t *testing.T, c *cluster) {
	t.Helper()
	const all = "--set=crds.keep=false,customResources.keep=false"
	c.do(t, "install", release, chartDir, "--namespace="+namespace, all, values(t, login("Again")))
	for what, there := range c.there(t) {
		if !there {
			t.Errorf("after installing again: no %s", what)
		}
	}
	c.do(t, "upgrade", release, chartDir, "--namespace="+namespace, all)
	for _, what := range []string{"server", "user", "client"} {
		if c.there(t)[what] {
			t.Errorf("the %s is still there after it was taken out of the values", what)
		}
	}
	c.do(t, "uninstall", release, "--namespace="+namespace, "--wait")
	for what, there := range c.there(t) {
		if there {
			t.Errorf("after uninstalling everything: the %s is still there", what)
		}
	}
}
