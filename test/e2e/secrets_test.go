package e2e_test

import (
	"context"
	"encoding/base64"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// minSecret leaves out values that are too short to be searched for, such as ports.
const minSecret = 12

// expectNoSecrets searches everything that was written in the namespace, and the logs of the operator and the servers, for
// the values of the namespace's Secrets, and for more: parts of such values. What a Secret's data is for is left out; its
// metadata is not.
func expectNoSecrets(ctx context.Context, namespace string, more ...string) {
	GinkgoHelper()
	var secrets corev1.SecretList
	Expect(cluster.List(ctx, &secrets, client.InNamespace(namespace))).To(Succeed())
	written := map[string]string{}
	for name, args := range map[string][]string{
		"objects": {
			"-n", namespace, "get", "-o", "yaml", "--show-managed-fields",
			"authorizationservers,oauthusers,oauthclients,configmaps,deployments,replicasets,pods,services,endpointslices,serviceaccounts,pdb,pvc,events",
		},
		"server logs":   {"-n", namespace, "logs", "-l", "app.kubernetes.io/name=authserver", "--tail=-1", "--prefix"},
		"operator logs": {"-n", "authserver-system", "logs", "deploy/authserver-operator", "--tail=-1"},
	} {
		out, err := kubectl(ctx, args...)
		Expect(err).NotTo(HaveOccurred(), "%s", out)
		Expect(len(out)).To(BeNumerically(">", 100), "there is nothing to search in %s", name)
		written[name] = out
	}
	searched := len(more)
	for _, value := range more {
		for place, text := range written {
			Expect(strings.Contains(text, value)).To(BeFalse(), "%s is in the %s", value, place)
		}
	}
	for i := range secrets.Items {
		secret := &secrets.Items[i]
		for key, value := range secret.Data {
			if len(value) < minSecret || public(key) {
				continue
			}
			searched++
			for place, text := range written {
				for _, form := range []string{string(value), base64.StdEncoding.EncodeToString(value)} {
					Expect(strings.Contains(text, form)).To(BeFalse(), "%s of Secret %s is in the %s", key, secret.Name, place)
				}
			}
			for annotation, text := range secret.Annotations {
				Expect(strings.Contains(text, string(value))).To(BeFalse(), "%s of Secret %s is in its annotation %s", key, secret.Name, annotation)
			}
		}
	}
	GinkgoWriter.Printf("searched for %d secret values\n", searched)
	Expect(searched).To(BeNumerically(">", 20))
}

// public says whether the key of a Secret holds what everybody may know: identifiers, addresses, certificates, and user
// files, whose claims are shown to applications; their hashes are values of their own.
func public(key string) bool {
	return key == "client_id" || key == "issuer" || strings.HasSuffix(key, "_url") || strings.HasSuffix(key, ".crt")
}
