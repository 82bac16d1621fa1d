package controllers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/test/secretscan"
)

var _ = Describe("Secrets", func() {
	It("are in no object, event or log line, whatever goes wrong with them", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		o := startOperator(namespace, newEngine(), 0)
		playKubelet(ctx, namespace)
		server, objects := world(namespace)
		server.Spec.Introspection.Callers = []authv1alpha1.IntrospectionCaller{
			{Name: "api", SecretRef: authv1alpha1.SecretKeyReference{Name: "caller"}},
		}
		create(ctx, objects...)
		create(ctx, secretsToKeep(namespace)...)
		awaitReady(ctx, objects...)
		refused := usersOfSecrets(namespace)
		create(ctx, refused...)
		awaitCondition(ctx, refused[0].(conditioned), authv1alpha1.ConditionPasswordReady, metav1.ConditionFalse, authv1alpha1.ReasonHashUnsupported)
		awaitCondition(ctx, refused[1].(conditioned), authv1alpha1.ConditionCredentialsReady, metav1.ConditionFalse, authv1alpha1.ReasonSecretInvalid)
		awaitCondition(ctx, refused[2].(conditioned), authv1alpha1.ConditionAvailable, metav1.ConditionTrue, "")
		awaitCondition(ctx, refused[3].(conditioned), authv1alpha1.ConditionReady, metav1.ConditionTrue, "")

		scanner := &secretscan.Scanner{}
		known := addSecrets(ctx, scanner, namespace)
		annotate(ctx, server, authv1alpha1.AnnotationRotateSessionKeys, "1")
		annotate(ctx, server, authv1alpha1.AnnotationRotateEngineCredentials, "1")
		annotate(ctx, objects[3], authv1alpha1.AnnotationRotateClientSecret, "1")
		Expect(cluster.Delete(ctx, objects[2])).To(Succeed())
		o.down.Store(true)
		Eventually(func() int { return addSecrets(ctx, scanner, namespace) }).WithTimeout(patience).Should(BeNumerically(">", known))
		awaitCondition(ctx, objects[3].(conditioned), authv1alpha1.ConditionRegistered, metav1.ConditionFalse, authv1alpha1.ReasonServerNotReady)
		o.kill()
		addSecrets(ctx, scanner, namespace)

		written := everythingIn(ctx, namespace)
		Expect(len(written)).To(BeNumerically(">", 40))
		Expect(slices.ContainsFunc(mapKeys(written), func(name string) bool { return strings.HasPrefix(name, "Event ") })).To(BeTrue(), "no event was written")
		written["the log"] = logs.String()
		Expect(written["the log"]).To(ContainSubstring(namespace), "nothing was logged")
		for place, text := range written {
			Expect(scanner.Search(text)).To(BeEmpty(), "in %s", place)
		}
	}, SpecTimeout(specLimit))
})

// secretsToKeep are Secrets of the user's own, good ones and broken ones.
func secretsToKeep(namespace string) []client.Object {
	secret := func(name string, data map[string]string) client.Object {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}, StringData: data}
	}
	return []client.Object{
		secret("caller", map[string]string{"secret": "the-secret-of-an-introspection-caller"}),
		secret("not-a-hash", map[string]string{"password": "plain-text-where-a-hash-belongs"}),
		secret("broken-tls", map[string]string{"tls.crt": "not-a-certificate-at-all", "tls.key": "-----BEGIN PRIVATE KEY----- not-a-key"}),
		secret("database", map[string]string{authv1alpha1.DefaultConnectionKey: "postgres://login:password-of-the-database@db/login"}),
		secret("own-client-secret", map[string]string{authv1alpha1.DefaultClientSecretKey: "a-client-secret-that-the-user-chose"}),
	}
}

// usersOfSecrets are resources that refer to those Secrets.
func usersOfSecrets(namespace string) []client.Object {
	at := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name, Namespace: namespace} }
	login := authv1alpha1.ServerReference{Name: "login"}
	unencrypted, _ := world(namespace)
	unencrypted.Name, unencrypted.Spec.Issuer = "broken-tls", "https://broken.example.com"
	unencrypted.Spec.TLS = &authv1alpha1.TLS{CertificateSecretRef: authv1alpha1.SecretReference{Name: "broken-tls"}}
	database, _ := world(namespace)
	database.Name, database.Spec.Issuer = "database", "https://database.example.com"
	database.Spec.Backend.Embedded.Storage = authv1alpha1.Storage{Type: authv1alpha1.StoragePostgreSQL, PostgreSQL: &authv1alpha1.PostgreSQLStorage{
		ConnectionSecretRef: authv1alpha1.SecretKeyReference{Name: "database"},
	}}
	return []client.Object{
		&authv1alpha1.OAuthUser{ObjectMeta: at("bob"), Spec: authv1alpha1.OAuthUserSpec{ServerRef: login, Username: "bob", Password: &authv1alpha1.Password{
			SecretRef: authv1alpha1.SecretKeyReference{Name: "not-a-hash"}, Format: authv1alpha1.PasswordHash,
		}}},
		unencrypted,
		database,
		&authv1alpha1.OAuthClient{ObjectMeta: at("own"), Spec: authv1alpha1.OAuthClientSpec{
			ServerRef: login, RedirectURIs: []authv1alpha1.RedirectURI{"https://own.example.com/callback"},
			Secret: authv1alpha1.ClientSecret{SecretRef: &authv1alpha1.SecretKeyReference{Name: "own-client-secret"}},
		}},
	}
}

// addSecrets adds the values of the namespace's Secrets to those that are searched for, and returns how many of them
// there are by now.
func addSecrets(ctx context.Context, scanner *secretscan.Scanner, namespace string) int {
	GinkgoHelper()
	var secrets corev1.SecretList
	Expect(cluster.List(ctx, &secrets, client.InNamespace(namespace))).To(Succeed())
	for i := range secrets.Items {
		secret := &secrets.Items[i]
		for key, value := range secret.Data {
			// Everybody may know the names and addresses that an application needs, and certificates.
			public := key == authv1alpha1.OutputClientID || key == authv1alpha1.OutputIssuer || strings.HasSuffix(key, "_url") || strings.HasSuffix(key, ".crt")
			if public && !strings.HasPrefix(string(value), "not-a-") {
				continue
			}
			scanner.Add(fmt.Sprintf("%s of Secret %s", key, secret.Name), value)
			addMembers(scanner, fmt.Sprintf("%s of Secret %s", key, secret.Name), value)
		}
	}
	return scanner.Len()
}

// addMembers adds the keys of a key ring one by one.
func addMembers(scanner *secretscan.Scanner, name string, value []byte) {
	var ring struct {
		Keys []struct {
			Key []byte `json:"key"`
		} `json:"keys"`
	}
	if json.Unmarshal(value, &ring) != nil {
		return
	}
	for i, key := range ring.Keys {
		scanner.Add(fmt.Sprintf("key %d of %s", i, name), key.Key)
	}
}

// everythingIn returns every object of the namespace, of every kind that the API server has, as text. The data of
// Secrets is left out: it is where secrets belong.
func everythingIn(ctx context.Context, namespace string) map[string]string {
	GinkgoHelper()
	finder, err := discovery.NewDiscoveryClientForConfig(restConfig)
	Expect(err).NotTo(HaveOccurred())
	lists, err := finder.ServerPreferredNamespacedResources()
	Expect(err).NotTo(HaveOccurred())
	all := map[string]string{}
	for _, resources := range lists {
		version, err := schema.ParseGroupVersion(resources.GroupVersion)
		Expect(err).NotTo(HaveOccurred())
		for _, resource := range resources.APIResources {
			if !slices.Contains(resource.Verbs, "list") {
				continue
			}
			list := &unstructured.UnstructuredList{}
			list.SetGroupVersionKind(version.WithKind(resource.Kind + "List"))
			Expect(cluster.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
			for _, item := range list.Items {
				name := resource.Kind + " " + item.GetName()
				if resource.Kind == "Secret" {
					unstructured.RemoveNestedField(item.Object, "data")
				}
				text, err := json.Marshal(item.Object)
				Expect(err).NotTo(HaveOccurred())
				all[name] = string(text)
			}
		}
	}
	return all
}

func mapKeys(texts map[string]string) []string {
	var names []string
	for name := range texts {
		names = append(names, name)
	}
	return names
}
