package e2e_test

import (
	"context"
	"fmt"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/oauth2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/test/login"
)

// nodeIP is where pods reach this machine.
const nodeIP = "10.243.0.1"

func stopComponent(ctx context.Context, name string) {
	GinkgoHelper()
	out, err := exec.CommandContext(ctx, tool("cluster"), "stop", name).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s", out)
	DeferCleanup(func(ctx context.Context) { startComponent(ctx, name) })
}

func startComponent(ctx context.Context, name string) {
	GinkgoHelper()
	out, err := exec.CommandContext(ctx, tool("cluster"), "start", name).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s", out)
}

// load asks for tokens and refreshes them until it is stopped, and counts.
type load struct {
	requests atomic.Int64
	mu       sync.Mutex
	failures []string
	stop     context.CancelFunc
	group    sync.WaitGroup
}

func startLoad(ctx context.Context, opts login.Options, workers int) *load {
	ctx, cancel := context.WithCancel(ctx)
	l := &load{stop: cancel}
	for range workers {
		l.group.Go(func() { l.run(ctx, func() error { return token(context.WithoutCancel(ctx), opts) }) })
	}
	l.group.Go(func() {
		result, err := login.Run(ctx, opts)
		if err != nil {
			l.fail(err)
			return
		}
		current := result.Tokens
		client := login.Context(context.WithoutCancel(ctx), opts.Transport)
		l.run(ctx, func() error {
			expired := &oauth2.Token{RefreshToken: current.RefreshToken, Expiry: time.Now().Add(-time.Hour)}
			next, err := result.Config.TokenSource(client, expired).Token()
			if err == nil {
				current = next
			}
			return err
		})
	})
	return l
}

func (l *load) run(ctx context.Context, request func() error) {
	for ctx.Err() == nil {
		if err := request(); err != nil {
			l.fail(err)
		}
		l.requests.Add(1)
		_ = pause(ctx, 20*time.Millisecond) // ends early when the load is stopped
	}
}

func (l *load) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures = append(l.failures, time.Now().Format(time.StampMilli)+" "+err.Error())
}

// finish stops the load and expects that no request failed.
func (l *load) finish() {
	GinkgoHelper()
	l.stop()
	l.group.Wait()
	GinkgoWriter.Printf("%d requests, %d failures\n", l.requests.Load(), len(l.failures))
	Expect(l.failures).To(BeEmpty())
	Expect(l.requests.Load()).To(BeNumerically(">", 100))
}

var _ = Describe("Two replicas on PostgreSQL", Ordered, func() {
	var w *world

	BeforeAll(func(ctx SpecContext) {
		w = newWorld(ctx)
		w.startOnPostgreSQL(ctx)
	}, NodeTimeout(4*time.Minute))

	It("rolls a configuration change without one failed request", func(ctx SpecContext) {
		requests := startLoad(ctx, w.options(ctx, "alice"), 4)
		Expect(pause(ctx, 2*time.Second)).To(Succeed())
		Expect(cluster.Get(ctx, client.ObjectKeyFromObject(w.server), w.server)).To(Succeed())
		before := w.server.DeepCopy()
		w.server.Spec.Display.ServiceName = "Renamed"
		Expect(cluster.Patch(ctx, w.server, client.MergeFrom(before))).To(Succeed())
		w.awaitReady(ctx, w.server, readyIn)
		Expect(pause(ctx, 8*time.Second)).To(Succeed()) // the old pods drain
		requests.finish()
	}, SpecTimeout(4*time.Minute))

	It("heals whenever the operator is killed", func(ctx SpecContext) {
		for round := range 5 {
			Expect(cluster.Get(ctx, client.ObjectKeyFromObject(w.server), w.server)).To(Succeed())
			before := w.server.DeepCopy()
			w.server.Spec.Display.ServiceName = fmt.Sprintf("Round %d", round)
			Expect(cluster.Patch(ctx, w.server, client.MergeFrom(before))).To(Succeed())
			name := fmt.Sprintf("round-%d", round)
			w.user(ctx, name)
			Expect(pause(ctx, time.Duration(round*40)*time.Millisecond)).To(Succeed())
			_, err := kubectl(ctx, "-n", "authserver-system", "delete", "pods", "-l", "app.kubernetes.io/name=authserver-operator", "--force", "--grace-period=0")
			Expect(err).NotTo(HaveOccurred())
			w.awaitReady(ctx, &authv1alpha1.OAuthUser{ObjectMeta: metav1.ObjectMeta{Name: name}}, readyIn)
		}
		w.awaitReady(ctx, w.server, readyIn)
		_, err := login.Run(ctx, w.options(ctx, "round-4"))
		Expect(err).NotTo(HaveOccurred())
	}, SpecTimeout(5*time.Minute))

	It("keeps secrets out of objects, events and logs", func(ctx SpecContext) {
		expectNoSecrets(ctx, w.namespace)
	}, SpecTimeout(time.Minute))
})
