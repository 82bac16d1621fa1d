package controllers_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers"
	"github.com/authserver-dev/operator/controllers/internal/desired"
	"github.com/authserver-dev/operator/controllers/internal/management"
	"github.com/authserver-dev/operator/controllers/internal/probe"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/server/engine"
	"github.com/authserver-dev/operator/server/engine/httpapi"
)

const (
	firstToken  = "authlete-test-token-1"
	secondToken = "authlete-test-token-2"
)

// standIn is a real engine that speaks Authlete's wire format on a port of this machine, and can be away.
type standIn struct {
	address  string
	handler  http.Handler
	server   *http.Server
	listener net.Listener
}

// newStandIn serves the engine, behind what the wrappers put before it.
func newStandIn(ctx context.Context, backend *engine.Engine, wrappers ...func(http.Handler) http.Handler) *standIn {
	GinkgoHelper()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	s := &standIn{address: listener.Addr().String()}
	base := "http://" + s.address
	s.handler = httpapi.New(httpapi.Options{Backend: backend, Log: slog.New(slog.DiscardHandler), Credentials: func() []*credentials.Credentials {
		return []*credentials.Credentials{
			{Version: credentials.V3, BaseURL: base, ServiceID: "42", AccessToken: firstToken},
			{Version: credentials.V3, BaseURL: base, ServiceID: "42", AccessToken: secondToken},
			{Version: credentials.V2, BaseURL: base, ServiceID: "42", APISecret: firstToken, OwnerKey: "7", OwnerSecret: secondToken},
		}
	}})
	for _, wrap := range wrappers {
		s.handler = wrap(s.handler)
	}
	s.serve(listener)
	DeferCleanup(func() { s.away() })
	return s
}

func (s *standIn) serve(listener net.Listener) {
	s.listener = listener
	s.server = &http.Server{Handler: s.handler, ReadHeaderTimeout: time.Minute}
	go func(server *http.Server) { _ = server.Serve(listener) }(s.server) // ends with ErrServerClosed
}

// away closes the port and every connection.
func (s *standIn) away() {
	_ = s.server.Close()
	_ = s.listener.Close() // a server that has not begun yet does not know it
}

// back opens the port again.
func (s *standIn) back(ctx context.Context) {
	GinkgoHelper()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.address)
	Expect(err).NotTo(HaveOccurred())
	s.serve(listener)
}

// ini is an authlete.ini for the API 3.0.
func (s *standIn) ini(token string) map[string][]byte {
	const form = "[authlete]\napi_version = V3\nbase_url = http://%s\nservice.api_key = 42\nservice.access_token = %s\n"
	return map[string][]byte{"authlete.ini": fmt.Appendf(nil, form, s.address, token)}
}

var _ = Describe("A server in front of Authlete", func() {
	var (
		namespace string
		server    *authv1alpha1.AuthorizationServer
		rest      []client.Object
		stand     *standIn
	)

	BeforeEach(func(ctx SpecContext) {
		namespace = newNamespace(ctx)
		backend := newEngine()
		stand = newStandIn(ctx, backend)
		startRemoteOperator(namespace)
		server, rest = world(namespace)
		server.Spec.Backend = authv1alpha1.Backend{Type: authv1alpha1.BackendAuthlete, Authlete: &authv1alpha1.AuthleteBackend{
			CredentialsSecretRef: authv1alpha1.SecretReference{Name: "authlete"},
		}}
		server.Spec.Replicas = new(int32(2))
	})

	secret := func(data map[string][]byte) *corev1.Secret {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "authlete", Namespace: namespace}, Data: data}
	}
	put := func(ctx context.Context, data map[string][]byte) {
		GinkgoHelper()
		modify(ctx, secret(nil), func(s *corev1.Secret) { s.Data = data })
	}
	deployment := func(ctx context.Context) *appsv1.Deployment {
		GinkgoHelper()
		d := &appsv1.Deployment{}
		Expect(cluster.Get(ctx, client.ObjectKeyFromObject(server), d)).To(Succeed())
		return d
	}
	message := func(conditionType string) string {
		GinkgoHelper()
		condition := meta.FindStatusCondition(server.Status.Conditions, conditionType)
		Expect(condition).NotTo(BeNil())
		return condition.Message
	}
	kubelet := func(context.Context) {
		ctx, stop := context.WithCancel(context.Background())
		DeferCleanup(func() { stop() })
		playKubelet(ctx, namespace)
	}

	It("waits for its credentials, and says what is missing or wrong", func(ctx SpecContext) {
		create(ctx, rest...)
		awaitCondition(ctx, server, authv1alpha1.ConditionCredentialsReady, metav1.ConditionFalse, authv1alpha1.ReasonSecretNotFound)
		create(ctx, secret(map[string][]byte{"service.api_key": []byte("42"), "service.api_secret": []byte(firstToken)}))
		awaitCondition(ctx, server, authv1alpha1.ConditionCredentialsReady, metav1.ConditionFalse, authv1alpha1.ReasonSecretKeyMissing)
		Expect(message(authv1alpha1.ConditionCredentialsReady)).To(And(ContainSubstring("service_owner.api_key"), ContainSubstring("None")))
		put(ctx, map[string][]byte{"api_version": []byte(firstToken)})
		awaitCondition(ctx, server, authv1alpha1.ConditionCredentialsReady, metav1.ConditionFalse, authv1alpha1.ReasonSecretInvalid)
		Expect(message(authv1alpha1.ConditionCredentialsReady)).To(And(ContainSubstring("api_version"), Not(ContainSubstring(firstToken))))
		Expect(apierrors.IsNotFound(cluster.Get(ctx, client.ObjectKeyFromObject(server), &appsv1.Deployment{}))).To(BeTrue())

		put(ctx, stand.ini(firstToken))
		awaitCondition(ctx, server, authv1alpha1.ConditionCredentialsReady, metav1.ConditionTrue, "")
		// No pod is ready, and Authlete answers.
		awaitCondition(ctx, server, authv1alpha1.ConditionBackendReachable, metav1.ConditionTrue, authv1alpha1.ReasonReachable)
		Expect(server.Status.Backend.LastReachableTime).NotTo(BeNil())
		awaitCondition(ctx, server, authv1alpha1.ConditionDiscoverable, metav1.ConditionUnknown, authv1alpha1.ReasonWaitingForPods)
		kubelet(ctx)
		awaitReady(ctx, rest...)
	}, SpecTimeout(specLimit))

	It("works with the API 2.x, too", func(ctx SpecContext) {
		kubelet(ctx)
		create(ctx, secret(map[string][]byte{
			"base_url": []byte("http://" + stand.address), "service.api_key": []byte("42"), "service.api_secret": []byte(firstToken),
			"service_owner.api_key": []byte("7"), "service_owner.api_secret": []byte(secondToken),
		}))
		create(ctx, rest...)
		awaitReady(ctx, rest...)
		awaitCondition(ctx, server, authv1alpha1.ConditionSettingsMatch, metav1.ConditionFalse, authv1alpha1.ReasonDiffering)
	}, SpecTimeout(specLimit))

	It("outlives an outage: nothing is restarted, nothing else is called wrong, and it recovers by itself", func(ctx SpecContext) {
		kubelet(ctx)
		create(ctx, secret(stand.ini(firstToken)))
		create(ctx, rest...)
		awaitReady(ctx, rest...)
		awaitCondition(ctx, server, authv1alpha1.ConditionBackendReachable, metav1.ConditionTrue, "")
		reachable, generation := server.Status.Backend.LastReachableTime.Time, deployment(ctx).Generation

		stand.away()
		Eventually(func(g Gomega) {
			g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(server), server)).To(Succeed())
			condition := meta.FindStatusCondition(server.Status.Conditions, authv1alpha1.ConditionBackendReachable)
			g.Expect(condition.Status).To(Equal(metav1.ConditionFalse))
			g.Expect(condition.Reason).To(Equal(authv1alpha1.ReasonUnreachable))
		}).WithTimeout(2 * time.Minute).WithPolling(time.Second).Should(Succeed())
		Expect(server.Status.Backend.LastReachableTime.Time).To(BeTemporally(">=", reachable))
		Expect(server.Status.Backend.LastReachableTime.Time).To(BeTemporally("<", time.Now()))
		for _, fact := range []string{
			authv1alpha1.ConditionConfigurationValid, authv1alpha1.ConditionCredentialsReady, authv1alpha1.ConditionAvailable,
			authv1alpha1.ConditionDiscoverable, authv1alpha1.ConditionUsersProjected,
		} {
			Expect(meta.IsStatusConditionTrue(server.Status.Conditions, fact)).To(BeTrue(), fact)
		}
		Expect(deployment(ctx).Generation).To(Equal(generation))
		// Nothing is written while nothing changes.
		awaitQuiet(ctx, server, 6*time.Second)

		stand.back(ctx)
		awaitCondition(ctx, server, authv1alpha1.ConditionBackendReachable, metav1.ConditionTrue, "")
		awaitReady(ctx, server)
		Expect(deployment(ctx).Generation).To(Equal(generation))
	}, SpecTimeout(specLimit))

	It("takes changed credentials over without a rollout, and says when they are refused", func(ctx SpecContext) {
		kubelet(ctx)
		create(ctx, secret(stand.ini(firstToken)))
		create(ctx, rest...)
		awaitReady(ctx, rest...)
		d := deployment(ctx)
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "login-0", Namespace: namespace, Labels: d.Spec.Template.Labels},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "server", Image: serverImage}}},
		}
		create(ctx, pod)
		refreshed := func() string {
			Expect(cluster.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
			return pod.Annotations[desired.AnnotationRefresh]
		}
		Eventually(refreshed).WithTimeout(patience).ShouldNot(BeEmpty())
		before := refreshed()

		put(ctx, stand.ini(secondToken))
		Eventually(refreshed).WithTimeout(patience).ShouldNot(Equal(before))
		put(ctx, stand.ini("not-a-token-of-the-service"))
		awaitCondition(ctx, server, authv1alpha1.ConditionBackendReachable, metav1.ConditionFalse, authv1alpha1.ReasonUnauthorized)
		Expect(meta.IsStatusConditionTrue(server.Status.Conditions, authv1alpha1.ConditionCredentialsReady)).To(BeTrue())
		put(ctx, stand.ini(secondToken))
		awaitCondition(ctx, server, authv1alpha1.ConditionBackendReachable, metav1.ConditionTrue, "")
		Expect(deployment(ctx).Generation).To(Equal(d.Generation))
		Expect(deployment(ctx).Spec.Template.Annotations).To(Equal(d.Spec.Template.Annotations))
	}, SpecTimeout(specLimit))

	It("takes the place of an embedded engine, and gives it back with its key", func(ctx SpecContext) {
		kubelet(ctx)
		remote := server.Spec.Backend
		embedded, _ := world(namespace)
		server.Spec.Backend, server.Spec.Replicas = embedded.Spec.Backend, nil
		create(ctx, secret(stand.ini(firstToken)), server)
		there := func(object client.Object, name string) bool {
			GinkgoHelper()
			err := cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, object)
			Expect(client.IgnoreNotFound(err)).To(Succeed())
			return err == nil
		}
		awaitCondition(ctx, server, authv1alpha1.ConditionAvailable, metav1.ConditionTrue, "")
		Expect(there(&corev1.Service{}, "login-management")).To(BeTrue())
		var key, again corev1.Secret
		Expect(there(&key, "login-engine")).To(BeTrue())

		modify(ctx, server, func(s *authv1alpha1.AuthorizationServer) { s.Spec.Backend = remote })
		awaitCondition(ctx, server, authv1alpha1.ConditionBackendReachable, metav1.ConditionTrue, "")
		Eventually(func() bool { return there(&corev1.Service{}, "login-management") }).WithTimeout(patience).Should(BeFalse())
		Expect(there(&corev1.Secret{}, "login-management")).To(BeFalse())
		Expect(there(&again, "login-engine")).To(BeTrue())
		Expect(deployment(ctx).Spec.Strategy.Type).To(Equal(appsv1.RollingUpdateDeploymentStrategyType))
		Expect(deployment(ctx).Spec.Template.Spec.Containers[0].Ports).To(HaveLen(2))

		modify(ctx, server, func(s *authv1alpha1.AuthorizationServer) { s.Spec.Backend = embedded.Spec.Backend })
		Eventually(func() bool { return there(&corev1.Service{}, "login-management") }).WithTimeout(patience).Should(BeTrue())
		Eventually(func() appsv1.DeploymentStrategyType { return deployment(ctx).Spec.Strategy.Type }).WithTimeout(patience).
			Should(Equal(appsv1.RecreateDeploymentStrategyType))
		Expect(there(&again, "login-engine")).To(BeTrue())
		Expect(again.Data).To(Equal(key.Data))
	}, SpecTimeout(specLimit))
})

// remoteProber asks the backend over the network, and plays the Service of the pods.
type remoteProber struct{ probe.HTTP }

// Discovery implements authorizationserver.Prober.
func (remoteProber) Discovery(context.Context, *authv1alpha1.AuthorizationServer) error { return nil }

// startRemoteOperator starts an operator for the namespace that calls backends over the network.
func startRemoteOperator(namespace string) {
	GinkgoHelper()
	skip := true
	mgr, err := ctrl.NewManager(restConfig, ctrl.Options{
		Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}, Controller: config.Controller{SkipNameValidation: &skip},
		Cache: cache.Options{DefaultNamespaces: map[string]cache.Config{namespace: {}}, DefaultTransform: cache.TransformStripManagedFields()},
	})
	Expect(err).NotTo(HaveOccurred())
	ctx, stop := context.WithCancel(context.Background())
	connector := &management.Connector{Client: mgr.GetClient(), Clock: time.Now}
	Expect(controllers.SetupWithManager(ctx, mgr, controllers.Options{
		ServerImage: serverImage, Clock: time.Now, Rand: rand.Reader, Connector: connector, Prober: remoteProber{probe.HTTP{Connector: connector}},
	})).To(Succeed())
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer GinkgoRecover()
		Expect(mgr.Start(ctx)).To(Succeed())
	}()
	DeferCleanup(func() {
		stop()
		<-done
	})
}
