package controllers_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine"
)

const (
	serverImage = "ghcr.io/authserver-dev/server:test"
	// patience and specLimit only keep a test from hanging: a busy machine may be slow.
	patience  = time.Minute
	specLimit = 5 * time.Minute
)

var (
	restConfig *rest.Config
	scheme     *runtime.Scheme
	cluster    client.Client
	logs       = &lockedBuffer{}
)

func TestControllers(t *testing.T) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		assets, err := filepath.Abs("../bin/kubernetes")
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("KUBEBUILDER_ASSETS", assets)
	}
	RegisterFailHandler(Fail)
	RunSpecs(t, "Controllers on a real API server")
}

var _ = BeforeSuite(func() {
	ctrl.SetLogger(logr.FromSlogHandler(slog.NewJSONHandler(logs, nil)))
	environment := &envtest.Environment{CRDDirectoryPaths: []string{"../config/crd/bases"}, ErrorIfCRDPathMissing: true}
	var err error
	restConfig, err = environment.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(environment.Stop)
	scheme = runtime.NewScheme()
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(authv1alpha1.AddToScheme(scheme)).To(Succeed())
	cluster, err = client.New(restConfig, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
})

// lockedBuffer is a log that tests can read while it is written.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(data)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// operator is a running operator that watches one namespace. The network behind it is played: servers are a real engine
// in this process, and answer or not as the test says.
type operator struct {
	namespace string
	backend   *engine.Engine
	down      atomic.Bool
	// failAt is the number of the write that fails, 0 for none; writes counts them.
	failAt, writes atomic.Int64
	// looks counts how often the operator asked for a backend, which it does whenever it looks at a server or a client.
	looks atomic.Int64
	stop  context.CancelFunc
	done  chan struct{}
}

// Connect implements oauthclient.Connector.
func (o *operator) Connect(context.Context, *authv1alpha1.AuthorizationServer) (authlete.Management, error) {
	o.looks.Add(1)
	if o.down.Load() {
		return nil, &authlete.Error{Call: "service/get", Err: errors.New("connection refused")}
	}
	return o.backend, nil
}

// Backend implements authorizationserver.Prober.
func (o *operator) Backend(ctx context.Context, server *authv1alpha1.AuthorizationServer) error {
	backend, err := o.Connect(ctx, server)
	if err != nil {
		return err
	}
	_, err = backend.ServiceGet(ctx)
	return err
}

// Discovery implements authorizationserver.Prober.
func (o *operator) Discovery(context.Context, *authv1alpha1.AuthorizationServer) error {
	if o.down.Load() {
		return errors.New("connection refused")
	}
	return nil
}

// newEngine returns a real engine in memory.
func newEngine() *engine.Engine {
	GinkgoHelper()
	backend, err := engine.Open(context.Background(), engine.Options{
		KEK: bytes.Repeat([]byte{1}, 32), SigningAlgorithm: "ES256", Clock: time.Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
		Service: authlete.Service{
			Issuer: "https://login.example.com", AccessTokenDuration: 60, IDTokenDuration: 60, AuthorizationCodeDuration: 60, RefreshTokenDuration: 60,
		},
	})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(backend.Close)
	return backend
}

// newNamespace makes a namespace.
func newNamespace(ctx context.Context) string {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "controllers-"}}
	Expect(cluster.Create(ctx, namespace)).To(Succeed())
	return namespace.Name
}

// startOperator starts an operator for the namespace whose failAt-th write fails.
func startOperator(namespace string, backend *engine.Engine, failAt int64) *operator {
	GinkgoHelper()
	o := &operator{namespace: namespace, backend: backend, done: make(chan struct{})}
	o.failAt.Store(failAt)
	skip := true
	mgr, err := ctrl.NewManager(restConfig, ctrl.Options{
		Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}, Controller: config.Controller{SkipNameValidation: &skip},
		Cache:     cache.Options{DefaultNamespaces: map[string]cache.Config{namespace: {}}, DefaultTransform: cache.TransformStripManagedFields()},
		NewClient: o.newClient,
	})
	Expect(err).NotTo(HaveOccurred())
	var ctx context.Context
	ctx, o.stop = context.WithCancel(context.Background())
	Expect(controllers.SetupWithManager(ctx, mgr, controllers.Options{
		ServerImage: serverImage, Clock: time.Now, Rand: rand.Reader, Connector: o, Prober: o,
	})).To(Succeed())
	go func() {
		defer close(o.done)
		defer GinkgoRecover()
		Expect(mgr.Start(ctx)).To(Succeed())
	}()
	DeferCleanup(o.kill)
	return o
}

// settle waits until the operator has had nothing to write for a while: an object may be ready before all of its status is
// there.
func (o *operator) settle() {
	GinkgoHelper()
	Eventually(o.looks.Load).WithTimeout(patience).ShouldNot(BeZero(), "the operator has not looked at anything yet")
	// Polls are counted, not time: where the operator does not get its turns, this does not either.
	last, quiet := o.writes.Load(), 0
	Eventually(func() int {
		quiet++
		if now := o.writes.Load(); now != last {
			last, quiet = now, 0
		}
		return quiet
	}).WithTimeout(patience).WithPolling(20 * time.Millisecond).Should(BeNumerically(">", 100))
}

// awaitQuiet waits until nothing was written to an object for the time.
func awaitQuiet(ctx context.Context, object client.Object, quiet time.Duration) {
	GinkgoHelper()
	var version string
	var since time.Time
	Eventually(func() time.Duration {
		Expect(cluster.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
		if object.GetResourceVersion() != version {
			version, since = object.GetResourceVersion(), time.Now()
		}
		return time.Since(since)
	}).WithTimeout(patience).WithPolling(50*time.Millisecond).Should(BeNumerically(">", quiet), "the object is written again and again")
}

// reconciled changes something harmless of an object and waits until the operator has dealt with it, and so with all that
// was changed before.
func reconciled(ctx context.Context, object conditioned) {
	GinkgoHelper()
	modify(ctx, object, func(object conditioned) {
		text := fmt.Sprint("Generation ", object.GetGeneration()+1)
		switch object := object.(type) {
		case *authv1alpha1.AuthorizationServer:
			object.Spec.Display.ServiceName = text
		case *authv1alpha1.OAuthUser:
			object.Spec.Claims.Nickname = text
		case *authv1alpha1.OAuthClient:
			object.Spec.Description = text
		}
	})
	awaitReady(ctx, object)
}

// kill ends the operator.
func (o *operator) kill() {
	o.stop()
	<-o.done
}

// newClient returns a client of which one write fails.
func (o *operator) newClient(c *rest.Config, opts client.Options) (client.Client, error) {
	inner, err := client.NewWithWatch(c, opts)
	if err != nil {
		return nil, err
	}
	fail := func() error {
		if o.writes.Add(1) == o.failAt.Load() {
			return errors.New("this write was chosen to fail")
		}
		return nil
	}
	return interceptor.NewClient(inner, interceptor.Funcs{
		Apply: func(ctx context.Context, c client.WithWatch, obj runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
			if err := fail(); err != nil {
				return err
			}
			return c.Apply(ctx, obj, opts...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
			if err := fail(); err != nil {
				return err
			}
			return c.Patch(ctx, obj, patch, opts...)
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			if err := fail(); err != nil {
				return err
			}
			return c.SubResource(sub).Patch(ctx, obj, patch, opts...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
			if err := fail(); err != nil {
				return err
			}
			return c.Delete(ctx, obj, opts...)
		},
	}), nil
}

// modify reads an object, changes it and sends the difference. An update of the whole object would race with the operator,
// which writes the status.
func modify[T client.Object](ctx context.Context, object T, change func(T)) {
	GinkgoHelper()
	Expect(cluster.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
	before, ok := object.DeepCopyObject().(T)
	Expect(ok).To(BeTrue())
	change(object)
	Expect(cluster.Patch(ctx, object, client.MergeFrom(before))).To(Succeed())
}

// playKubelet says of the server's Deployment that its pods run, as often as it changes.
func playKubelet(ctx context.Context, namespace string) {
	go func() {
		for ctx.Err() == nil {
			var list appsv1.DeploymentList
			if err := cluster.List(ctx, &list, client.InNamespace(namespace)); err == nil {
				for i := range list.Items {
					makeAvailable(ctx, &list.Items[i])
				}
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
}

func makeAvailable(ctx context.Context, d *appsv1.Deployment) {
	if d.Status.ObservedGeneration == d.Generation {
		return
	}
	n := *d.Spec.Replicas
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n}
	_ = cluster.Status().Update(ctx, d) // tried again
}
