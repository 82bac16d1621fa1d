package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/operator-framework/api/crds"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// olmSchemas returns the schemas by which the API server judges OLM's own kinds.
func olmSchemas() map[string]*apiextensionsv1.JSONSchemaProps {
	schemas := map[string]*apiextensionsv1.JSONSchemaProps{}
	for _, crd := range []*apiextensionsv1.CustomResourceDefinition{
		crds.CatalogSource(), crds.ClusterServiceVersion(), crds.OperatorGroup(), crds.Subscription(),
	} {
		for _, version := range crd.Spec.Versions {
			schemas[version.Name+"/"+crd.Spec.Names.Kind] = version.Schema.OpenAPIV3Schema
		}
	}
	return schemas
}

// TestOLMSchemas holds the ClusterServiceVersion, and the objects that docs/install.md shows, to OLM's own schemas.
func TestOLMSchemas(t *testing.T) {
	t.Parallel()
	documents, err := readDocuments(filepath.Join(root, "bundle", "manifests", packageName+".clusterserviceversion.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile(filepath.Join(root, "docs", "install.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(guide, -1) {
		documents = append(documents, splitDocuments(block[1])...)
	}
	schemas := olmSchemas()
	var seen []string
	for _, document := range documents {
		var object map[string]any
		if err := yaml.Unmarshal(document, &object); err != nil {
			t.Fatal(err)
		}
		version, _ := object["apiVersion"].(string)
		kind, _ := object["kind"].(string)
		key := filepath.Base(version) + "/" + kind
		if filepath.Dir(version) != "operators.coreos.com" {
			continue
		}
		seen = append(seen, kind)
		if schemas[key] == nil {
			t.Errorf("OLM has no %s", key)
			continue
		}
		checkExample(t, map[string]*apiextensionsv1.JSONSchemaProps{kind: schemas[key]}, object)
	}
	slices.Sort(seen)
	if want := []string{"CatalogSource", "ClusterServiceVersion", "OperatorGroup", "Subscription"}; !slices.Equal(seen, want) {
		t.Errorf("objects of OLM: %v, want %v", seen, want)
	}
}

// splitDocuments splits a block of YAML at its separators.
func splitDocuments(block []byte) [][]byte {
	var list [][]byte
	for _, part := range regexp.MustCompile(`(?m)^---$`).Split(string(block), -1) {
		list = append(list, []byte(part))
	}
	return list
}
