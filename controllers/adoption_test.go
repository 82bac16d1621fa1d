package controllers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/test/openapi"
)

// clientStore is one client at Authlete as the JSON document that it is there, behind the calls of the API 3.0. It replaces
// the whole document at an update, and counts writes.
type clientStore struct {
	rest http.Handler

	mu     sync.Mutex
	client map[string]any
	writes []string
}

// ServeHTTP answers calls about clients, and leaves all others to the engine.
func (s *clientStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call, isClient := strings.CutPrefix(r.URL.Path, "/api/42/client/")
	if !isClient {
		s.rest.ServeHTTP(w, r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method != http.MethodGet {
		s.writes = append(s.writes, r.Method+" "+call)
	}
	_, identifier, _ := strings.Cut(call, "/")
	w.Header().Set("Content-Type", "application/json")
	switch {
	case s.client == nil || (identifier != "4711" && identifier != s.client["clientIdAlias"]):
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"resultCode":"A001","resultMessage":"no such client"}`)
	case r.Method == http.MethodDelete:
		s.client = nil
		w.WriteHeader(http.StatusNoContent)
	default:
		if r.Method == http.MethodPost && strings.HasPrefix(call, "update/") {
			s.client = nil
			_ = json.NewDecoder(r.Body).Decode(&s.client)
		}
		_ = json.NewEncoder(w).Encode(s.client)
	}
}

// now returns the client as it is and how often anything was written.
func (s *clientStore) now() (map[string]any, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.client), len(s.writes)
}

// set replaces the client.
func (s *clientStore) set(to map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.client = to
}

// normalized is a value as JSON decodes it.
func normalized(value map[string]any) map[string]any {
	GinkgoHelper()
	text, err := json.Marshal(value)
	Expect(err).NotTo(HaveOccurred())
	var result map[string]any
	Expect(json.Unmarshal(text, &result)).To(Succeed())
	return result
}

var _ = Describe("A client at Authlete that is adopted", func() {
	for _, document := range []string{openapi.V2, openapi.V3} {
		Describe("with every member of "+document, func() { adoptionSpecs(document) })
	}
})

// adoptionSpecs are about a client that has every member of the document, each with a value that no default is.
func adoptionSpecs(document string) {
	var (
		namespace string
		store     *clientStore
		existing  map[string]any
		c         *authv1alpha1.OAuthClient
	)

	BeforeEach(func(ctx SpecContext) {
		var err error
		existing, err = openapi.Load(GinkgoTB(), document).Filled("client")
		Expect(err).NotTo(HaveOccurred())
		existing["clientId"], existing["clientIdAlias"], existing["clientType"] = 4711, "conf", "PUBLIC"
		existing["attributes"] = []any{map[string]any{"key": "first_party", "value": "true"}, map[string]any{"key": "team", "value": "blue"}}
		existing = normalized(existing)
		Expect(len(existing)).To(BeNumerically(">", 60), "the test looks in the wrong place")

		namespace = newNamespace(ctx)
		store = &clientStore{client: maps.Clone(existing)}
		stand := newStandIn(ctx, newEngine(), func(rest http.Handler) http.Handler {
			store.rest = rest
			return store
		})
		startRemoteOperator(namespace)
		server, _ := world(namespace)
		server.Spec.Backend = authv1alpha1.Backend{Type: authv1alpha1.BackendAuthlete, Authlete: &authv1alpha1.AuthleteBackend{
			CredentialsSecretRef: authv1alpha1.SecretReference{Name: "authlete"},
		}}
		create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "authlete", Namespace: namespace}, Data: stand.ini(firstToken)}, server)
		c = &authv1alpha1.OAuthClient{
			ObjectMeta: metav1.ObjectMeta{Name: "my-app", Namespace: namespace},
			Spec: authv1alpha1.OAuthClientSpec{
				ServerRef: authv1alpha1.ServerReference{Name: "login"}, Adopt: &authv1alpha1.ClientAdoption{Client: "4711"},
			},
		}
	})

	gone := func(ctx context.Context) {
		GinkgoHelper()
		Expect(cluster.Delete(ctx, c)).To(Succeed())
		Eventually(func() error { return cluster.Get(ctx, client.ObjectKeyFromObject(c), c) }).WithTimeout(patience).ShouldNot(Succeed())
	}

	It("is observed first, without any write, and stays when the object goes", func(ctx SpecContext) {
		create(ctx, c)
		awaitCondition(ctx, c, authv1alpha1.ConditionReady, metav1.ConditionTrue, "")
		Expect(c.Status.ClientID).To(Equal("conf"), "applications use it")
		Expect(c.Status.BackendClientID).To(Equal("4711"))
		gone(ctx)
		is, writes := store.now()
		Expect(is).To(Equal(existing))
		Expect(writes).To(BeZero())
	}, SpecTimeout(specLimit))

	It("keeps every member that is not named when it is taken over, and when the object goes", func(ctx SpecContext) {
		c.Spec.Management = authv1alpha1.ClientEnforce
		create(ctx, c)
		awaitCondition(ctx, c, authv1alpha1.ConditionReady, metav1.ConditionTrue, "")
		is, writes := store.now()
		Expect(writes).To(Equal(1))
		Expect(is["attributes"]).To(ContainElement(HaveKeyWithValue("key", authlete.AttributeOwner)))
		is["attributes"] = existing["attributes"]
		Expect(is).To(Equal(existing))
		gone(ctx)
		is, _ = store.now()
		Expect(is).To(Equal(existing))
	}, SpecTimeout(specLimit))

	It("shows what would change, changes that alone when told to, and is not made anew when it is lost", func(ctx SpecContext) {
		c.Spec.ClientID, c.Spec.ClientName, c.Spec.DefaultMaxAgeSeconds = "shop", "The shop", new(int32(60))
		create(ctx, c)
		awaitCondition(ctx, c, authv1alpha1.ConditionRegistered, metav1.ConditionFalse, authv1alpha1.ReasonClientDiffers)
		Expect(c.Status.Differences).To(Equal([]authv1alpha1.SettingDifference{
			{Field: "clientIdAlias", Declared: `"shop"`, Actual: `"conf"`},
			{Field: "clientName", Declared: `"The shop"`, Actual: `"example"`},
			{Field: "defaultMaxAge", Declared: "60", Actual: "7"},
		}))
		Expect(c.Status.ClientID).To(Equal("conf"), "applications use it still")
		is, writes := store.now()
		Expect(is).To(Equal(existing))
		Expect(writes).To(BeZero())

		modify(ctx, c, func(c *authv1alpha1.OAuthClient) { c.Spec.Management = authv1alpha1.ClientEnforce })
		awaitCondition(ctx, c, authv1alpha1.ConditionReady, metav1.ConditionTrue, "")
		Expect(c.Status.Differences).To(BeEmpty())
		Expect(c.Status.ClientID).To(Equal("shop"))
		is, _ = store.now()
		var changed []string
		for name := range is {
			if !jsonEqual(is[name], existing[name]) {
				changed = append(changed, name)
			}
		}
		slices.Sort(changed)
		Expect(changed).To(Equal([]string{"attributes", "clientIdAlias", "clientName", "defaultMaxAge"}))

		_, writes = store.now()
		store.set(nil)
		annotate(ctx, c, "touched", "yes")
		awaitCondition(ctx, c, authv1alpha1.ConditionRegistered, metav1.ConditionFalse, authv1alpha1.ReasonAdoptedClientLost)
		_, after := store.now()
		Expect(after).To(Equal(writes), "nothing is made in its place")
		gone(ctx)
	}, SpecTimeout(specLimit))
}

func jsonEqual(a, b any) bool {
	left, _ := json.Marshal(a)
	right, _ := json.Marshal(b)
	return bytes.Equal(left, right)
}
