package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/operator-framework/api/pkg/operators/v1alpha1"
	"github.com/operator-framework/api/pkg/validation"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	apivalidation "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/runtime"
)

// ownedByKind returns what the bundle says of its CRDs, and their schemas.
func ownedByKind(t *testing.T) (map[string]v1alpha1.CRDDescription, map[string]*apiextensionsv1.JSONSchemaProps) {
	t.Helper()
	bundle := loadBundle(t)
	owned := map[string]v1alpha1.CRDDescription{}
	for _, description := range bundle.CSV.Spec.CustomResourceDefinitions.Owned {
		owned[description.Kind] = description
	}
	schemas := map[string]*apiextensionsv1.JSONSchemaProps{}
	for _, crd := range bundle.V1CRDs {
		schemas[crd.Spec.Names.Kind] = crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	}
	if len(owned) != 3 || len(schemas) != 3 {
		t.Fatalf("%d CRDs are owned and %d in the bundle, want 3", len(owned), len(schemas))
	}
	return owned, schemas
}

// TestScorecard has the checks of the scorecard of the Operator SDK under their names there, as far as they look at the
// bundle. Where theirs look at the fields of an example, these look at all that the schema has.
func TestScorecard(t *testing.T) {
	t.Parallel()
	owned, schemas := ownedByKind(t)
	t.Run("basic-check-spec", func(t *testing.T) {
		t.Parallel()
		kinds := map[string]bool{}
		for _, example := range examples(t) {
			kind, _ := example["kind"].(string)
			kinds[kind] = true
			if spec, ok := example["spec"].(map[string]any); !ok || len(spec) == 0 {
				t.Errorf("the example of %s has no spec", kind)
			}
		}
		for kind := range owned {
			if !kinds[kind] {
				t.Errorf("no example of %s", kind)
			}
		}
	})
	t.Run("olm-bundle-validation", func(t *testing.T) {
		t.Parallel()
		for _, result := range validation.DefaultBundleValidators.Validate(loadBundle(t).ObjectsToValidate()...) {
			for _, err := range result.Errors {
				t.Errorf("%s: %v", result.Name, err)
			}
		}
	})
	t.Run("olm-crds-have-validation", func(t *testing.T) {
		t.Parallel()
		for _, example := range examples(t) {
			checkExample(t, schemas, example)
		}
	})
	t.Run("olm-crds-have-resources", func(t *testing.T) {
		t.Parallel()
		for kind, description := range owned {
			if len(description.Resources) == 0 {
				t.Errorf("%s lists no resources", kind)
			}
		}
	})
	t.Run("olm-spec-descriptors", func(t *testing.T) {
		t.Parallel()
		for kind, description := range owned {
			described := map[string]string{}
			for _, d := range description.SpecDescriptors {
				described[d.Path] = d.Description
			}
			checkDescribed(t, kind+".spec", schemas[kind].Properties["spec"], described)
		}
	})
	t.Run("olm-status-descriptors", func(t *testing.T) {
		t.Parallel()
		for kind, description := range owned {
			described := map[string]string{}
			for _, d := range description.StatusDescriptors {
				described[d.Path] = d.Description
			}
			checkDescribed(t, kind+".status", schemas[kind].Properties["status"], described)
		}
	})
}

// checkDescribed wants a descriptor with a text for each field, and for the fields of fields that are objects.
func checkDescribed(t *testing.T, name string, part apiextensionsv1.JSONSchemaProps, described map[string]string) {
	t.Helper()
	if len(part.Properties) == 0 {
		t.Errorf("%s has no fields", name)
	}
	for field, below := range part.Properties {
		if described[field] == "" {
			t.Errorf("%s.%s has no descriptor with a description", name, field)
		}
		for inner := range below.Properties {
			if _, ok := described[field+"."+inner]; !ok && widgetOfType(field, field) == nil {
				t.Errorf("%s.%s.%s has no descriptor", name, field, inner)
			}
		}
	}
}

// checkExample wants an example that the schema accepts, with no field that the schema does not have.
func checkExample(t *testing.T, schemas map[string]*apiextensionsv1.JSONSchemaProps, example map[string]any) {
	t.Helper()
	kind, _ := example["kind"].(string)
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(schemas[kind], &internal, nil); err != nil {
		t.Fatal(err)
	}
	validator, _, err := apivalidation.NewSchemaValidator(&internal)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range apivalidation.ValidateCustomResource(nil, example, validator) {
		t.Errorf("the example of %s: %v", kind, err)
	}
	structural, err := schema.NewStructural(&internal)
	if err != nil {
		t.Fatal(err)
	}
	pruned := runtime.DeepCopyJSON(example)
	pruning.Prune(pruned, structural, true)
	if diff := cmp.Diff(example, pruned); diff != "" {
		t.Errorf("the example of %s has unknown fields:\n%s", kind, diff)
	}
}
