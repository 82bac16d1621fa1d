package cel_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

// borrowed matches the places whose schema comes from Kubernetes, and the values
// of labels and the like, which Kubernetes bounds where it gets them.
var borrowed = regexp.MustCompile(
	`^\.(apiVersion|kind|metadata)$|^\.spec\.(resources|users\.selector)\b|^\.status\.conditions\[\]` +
		`|^\.spec\.podTemplate\.(tolerations\[\]|affinity|topologySpreadConstraints\[\])` +
		`|^\.spec\.(podTemplate|service)\.\w+\{\}$`)

// TestSchemaIsBounded fails on a string, list or map that may grow without limit,
// and on a list that says nothing of how it is merged.
func TestSchemaIsBounded(t *testing.T) {
	t.Parallel()
	for _, crd := range readCRDs(t) {
		kind := crd.Spec.Names.Kind
		walk("", crd.Spec.Versions[0].Schema.OpenAPIV3Schema, func(path string, schema *apiextensionsv1.JSONSchemaProps) {
			if problem := unbounded(schema); problem != "" && !borrowed.MatchString(path) {
				t.Errorf("%s %s: %s", kind, path, problem)
			}
		})
	}
}

// TestSchemaDefaults fails on a default in the schema that is not known here:
// one that is there stays for ever.
func TestSchemaDefaults(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"OAuthUser .spec.active": `true`,
	}
	got := map[string]string{}
	for _, crd := range readCRDs(t) {
		walk("", crd.Spec.Versions[0].Schema.OpenAPIV3Schema, func(path string, schema *apiextensionsv1.JSONSchemaProps) {
			if schema.Default != nil && !borrowed.MatchString(path) {
				got[crd.Spec.Names.Kind+" "+path] = string(schema.Default.Raw)
			}
		})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

func unbounded(schema *apiextensionsv1.JSONSchemaProps) string {
	switch {
	case schema.Type == "string" && schema.MaxLength == nil && len(schema.Enum) == 0 && schema.Format == "":
		return "a string without a maximum length"
	case schema.Type == "array" && schema.MaxItems == nil:
		return "a list without a maximum length"
	case schema.Type == "array" && schema.XListType == nil:
		return "a list that does not say how it is merged"
	case schema.AdditionalProperties != nil && schema.MaxProperties == nil:
		return "a map without a maximum size"
	}
	return ""
}

var _ = Describe("Schema", func() {
	It("takes the smallest objects and fills in the one default", func(ctx SpecContext) {
		u, c := user(), application()
		for _, object := range []client.Object{server(), u, c} {
			Expect(attempt{object: object}.write(ctx)).To(Succeed())
		}
		Expect(u.Spec.Active).To(HaveValue(BeTrue()))
		Expect(c.Spec.TokenEndpointAuthMethod).To(BeEmpty(), "an adopted client keeps what is not named")
	})

	DescribeTable("refuses",
		func(ctx SpecContext, mutate func() client.Object, field string) {
			err := attempt{object: mutate()}.write(ctx)
			Expect(apierrors.IsInvalid(err)).To(BeTrue(), "got: %v", err)
			Expect(err.Error()).To(ContainSubstring(field))
		},
		Entry("a storage that does not exist", func() client.Object {
			return server(stored(authv1alpha1.Storage{Type: "Floppy"}))
		}, "storage.type"),
		Entry("negative replicas", func() client.Object { return server(replicas(-1)) }, "spec.replicas"),
		Entry("a lifetime of authorization codes beyond ten minutes", func() client.Object {
			return server(func(s *authv1alpha1.AuthorizationServer) {
				s.Spec.Tokens.AuthorizationCodeSeconds = new(int32(601))
			})
		}, "authorizationCodeSeconds"),
		Entry("the same scope twice", func() client.Object {
			return server(func(s *authv1alpha1.AuthorizationServer) {
				s.Spec.Scopes = []authv1alpha1.Scope{{Name: "a"}, {Name: "a"}}
			})
		}, "spec.scopes[1]"),
		Entry("a username of 151 characters", func() client.Object {
			return user(username(strings.Repeat("ü", 151)))
		}, "spec.username"),
		Entry("an RSA key of 1024 bits", func() client.Object {
			return application(keys("private_key_jwt", "", &authv1alpha1.JSONWebKey{
				Kty: authv1alpha1.KeyRSA, N: strings.Repeat("A", 172), E: "AQAB",
			}))
		}, "spec.jwks.keys[0].n"),
	)

	It("refuses a private key", func(ctx SpecContext) {
		err := create(ctx, `
apiVersion: authserver.dev/v1alpha1
kind: OAuthClient
metadata: {name: private, namespace: default}
spec:
  serverRef: {name: demo}
  redirectURIs: ["https://app.example.com/callback"]
  tokenEndpointAuthMethod: private_key_jwt
  jwks: {keys: [{kty: OKP, crv: Ed25519, x: AAAA, d: AAAA}]}
`)
		Expect(err).To(MatchError(ContainSubstring(`unknown field "spec.jwks.keys[0].d"`)))
	})

	It("refuses an extra claim without a value", func(ctx SpecContext) {
		err := create(ctx, `
apiVersion: authserver.dev/v1alpha1
kind: OAuthUser
metadata: {name: empty, namespace: default}
spec:
  serverRef: {name: demo}
  username: jane
  extraClaims: [{name: department}]
`)
		Expect(err).To(MatchError(ContainSubstring("spec.extraClaims[0].value: Required value")))
	})

	It("keeps extra claims as they were written", func(ctx SpecContext) {
		u := user(extraClaim("limits", `{"approval":5000,"regions":["eu",null,true]}`))
		Expect(attempt{object: u}.write(ctx)).To(Succeed())
		Expect(u.Spec.ExtraClaims[0].Value.Raw).To(MatchJSON(`{"approval":5000,"regions":["eu",null,true]}`))
	})

	It("lets every kind be listed, and its status be written apart", func(ctx SpecContext) {
		s := server()
		Expect(attempt{object: s}.write(ctx)).To(Succeed())
		s.Status.Image = "ignored"
		Expect(api.Update(ctx, s)).To(Succeed())
		Expect(s.Status.Image).To(BeEmpty(), "the status is a subresource")
		var list authv1alpha1.AuthorizationServerList
		Expect(api.List(ctx, &list, client.InNamespace(namespace))).To(Succeed())
		Expect(slices.ContainsFunc(list.Items, func(i authv1alpha1.AuthorizationServer) bool { return i.Name == s.Name })).To(BeTrue())
	})
})

// create creates the object that is written in manifest.
func create(ctx context.Context, manifest string) error {
	GinkgoHelper()
	object := &unstructured.Unstructured{}
	Expect(yaml.Unmarshal([]byte(manifest), object)).To(Succeed())
	return api.Create(ctx, object)
}
