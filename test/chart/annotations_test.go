package chart_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

// metadata is Chart.yaml.
type metadata struct {
	Name, Version, AppVersion, KubeVersion, Description, Home, Type string
	APIVersion                                                      string `json:"apiVersion"`
	Sources, Keywords                                               []string
	Maintainers                                                     []struct{ Name, Email, URL string }
	Annotations                                                     map[string]string
}

// What Artifact Hub reads: https://artifacthub.io/docs/topics/annotations/helm/.
type (
	hubLink struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	}
	hubImage struct {
		Name      string   `json:"name"`
		Image     string   `json:"image"`
		Platforms []string `json:"platforms"`
	}
	hubChange struct {
		Kind        string    `json:"kind"`
		Description string    `json:"description"`
		Links       []hubLink `json:"links"`
	}
	hubCRD struct {
		Kind        string `json:"kind"`
		Version     string `json:"version"`
		Name        string `json:"name"`
		DisplayName string `json:"displayName"`
		Description string `json:"description"`
	}
)

func chartMetadata(t *testing.T) metadata {
	t.Helper()
	var chart metadata
	if err := yaml.UnmarshalStrict([]byte(readFile(t, chartDir+"/Chart.yaml")), &chart); err != nil {
		t.Fatal(err)
	}
	return chart
}

// annotation decodes the YAML in an annotation and refuses unknown fields.
func annotation[T any](t *testing.T, chart metadata, name string) T {
	t.Helper()
	var value T
	text := chart.Annotations["artifacthub.io/"+name]
	if text == "" {
		t.Fatalf("no annotation %s", name)
	}
	if err := yaml.UnmarshalStrict([]byte(text), &value); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return value
}

func TestArtifactHubAnnotations(t *testing.T) {
	t.Parallel()
	chart := chartMetadata(t)
	allowed := map[string][]string{
		"category": {
			"ai-machine-learning", "database", "integration-delivery", "monitoring-logging", "networking", "security", "skip-prediction",
			"storage", "streaming-messaging",
		},
		"operatorCapabilities":    {"basic install", "seamless upgrades", "full lifecycle", "deep insights", "auto pilot"},
		"operator":                {"true"},
		"prerelease":              {"true", "false"},
		"containsSecurityUpdates": {"true", "false"},
		"license":                 {"Apache-2.0"},
	}
	structured := []string{"links", "images", "changes", "crds", "crdsExamples"}
	for name, value := range chart.Annotations {
		short, ok := strings.CutPrefix(name, "artifacthub.io/")
		if values, known := allowed[short]; !ok || (known && !slices.Contains(values, value)) || (!known && !slices.Contains(structured, short)) {
			t.Errorf("%s: %q", name, value)
		}
	}
	for _, link := range annotation[[]hubLink](t, chart, "links") {
		if parsed, err := url.Parse(link.URL); err != nil || parsed.Scheme != "https" || link.Name == "" {
			t.Errorf("link %+v", link)
		}
	}
	changes := annotation[[]hubChange](t, chart, "changes")
	for _, change := range changes {
		kinds := []string{"added", "changed", "deprecated", "removed", "fixed", "security"}
		if !slices.Contains(kinds, change.Kind) || change.Description == "" {
			t.Errorf("change %+v", change)
		}
	}
	if len(changes) == 0 {
		t.Error("no changes")
	}
	if _, err := os.Stat(chartDir + "/README.md"); err != nil {
		t.Error(err)
	}
	if version := regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`); !version.MatchString(chart.Version) || chart.Type != "application" {
		t.Errorf("version %q, type %q", chart.Version, chart.Type)
	}
}

// TestImagesAnnotation: what Artifact Hub scans is what is deployed.
func TestImagesAnnotation(t *testing.T) {
	t.Parallel()
	container := typed[appsv1.Deployment](t, only(t, objects(t, render(t)), "Deployment", "")).Spec.Template.Spec.Containers[0]
	want := []hubImage{
		{Name: "operator", Image: container.Image, Platforms: []string{"linux/amd64", "linux/arm64"}},
		{Name: "server", Image: container.Env[0].Value, Platforms: []string{"linux/amd64", "linux/arm64"}},
	}
	if diff := cmp.Diff(want, annotation[[]hubImage](t, chartMetadata(t), "images")); diff != "" {
		t.Errorf("images (-deployed +annotation):\n%s", diff)
	}
}

// TestCRDAnnotations: every CRD is listed and has an example. TestHelmLifecycle gives the examples to an API server.
func TestCRDAnnotations(t *testing.T) {
	t.Parallel()
	chart := chartMetadata(t)
	listed := map[string]hubCRD{}
	for _, crd := range annotation[[]hubCRD](t, chart, "crds") {
		if crd.DisplayName == "" || crd.Description == "" {
			t.Errorf("CRD %+v", crd)
		}
		listed[crd.Name] = hubCRD{Kind: crd.Kind, Version: crd.Version, Name: crd.Name}
	}
	want := map[string]hubCRD{}
	examples := crdExamples(t, chart)
	resources := map[string]func(*unstructured.Unstructured){ // they refuse unknown fields
		"AuthorizationServer": func(o *unstructured.Unstructured) { typed[authv1alpha1.AuthorizationServer](t, o) },
		"OAuthUser":           func(o *unstructured.Unstructured) { typed[authv1alpha1.OAuthUser](t, o) },
		"OAuthClient":         func(o *unstructured.Unstructured) { typed[authv1alpha1.OAuthClient](t, o) },
	}
	for _, crd := range ownCRDs(t) {
		version := crd.Spec.Versions[0]
		want[crd.Name] = hubCRD{Kind: crd.Spec.Names.Kind, Version: version.Name, Name: crd.Name}
		decode, ok := resources[crd.Spec.Names.Kind]
		if !ok {
			t.Fatalf("unknown kind %s", crd.Spec.Names.Kind)
		}
		for _, example := range examples {
			if example.GetKind() != crd.Spec.Names.Kind {
				continue
			}
			delete(resources, crd.Spec.Names.Kind)
			if example.GetAPIVersion() != crd.Spec.Group+"/"+version.Name {
				t.Errorf("example of %s has apiVersion %v", crd.Spec.Names.Kind, example.GetAPIVersion())
			}
			decode(example)
		}
	}
	if len(resources) > 0 || len(examples) != len(want) {
		t.Errorf("%d examples for %d CRDs, none for %v", len(examples), len(want), slices.Collect(maps.Keys(resources)))
	}
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("CRDs (-config/crd +annotation):\n%s", diff)
	}
}

func crdExamples(t *testing.T, chart metadata) []*unstructured.Unstructured {
	t.Helper()
	var examples []*unstructured.Unstructured
	for _, content := range annotation[[]map[string]any](t, chart, "crdsExamples") {
		examples = append(examples, &unstructured.Unstructured{Object: content})
	}
	return examples
}

// TestValuesSchema: every value has its place in the schema and the schema knows no other.
func TestValuesSchema(t *testing.T) {
	t.Parallel()
	var schema map[string]any
	if err := json.Unmarshal([]byte(readFile(t, chartDir+"/values.schema.json")), &schema); err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := yaml.Unmarshal([]byte(readFile(t, chartDir+"/values.yaml")), &values); err != nil {
		t.Fatal(err)
	}
	delete(schema["properties"].(map[string]any), "global") // Helm's own
	compareSchema(t, schema, values, "")
}

func compareSchema(t *testing.T, schema, values map[string]any, path string) {
	t.Helper()
	properties, ok := schema["properties"].(map[string]any)
	if !ok {
		return
	}
	if schema["additionalProperties"] != false {
		t.Errorf("%s: the schema lets typing errors pass", path)
	}
	for name := range properties {
		if _, ok := values[name]; !ok {
			t.Errorf("%s.%s is in the schema only", path, name)
		}
	}
	for name, value := range values {
		property, ok := properties[name].(map[string]any)
		if !ok {
			t.Errorf("%s.%s is not in the schema", path, name)
			continue
		}
		if value, ok := value.(map[string]any); ok {
			compareSchema(t, property, value, path+"."+name)
		}
	}
}
