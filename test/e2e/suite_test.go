package e2e_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/test/login"
	"github.com/authserver-dev/operator/test/postgrestest"
)

const (
	password    = "e2e-password-value"
	redirectURI = "http://127.0.0.1:8400/callback"
	// soon is how quickly changes must arrive.
	soon = 5 * time.Second
	// readyIn is how long a server may take to become ready.
	readyIn = 2 * time.Minute
)

var cluster client.Client

func TestE2E(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "End to end")
}

var _ = BeforeSuite(func() {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	Expect(err).NotTo(HaveOccurred(), "set KUBECONFIG, or run make e2e")
	scheme := runtime.NewScheme()
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(authv1alpha1.AddToScheme(scheme)).To(Succeed())
	cluster, err = client.New(config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
})

// world is a namespace with a server, users and a client.
type world struct {
	namespace string
	server    *authv1alpha1.AuthorizationServer
}

// newWorld makes a namespace that goes with the test.
func newWorld(ctx context.Context) *world {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "e2e-", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}
	Expect(cluster.Create(ctx, namespace)).To(Succeed())
	DeferCleanup(func(ctx context.Context) {
		if CurrentSpecReport().Failed() {
			dump(ctx, namespace.Name)
		}
		Expect(client.IgnoreNotFound(cluster.Delete(ctx, namespace))).To(Succeed())
		// Some tests remove the operator, without which clients are not let go.
		Eventually(func() bool {
			return apierrors.IsNotFound(cluster.Get(ctx, client.ObjectKeyFromObject(namespace), namespace))
		}).WithContext(ctx).WithTimeout(readyIn).WithPolling(200*time.Millisecond).Should(BeTrue(), "namespace %s is still there", namespace.Name)
	})
	return &world{namespace: namespace.Name}
}

// dump prints what helps to understand a failure: of logs, what went wrong, and the end.
func dump(ctx context.Context, namespace string) {
	for _, args := range [][]string{
		{"-n", namespace, "get", "authserver,pods,deploy", "-o", "wide"},
		{"-n", namespace, "get", "authserver", "-o", "jsonpath={range .items[*]}{.kind} {.metadata.name} {.status.conditions}{\"\\n\"}{end}"},
		{"-n", namespace, "get", "events", "--sort-by=.lastTimestamp"},
	} {
		out, err := kubectl(ctx, args...)
		GinkgoWriter.Printf("kubectl %s: %v\n%s\n", strings.Join(args, " "), err, out)
	}
	for _, args := range [][]string{
		{"-n", namespace, "logs", "-l", "app.kubernetes.io/name=authserver", "--tail=-1", "--prefix"},
		{"-n", namespace, "logs", "-l", "app=" + standInName, "--tail=-1", "--prefix"},
		{"-n", "authserver-system", "logs", "deploy/authserver-operator", "--tail=-1"},
	} {
		out, err := kubectl(ctx, args...)
		GinkgoWriter.Printf("kubectl %s: %v\n%s\n", strings.Join(args, " "), err, digest(out))
	}
}

// digest keeps the warnings and errors of a log, and its last lines.
func digest(log string) string {
	const most, last = 30, 5
	lines := strings.Split(strings.TrimSpace(log), "\n")
	var kept []string
	for i, line := range lines {
		bad := strings.Contains(line, `"level":"ERROR"`) || strings.Contains(line, `"level":"WARN"`) || strings.Contains(line, "level=ERROR")
		if (bad && len(kept) < most) || i >= len(lines)-last {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

func kubectl(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, tool("kubernetes/kubectl"), args...).CombinedOutput()
	return string(out), err
}

// version is that of the next release, and the tag of the images.
func version() string {
	GinkgoHelper()
	text, err := os.ReadFile("../../VERSION")
	Expect(err).NotTo(HaveOccurred())
	return strings.TrimSpace(string(text))
}

// tool is a program that make e2e has built.
func tool(name string) string { return "../../bin/" + name }

// create creates objects in the world's namespace.
func (w *world) create(ctx context.Context, objects ...client.Object) {
	GinkgoHelper()
	for _, object := range objects {
		object.SetNamespace(w.namespace)
		Expect(cluster.Create(ctx, object)).To(Succeed())
	}
}

// start creates a server, the user alice and the client "app", and waits until all are ready.
func (w *world) start(ctx context.Context, change func(*authv1alpha1.AuthorizationServer)) {
	GinkgoHelper()
	w.user(ctx, "alice")
	w.serve(ctx, change)
	w.awaitReady(ctx, &authv1alpha1.OAuthUser{ObjectMeta: metav1.ObjectMeta{Name: "alice"}}, readyIn)
}

// memorySpec is the least that a server needs.
func memorySpec() authv1alpha1.AuthorizationServerSpec {
	return authv1alpha1.AuthorizationServerSpec{
		Issuer: "http://127.0.0.1:8080",
		Backend: authv1alpha1.Backend{Type: authv1alpha1.BackendEmbedded, Embedded: &authv1alpha1.EmbeddedBackend{
			Storage: authv1alpha1.Storage{Type: authv1alpha1.StorageMemory},
		}},
	}
}

// startOnPostgreSQL is start with a server of two replicas on a database of its own.
func (w *world) startOnPostgreSQL(ctx context.Context) {
	GinkgoHelper()
	database := postgrestest.StartOn(GinkgoTB(), nodeIP)
	w.create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "database"}, StringData: map[string]string{"url": database.Database(GinkgoTB())}})
	w.start(ctx, func(server *authv1alpha1.AuthorizationServer) {
		replicas := int32(2)
		server.Spec.Replicas = &replicas
		server.Spec.Signing.Algorithm = authv1alpha1.SigningES256
		server.Spec.Backend.Embedded.Storage = authv1alpha1.Storage{
			Type:       authv1alpha1.StoragePostgreSQL,
			PostgreSQL: &authv1alpha1.PostgreSQLStorage{ConnectionSecretRef: authv1alpha1.SecretKeyReference{Name: "database"}},
		}
	})
}

// serverImage is the image that a server's Deployment runs.
func (w *world) serverImage(ctx context.Context, server string) string {
	GinkgoHelper()
	var deployment appsv1.Deployment
	Expect(cluster.Get(ctx, client.ObjectKey{Namespace: w.namespace, Name: server}, &deployment)).To(Succeed())
	return deployment.Spec.Template.Spec.Containers[0].Image
}

// serve creates a server and the client "app", and waits until both are ready.
func (w *world) serve(ctx context.Context, change func(*authv1alpha1.AuthorizationServer)) {
	GinkgoHelper()
	w.server = &authv1alpha1.AuthorizationServer{
		ObjectMeta: metav1.ObjectMeta{Name: "login"},
		Spec:       memorySpec(),
	}
	if change != nil {
		change(w.server)
	}
	w.create(ctx, w.server)
	w.create(ctx, &authv1alpha1.OAuthClient{
		ObjectMeta: metav1.ObjectMeta{Name: "app"},
		Spec: authv1alpha1.OAuthClientSpec{
			ServerRef: authv1alpha1.ServerReference{Name: "login"}, ClientName: "E2E Application", RedirectURIs: []authv1alpha1.RedirectURI{redirectURI},
			GrantTypes: []authv1alpha1.GrantType{authv1alpha1.GrantAuthorizationCode, authv1alpha1.GrantRefreshToken, authv1alpha1.GrantClientCredentials},
		},
	})
	w.awaitReady(ctx, w.server, readyIn)
	w.awaitReady(ctx, &authv1alpha1.OAuthClient{ObjectMeta: metav1.ObjectMeta{Name: "app"}}, readyIn)
}

// user creates a user with a password Secret.
func (w *world) user(ctx context.Context, name string) {
	GinkgoHelper()
	w.create(ctx,
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name + "-password"}, StringData: map[string]string{"password": password}},
		&authv1alpha1.OAuthUser{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: authv1alpha1.OAuthUserSpec{
				ServerRef: authv1alpha1.ServerReference{Name: "login"}, Username: name,
				Password: &authv1alpha1.Password{SecretRef: authv1alpha1.SecretKeyReference{Name: name + "-password"}},
			},
		})
}

// conditioned is an object with conditions.
type conditioned interface {
	client.Object
	GetConditions() []metav1.Condition
}

// awaitReady waits until the object is ready in its current generation.
func (w *world) awaitReady(ctx context.Context, object conditioned, within time.Duration) {
	GinkgoHelper()
	object.SetNamespace(w.namespace)
	Eventually(func(g Gomega) {
		g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
		ready := false
		for _, condition := range object.GetConditions() {
			if condition.Type == authv1alpha1.ConditionReady && condition.ObservedGeneration == object.GetGeneration() {
				ready = condition.Status == metav1.ConditionTrue
			}
		}
		g.Expect(ready).To(BeTrue(), "conditions: %v", object.GetConditions())
	}).WithContext(ctx).WithTimeout(within).WithPolling(100 * time.Millisecond).Should(Succeed())
}

// transport sends what is meant for the issuer to the server's Service.
func (w *world) transport(ctx context.Context) *http.Transport {
	GinkgoHelper()
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "login", Namespace: w.namespace}}
	Expect(cluster.Get(ctx, client.ObjectKeyFromObject(service), service)).To(Succeed())
	target := net.JoinHostPort(service.Spec.ClusterIP, fmt.Sprint(service.Spec.Ports[0].Port))
	transport := &http.Transport{
		MaxIdleConnsPerHost: 10,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, target)
		},
	}
	DeferCleanup(transport.CloseIdleConnections)
	return transport
}

// options are those of a login of the user through the client "app".
func (w *world) options(ctx context.Context, username string) login.Options {
	GinkgoHelper()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "app-oauth", Namespace: w.namespace}}
	Expect(cluster.Get(ctx, client.ObjectKeyFromObject(secret), secret)).To(Succeed())
	return login.Options{
		Issuer: string(secret.Data[authv1alpha1.OutputIssuer]), ClientID: string(secret.Data[authv1alpha1.OutputClientID]),
		ClientSecret: string(secret.Data[authv1alpha1.OutputClientSecret]), RedirectURI: redirectURI, Username: username, Password: password,
		Scopes: []string{"profile", "email", "offline_access"}, Transport: w.transport(ctx),
	}
}

// token asks for an access token of the client itself.
func token(ctx context.Context, opts login.Options) error {
	form := url.Values{"grant_type": {"client_credentials"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, opts.Issuer+"/api/token", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(url.QueryEscape(opts.ClientID), url.QueryEscape(opts.ClientSecret))
	response, err := (&http.Client{Transport: opts.Transport, Timeout: 15 * time.Second}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("token request: status %d", response.StatusCode)
	}
	return nil
}
