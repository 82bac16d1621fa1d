package chart_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "rewrite golden files")

const (
	root     = "../../"
	chartDir = root + "charts/authserver-operator"
	// kubeVersion is given to Helm, which renders for an old version where it is built without flags and sees no cluster.
	kubeVersion = "1.37.2"
)

// everyAPI are the kinds without which parts of the chart are left out.
func everyAPI() []string {
	return []string{
		"--api-versions=monitoring.coreos.com/v1/ServiceMonitor", "--api-versions=monitoring.coreos.com/v1/PrometheusRule",
		"--api-versions=authserver.dev/v1alpha1/AuthorizationServer", "--api-versions=authserver.dev/v1alpha1/OAuthUser",
		"--api-versions=authserver.dev/v1alpha1/OAuthClient",
	}
}

// tool returns the path of a program in bin/, and skips the test where it was not built.
func tool(t *testing.T, name string) string {
	t.Helper()
	readChart(t)
	path, err := filepath.Abs(filepath.Join(root, "bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("bin/%s is not built: run make test-chart", name)
	}
	return path
}

// readChart reads every file of the chart: what only other programs read, `go test` would not miss in a cached result.
func readChart(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(chartDir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		_, err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// run runs a command and returns what it wrote, and whether it ended well.
func run(t *testing.T, stdin []byte, name string, args ...string) (stdout, stderr string, ok bool) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	home := t.TempDir() // nothing of the person who runs this
	command.Env = append(os.Environ(), "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home)
	command.Stdin = bytes.NewReader(stdin)
	var out, problems bytes.Buffer
	command.Stdout, command.Stderr = &out, &problems
	err := command.Run()
	return out.String(), problems.String(), err == nil
}

// mustRun runs a command that has to end well.
func mustRun(t *testing.T, stdin []byte, name string, args ...string) string {
	t.Helper()
	stdout, stderr, ok := run(t, stdin, name, args...)
	if !ok {
		t.Fatalf("%s %s:\n%s%s", filepath.Base(name), strings.Join(args, " "), stdout, stderr)
	}
	return stdout
}

// render returns what Helm would apply, as text.
func render(t *testing.T, args ...string) string {
	t.Helper()
	all := []string{"template", "authserver-operator", chartDir, "--namespace=authserver-system", "--kube-version=" + kubeVersion}
	return mustRun(t, nil, tool(t, "helm"), append(all, args...)...)
}

// objects reads the objects of a stream of YAML documents.
func objects(t *testing.T, manifest string) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	for document := range strings.SplitSeq("\n"+manifest, "\n---\n") {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &object.Object, preserveNumbers); err != nil {
			t.Fatalf("%v:\n%s", err, document)
		}
		if len(object.Object) > 0 {
			all = append(all, object)
		}
	}
	return all
}

func preserveNumbers(decoder *json.Decoder) *json.Decoder {
	decoder.UseNumber()
	return decoder
}

// only returns the one object of a kind whose name ends as told.
func only(t *testing.T, all []*unstructured.Unstructured, kind, suffix string) *unstructured.Unstructured {
	t.Helper()
	var found *unstructured.Unstructured
	for _, object := range all {
		if object.GetKind() != kind || !strings.HasSuffix(object.GetName(), suffix) {
			continue
		}
		if found != nil {
			t.Fatalf("two objects of kind %s: %s and %s", kind, found.GetName(), object.GetName())
		}
		found = object
	}
	if found == nil {
		t.Fatalf("no object of kind %s named *%s", kind, suffix)
	}
	return found
}

// typed returns an object as a type of its kind, and refuses unknown fields.
func typed[T any](t *testing.T, object *unstructured.Unstructured) *T {
	t.Helper()
	result := new(T)
	data, err := object.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var content map[string]any
	if err := yaml.Unmarshal(data, &content); err != nil {
		t.Fatal(err)
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(content, result, true); err != nil {
		t.Fatalf("%s %s: %v", object.GetKind(), object.GetName(), err)
	}
	return result
}

// readFile returns a file of the repository.
func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// valuesFiles returns the files of ci/, which cover the switches.
func valuesFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(chartDir + "/ci/*-values.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no values files: %v", err)
	}
	return files
}
