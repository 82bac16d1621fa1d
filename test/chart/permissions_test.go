package chart_test

import (
	"bytes"
	"context"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

// TestPermissionsSuffice runs the operator itself with the arguments and the permissions that the chart gives it, on a real
// API server: it makes what a server needs, and is refused nothing. In the scope of namespaces that is true of the watched
// namespace, and another one is left alone.
func TestPermissionsSuffice(t *testing.T) {
	c := startCluster(t)
	operator := filepath.Join(t.TempDir(), "operator")
	mustRun(t, nil, "go", "-C", root, "build", "-o", operator, "./cmd/operator")
	c.do(t, "install", "crds", chartDir, "--set=replicas=0", "--namespace=default") // CRDs and nothing that works
	for name, tc := range map[string]struct {
		set     string
		ignored string
	}{
		"cluster":    {set: "scope=cluster"},
		"namespaces": {set: "scope=namespaces", ignored: "default"},
	} {
		t.Run(name, func(t *testing.T) {
			own := "operator-in-" + name
			c.do(t, "install", release, chartDir, "--create-namespace", "--namespace="+own, values(t, everyStorage()), "--set=crds.install=false,"+tc.set)
			secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: own, Name: "database"}, StringData: map[string]string{"url": "postgres://db/login"}}
			if err := c.Create(t.Context(), secret); err != nil {
				t.Fatal(err)
			}
			if tc.ignored != "" {
				c.do(t, "upgrade", "crds", chartDir, "--namespace=default", values(t, login("Ignored")), "--set=replicas=0")
			}
			deployment := &appsv1.Deployment{}
			if !c.exists(t, deployment, own, release) {
				t.Fatal("no Deployment")
			}
			log := c.operate(t, operator, deployment)
			for what, list := range map[string]client.ObjectList{
				"Deployments": &appsv1.DeploymentList{}, "claims": &corev1.PersistentVolumeClaimList{}, "budgets": &policyv1.PodDisruptionBudgetList{},
				"Services": &corev1.ServiceList{}, "ConfigMaps": &corev1.ConfigMapList{}, "Secrets": &corev1.SecretList{},
			} {
				eventually(t, log, what, func() bool { return c.made(t, list, own) })
			}
			eventually(t, log, "status", func() bool { return c.observed(t, own) }) // the last thing that a run writes
			if tc.ignored != "" && c.exists(t, &appsv1.Deployment{}, tc.ignored, "login") {
				t.Errorf("the operator worked in %s", tc.ignored)
			}
			if strings.Contains(log.String(), "forbidden") {
				t.Errorf("the operator was refused something:\n%s", log)
			}
			c.do(t, "uninstall", release, "--namespace="+own)
		})
	}
}

// everyStorage are three servers, for which the operator makes everything that it ever makes, and a user and a client.
func everyStorage() map[string]any {
	all := login("Login")
	all["servers"].(map[string]any)["file"] = map[string]any{"spec": map[string]any{
		"issuer":  "https://file.example.com",
		"backend": map[string]any{"type": "Embedded", "embedded": map[string]any{"storage": map[string]any{"type": "SQLite"}}},
	}}
	all["servers"].(map[string]any)["shared"] = map[string]any{"spec": map[string]any{
		"issuer": "https://shared.example.com", "replicas": 2,
		"backend": map[string]any{"type": "Embedded", "embedded": map[string]any{"storage": map[string]any{
			"type": "PostgreSQL", "postgresql": map[string]any{"connectionSecretRef": map[string]any{"name": "database"}},
		}}},
	}}
	return all
}

// made says whether the operator has made objects of a kind.
func (c *cluster) made(t *testing.T, list client.ObjectList, namespace string) bool {
	t.Helper()
	ours := client.MatchingLabels{"app.kubernetes.io/managed-by": "authserver-operator"}
	if err := c.List(t.Context(), list, client.InNamespace(namespace), ours); err != nil {
		t.Fatal(err)
	}
	return meta.LenList(list) > 0
}

// observed says whether the operator has been through every server.
func (c *cluster) observed(t *testing.T, namespace string) bool {
	t.Helper()
	var servers authv1alpha1.AuthorizationServerList
	if err := c.List(t.Context(), &servers, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	for _, server := range servers.Items {
		available := meta.FindStatusCondition(server.Status.Conditions, authv1alpha1.ConditionAvailable)
		if server.Status.ObservedGeneration != server.Generation || available == nil {
			return false
		}
	}
	return len(servers.Items) > 0
}

// operate runs the operator as the account of a Deployment until the test ends, and returns its log.
func (c *cluster) operate(t *testing.T, program string, deployment *appsv1.Deployment) *logBuffer {
	t.Helper()
	config, err := clientcmd.LoadFromFile(c.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range config.AuthInfos {
		user.Impersonate = "system:serviceaccount:" + deployment.Namespace + ":" + deployment.Spec.Template.Spec.ServiceAccountName
		user.ImpersonateGroups = []string{"system:serviceaccounts", "system:authenticated"}
	}
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, kubeconfig); err != nil {
		t.Fatal(err)
	}
	args := []string{"--metrics-bind-address=0", "--health-probe-bind-address=" + freeAddress(t)}
	for _, arg := range deployment.Spec.Template.Spec.Containers[0].Args {
		if arg != "--leader-elect" { // it takes a pod to know the namespace of the Lease
			args = append(args, arg)
		}
	}
	command := exec.CommandContext(t.Context(), program, args...)
	command.Env = append(command.Environ(), "KUBECONFIG="+kubeconfig, "RELATED_IMAGE_SERVER=example.com/server:1")
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 10 * time.Second
	log := &logBuffer{}
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := command.Wait(); err != nil && command.ProcessState.ExitCode() > 0 {
			t.Errorf("the operator ended with %v:\n%s", err, log)
		}
	})
	return log
}

// eventually waits until a condition holds.
func eventually(t *testing.T, log *logBuffer, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // only keeps the test from hanging
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ctx.Done():
			t.Fatalf("no %s:\n%s", what, log)
		case <-ticker.C:
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// logBuffer is what a program writes while a test reads it.
type logBuffer struct {
	mu      sync.Mutex
	content bytes.Buffer
}

// Write adds to the log.
func (b *logBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.content.Write(data)
}

// String returns the log.
func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.content.String()
}
