package chart_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// monitoringKinds belong to the Prometheus operator, whose schemas are not at hand; the suites beside the templates and
// TestAlerts look at them.
const monitoringKinds = "ServiceMonitor,PrometheusRule"

// TestKubeconform compares what is rendered with the API of the Kubernetes version that hack/kubernetes pins, and with
// our own CRDs.
func TestKubeconform(t *testing.T) {
	t.Parallel()
	program := tool(t, "kubeconform")
	schemas := t.TempDir()
	kubernetesSchemas(t, schemas)
	crdSchemas(t, schemas)
	check := []string{
		"-strict", "-summary", "-skip=" + monitoringKinds,
		"-schema-location=" + schemas + "/{{ .ResourceKind }}{{ .KindSuffix }}.json", "-",
	}
	forEachValues(t, func(t *testing.T, file string) {
		t.Helper()
		mustRun(t, []byte(render(t, append(everyAPI(), "--values="+file)...)), program, check...)
	})
	t.Run("finds errors", func(t *testing.T) {
		t.Parallel()
		good := render(t, append(everyAPI(), "--values="+chartDir+"/ci/login-values.yaml")...)
		for _, change := range [][2]string{
			{"readinessProbe:", "readynessProbe:"},
			{"replicas: 1", "replicas: one"},
			{"issuer: https://login", "isuer: https://login"},
			{"containerPort: 8081", "containerPort: eighty"},
			{"subjects:", "subject:"},
		} {
			bad := strings.Replace(good, change[0], change[1], 1)
			if bad == good {
				t.Errorf("%q is not in the manifest", change[0])
			}
			if output, _, ok := run(t, []byte(bad), program, check...); ok {
				t.Errorf("%s passed:\n%s", change[1], output)
			}
		}
	})
}

type schema = map[string]any

// kubernetesSchemas writes a schema for every kind of the API document in the module k8s.io/kubernetes.
func kubernetesSchemas(t *testing.T, dir string) {
	t.Helper()
	answer := mustRun(t, nil, "go", "-C", root+"hack/kubernetes", "list", "-m", "-f", "{{.Version}} {{.Dir}}", "k8s.io/kubernetes")
	version, module, _ := strings.Cut(strings.TrimSpace(answer), " ")
	if version != "v"+kubeVersion {
		t.Errorf("hack/kubernetes pins %s, and the chart is rendered for %s", version, kubeVersion)
	}
	data, err := os.ReadFile(filepath.Join(module, "api", "openapi-spec", "swagger.json"))
	if err != nil {
		t.Skipf("k8s.io/kubernetes is not in the module cache: run go mod download in hack/kubernetes (%v)", err)
	}
	var document struct {
		Definitions map[string]schema `json:"definitions"`
	}
	if err := json.Unmarshal(data, &document); err != nil {
		t.Fatal(err)
	}
	for _, definition := range document.Definitions {
		harden(definition)
	}
	for name, definition := range document.Definitions {
		kinds, ok := definition["x-kubernetes-group-version-kind"].([]any)
		if !ok || len(kinds) != 1 || strings.HasSuffix(name, "List") {
			continue
		}
		kind := kinds[0].(map[string]any)
		needed := map[string]schema{}
		collect(document.Definitions, definition, needed)
		writeSchema(t, dir, [3]string{kind["group"].(string), kind["version"].(string), kind["kind"].(string)}, definition, needed)
	}
}

// harden makes a schema refuse unknown fields, and lets quantities and the like be numbers. Below "properties" are names of
// fields, which may be the same as keywords: a CRD has a field named x-kubernetes-int-or-string.
func harden(node schema) {
	for keyword, value := range node {
		switch value := value.(type) {
		case []any:
			for _, element := range value {
				if element, ok := element.(map[string]any); ok {
					harden(element)
				}
			}
		case map[string]any:
			if keyword != "properties" {
				harden(value)
				continue
			}
			for _, property := range value {
				harden(property.(map[string]any))
			}
		}
	}
	if node["properties"] != nil && node["additionalProperties"] == nil && node["x-kubernetes-preserve-unknown-fields"] == nil {
		node["additionalProperties"] = false
	}
	description, _ := node["description"].(string)
	if node["format"] == "int-or-string" || node["x-kubernetes-int-or-string"] != nil || strings.HasPrefix(description, "Quantity is a fixed-point") {
		delete(node, "format")
		node["type"] = []any{"string", "number"}
	}
}

// collect finds the definitions that a schema refers to.
func collect(all map[string]schema, node any, needed map[string]schema) {
	switch node := node.(type) {
	case []any:
		for _, element := range node {
			collect(all, element, needed)
		}
	case map[string]any:
		for _, element := range node {
			collect(all, element, needed)
		}
		reference, _ := node["$ref"].(string)
		name := strings.TrimPrefix(reference, "#/definitions/")
		if definition, ok := all[name]; ok && needed[name] == nil {
			needed[name] = definition
			collect(all, definition, needed)
		}
	}
}

// crdSchemas writes a schema for every kind of ours.
func crdSchemas(t *testing.T, dir string) {
	t.Helper()
	for _, crd := range ownCRDs(t) {
		for _, version := range crd.Spec.Versions {
			data, err := json.Marshal(version.Schema.OpenAPIV3Schema)
			if err != nil {
				t.Fatal(err)
			}
			var definition schema
			if err := json.Unmarshal(data, &definition); err != nil {
				t.Fatal(err)
			}
			harden(definition)
			definition["properties"].(map[string]any)["metadata"] = schema{"type": "object"}
			writeSchema(t, dir, [3]string{crd.Spec.Group, version.Name, crd.Spec.Names.Kind}, definition, nil)
		}
	}
}

func ownCRDs(t *testing.T) []*apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	files, err := filepath.Glob(root + "config/crd/bases/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no CRDs: %v", err)
	}
	var crds []*apiextensionsv1.CustomResourceDefinition
	for _, file := range files {
		crds = append(crds, typed[apiextensionsv1.CustomResourceDefinition](t, objects(t, readFile(t, file))[0]))
	}
	return crds
}

// writeSchema writes a file as kubeconform looks for it, for example deployment-apps-v1.json.
func writeSchema(t *testing.T, dir string, kind [3]string, definition schema, definitions map[string]schema) {
	t.Helper()
	whole := maps.Clone(definition)
	if definitions != nil {
		whole["definitions"] = definitions
	}
	data, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.ToLower(kind[2]) + "-" + kind[1] + ".json"
	if group, _, _ := strings.Cut(kind[0], "."); group != "" {
		name = strings.ToLower(kind[2]) + "-" + group + "-" + kind[1] + ".json"
	}
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}
