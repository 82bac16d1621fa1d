package e2e_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/test/login"
)

// outage is how long the stand-in stays away.
const outage = time.Minute

var _ = Describe("Authlete as the backend", Ordered, func() {
	w := &world{}
	var engine *standIn

	BeforeAll(func(ctx SpecContext) {
		*w = *newWorld(ctx)
		engine = startStandIn(ctx, w.namespace)
		w.create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "authlete-credentials"}, StringData: map[string]string{"authlete.ini": engine.version2}})
		w.start(ctx, func(server *authv1alpha1.AuthorizationServer) {
			seconds := int32(1800)
			server.Spec.Replicas = new(int32(2))
			server.Spec.Tokens.AccessTokenSeconds = &seconds
			server.Spec.Backend = authv1alpha1.Backend{Type: authv1alpha1.BackendAuthlete, Authlete: &authv1alpha1.AuthleteBackend{
				CredentialsSecretRef: authv1alpha1.SecretReference{Name: "authlete-credentials"}, Management: authv1alpha1.ManagementEnforce,
			}}
		})
	}, NodeTimeout(4*time.Minute))

	people(w)

	It("takes over changed credentials without one failed request, from one dialect to the other", func(ctx SpecContext) {
		before := w.pods(ctx, "login")
		requests := startLoad(ctx, w.options(ctx, "alice"), 4)
		Expect(pause(ctx, 2*time.Second)).To(Succeed())
		w.replaceSecret(ctx, "authlete-credentials", "authlete.ini", engine.version3)
		Expect(pause(ctx, 5*time.Second)).To(Succeed())
		// With the old credentials gone, requests succeed only with the new ones.
		w.replaceSecret(ctx, "stand-in", "version2.ini", engine.version3)
		_, err := kubectl(ctx, "-n", w.namespace, "annotate", "pods", "-l", "app="+standInName, "refresh=now")
		Expect(err).NotTo(HaveOccurred())
		Expect(pause(ctx, 5*time.Second)).To(Succeed())
		requests.finish()
		Expect(w.pods(ctx, "login")).To(Equal(before))
	}, SpecTimeout(2*time.Minute))

	It("goes through an outage: documents are served, token requests are refused cleanly, no pod restarts", func(ctx SpecContext) {
		opts := w.options(ctx, "alice")
		before := w.pods(ctx, "login")
		engine.scale(ctx, 0)
		for end := time.Now().Add(outage); time.Now().Before(end); {
			for _, document := range []string{"/.well-known/openid-configuration", "/api/jwks"} {
				Expect(get(ctx, opts, document)).To(Equal(http.StatusOK), document)
			}
			expectUnavailable(ctx, opts)
			Expect(pause(ctx, time.Second)).To(Succeed())
		}
		condition := w.condition(ctx, authv1alpha1.ConditionBackendReachable)
		Expect(condition.Status).To(Equal(metav1.ConditionFalse))
		Expect(w.condition(ctx, authv1alpha1.ConditionConfigurationValid).Status).To(Equal(metav1.ConditionTrue))
		Expect(w.condition(ctx, authv1alpha1.ConditionCredentialsReady).Status).To(Equal(metav1.ConditionTrue))
		Expect(w.server.Status.Backend.LastReachableTime.Time).To(BeTemporally("<=", condition.LastTransitionTime.Time))
		engine.scale(ctx, 1)
		Eventually(func() error { _, err := login.Run(ctx, opts); return err }).
			WithTimeout(30 * time.Second).WithPolling(time.Second).Should(Succeed())
		w.awaitReady(ctx, w.server, readyIn)
		Expect(w.pods(ctx, "login")).To(Equal(before))
	}, SpecTimeout(5*time.Minute))

	It("reports settings that somebody changed, and repairs them when told to", func(ctx SpecContext) {
		w.setManagement(ctx, authv1alpha1.ManagementObserve)
		behind := engine.client(ctx)
		tamper(ctx, behind)
		Eventually(func(g Gomega) {
			g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(w.server), w.server)).To(Succeed())
			var fields []string
			for _, difference := range w.server.Status.Backend.Differences {
				fields = append(fields, difference.Field)
			}
			g.Expect(fields).To(Equal([]string{"accessTokenDuration"}))
		}).WithTimeout(readyIn).WithPolling(time.Second).Should(Succeed())
		Expect(settings(ctx, behind).AccessTokenDuration).To(BeEquivalentTo(60))

		repairs := w.server.Status.Backend.Repairs
		w.setManagement(ctx, authv1alpha1.ManagementEnforce)
		Eventually(func() int64 { return settings(ctx, behind).AccessTokenDuration }).
			WithTimeout(readyIn).WithPolling(time.Second).Should(BeEquivalentTo(1800))
		service := settings(ctx, behind)
		Expect(service.RefreshTokenDuration).To(BeEquivalentTo(7777), "it is not declared")
		Expect(service.Other).To(HaveKeyWithValue("developerAuthenticationCallbackApiKey", json.RawMessage(`"kept"`)), "it is not declared")
		Eventually(func(g Gomega) {
			g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(w.server), w.server)).To(Succeed())
			g.Expect(w.server.Status.Backend.Repairs).To(Equal(repairs + 1))
			g.Expect(w.server.Status.Backend.Differences).To(BeEmpty())
		}).WithTimeout(readyIn).WithPolling(time.Second).Should(Succeed())
	}, SpecTimeout(6*time.Minute))

	ending(w, apiSecret, ownerSecret, accessToken)
})

// tamper changes settings as somebody at a console would: one that is declared, one that is not, one that nobody here knows.
func tamper(ctx context.Context, behind authlete.ServiceManagementAPI) {
	GinkgoHelper()
	service := settings(ctx, behind)
	service.AccessTokenDuration, service.RefreshTokenDuration = 60, 7777
	service.Other = authlete.Other{"developerAuthenticationCallbackApiKey": json.RawMessage(`"kept"`)}
	_, err := behind.ServiceUpdate(ctx, service)
	Expect(err).NotTo(HaveOccurred())
}

func settings(ctx context.Context, behind authlete.ServiceManagementAPI) *authlete.Service {
	GinkgoHelper()
	service, err := behind.ServiceGet(ctx)
	Expect(err).NotTo(HaveOccurred())
	return service
}

// setManagement says what is to happen to settings that differ.
func (w *world) setManagement(ctx context.Context, management authv1alpha1.AuthleteManagement) {
	GinkgoHelper()
	Expect(cluster.Get(ctx, client.ObjectKeyFromObject(w.server), w.server)).To(Succeed())
	before := w.server.DeepCopy()
	w.server.Spec.Backend.Authlete.Management = management
	Expect(cluster.Patch(ctx, w.server, client.MergeFrom(before))).To(Succeed())
}

// pods returns a server's pods with the starts of their containers.
func (w *world) pods(ctx context.Context, server string) []string {
	GinkgoHelper()
	var pods corev1.PodList
	labels := client.MatchingLabels{"app.kubernetes.io/name": "authserver", "app.kubernetes.io/instance": server}
	Expect(cluster.List(ctx, &pods, client.InNamespace(w.namespace), labels)).To(Succeed())
	Expect(pods.Items).NotTo(BeEmpty())
	var all []string
	for i := range pods.Items {
		status := pods.Items[i].Status.ContainerStatuses[0]
		all = append(all, pods.Items[i].Name+" "+status.ContainerID)
	}
	slices.Sort(all)
	return all
}

// replaceSecret changes one value of a Secret.
func (w *world) replaceSecret(ctx context.Context, name, key, value string) {
	GinkgoHelper()
	secret := &corev1.Secret{}
	Expect(cluster.Get(ctx, client.ObjectKey{Namespace: w.namespace, Name: name}, secret)).To(Succeed())
	secret.Data[key] = []byte(value)
	Expect(cluster.Update(ctx, secret)).To(Succeed())
}

// condition reads the server and returns one of its conditions.
func (w *world) condition(ctx context.Context, kind string) metav1.Condition {
	GinkgoHelper()
	Expect(cluster.Get(ctx, client.ObjectKeyFromObject(w.server), w.server)).To(Succeed())
	at := slices.IndexFunc(w.server.Status.Conditions, func(c metav1.Condition) bool { return c.Type == kind })
	Expect(at).To(BeNumerically(">=", 0), kind)
	return w.server.Status.Conditions[at]
}

// get reads a document of the server and returns the status.
func get(ctx context.Context, opts login.Options, path string) int {
	GinkgoHelper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, opts.Issuer+path, http.NoBody)
	Expect(err).NotTo(HaveOccurred())
	response, err := (&http.Client{Transport: opts.Transport, Timeout: 5 * time.Second}).Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	return response.StatusCode
}

// expectUnavailable asks for a token that nobody can issue now.
func expectUnavailable(ctx context.Context, opts login.Options) {
	GinkgoHelper()
	form := strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, opts.Issuer+"/api/token", form)
	Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(opts.ClientID, opts.ClientSecret)
	response, err := (&http.Client{Transport: opts.Transport, Timeout: 15 * time.Second}).Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<16))
	Expect(err).NotTo(HaveOccurred())
	Expect(response.StatusCode).To(Equal(http.StatusServiceUnavailable), "%s", body)
	Expect(response.Header.Get("Retry-After")).To(MatchRegexp(`^[1-9][0-9]*$`))
	var refused struct {
		Error string `json:"error"`
	}
	Expect(json.Unmarshal(body, &refused)).To(Succeed())
	Expect(refused.Error).To(Equal("temporarily_unavailable"))
}
