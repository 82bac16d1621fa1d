package cel_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// TestEveryRuleIsTested compares the rules in the schema with those that have an
// accept and a reject case.
func TestEveryRuleIsTested(t *testing.T) {
	t.Parallel()
	var want []string
	for _, crd := range readCRDs(t) {
		for _, version := range crd.Spec.Versions {
			want = append(want, declaredRules(crd.Spec.Names.Kind, "", version.Schema.OpenAPIV3Schema)...)
		}
	}
	if len(want) == 0 {
		t.Fatal("the CRDs have no rules; the test looks in the wrong place")
	}
	var got []string
	for _, r := range rules() {
		if r.accept.object == nil || r.reject.object == nil {
			t.Errorf("%s lacks an accept or a reject case", r.key())
		}
		got = append(got, r.key())
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules in the schema (-) and rules with cases (+) differ:\n%s", diff)
	}
}

// TestEveryRuleSpeaksToAPerson fails on a rule without a message of its own.
func TestEveryRuleSpeaksToAPerson(t *testing.T) {
	t.Parallel()
	for _, crd := range readCRDs(t) {
		for _, version := range crd.Spec.Versions {
			walk("", version.Schema.OpenAPIV3Schema, func(path string, schema *apiextensionsv1.JSONSchemaProps) {
				for _, validation := range schema.XValidations {
					if len(validation.Message) < 20 {
						t.Errorf("%s %s: rule %q has no message worth reading: %q",
							crd.Spec.Names.Kind, path, validation.Rule, validation.Message)
					}
				}
			})
		}
	}
}

// TestKustomizationListsEveryCRD fails on a CRD that would not be installed.
func TestKustomizationListsEveryCRD(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(crdDirectory, "..", "kustomization.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var kustomization struct {
		Resources []string `json:"resources"`
	}
	if err := yaml.Unmarshal(content, &kustomization); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, crd := range readCRDs(t) {
		want = append(want, "bases/"+crd.Spec.Group+"_"+crd.Spec.Names.Plural+".yaml")
	}
	if diff := cmp.Diff(want, kustomization.Resources); diff != "" {
		t.Errorf("CRDs (-) and config/crd/kustomization.yaml (+) differ:\n%s", diff)
	}
}

func (r rule) key() string { return r.kind + " " + r.path + ": " + r.message }

func declaredRules(kind, path string, schema *apiextensionsv1.JSONSchemaProps) []string {
	var found []string
	walk(path, schema, func(path string, schema *apiextensionsv1.JSONSchemaProps) {
		for _, validation := range schema.XValidations {
			found = append(found, rule{kind: kind, path: path, message: validation.Message}.key())
		}
	})
	return found
}

// walk visits a schema and everything below it: fields as .name, list items as
// [] and map values as {}.
func walk(path string, schema *apiextensionsv1.JSONSchemaProps, visit func(string, *apiextensionsv1.JSONSchemaProps)) {
	visit(path, schema)
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		property := schema.Properties[name]
		walk(path+"."+name, &property, visit)
	}
	if schema.Items != nil && schema.Items.Schema != nil {
		walk(path+"[]", schema.Items.Schema, visit)
	}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil {
		walk(path+"{}", schema.AdditionalProperties.Schema, visit)
	}
}

func readCRDs(t *testing.T) []apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(crdDirectory, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	crds := make([]apiextensionsv1.CustomResourceDefinition, 0, len(files))
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.UnmarshalStrict(content, &crd); err != nil {
			t.Fatalf("parsing %s: %v", file, err)
		}
		crds = append(crds, crd)
	}
	return crds
}
