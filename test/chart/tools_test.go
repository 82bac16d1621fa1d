package chart_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// forEachValues runs a test for every file of ci/.
func forEachValues(t *testing.T, test func(t *testing.T, file string)) {
	t.Helper()
	for _, file := range valuesFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), "-values.yaml"), func(t *testing.T) {
			t.Parallel()
			test(t, file)
		})
	}
}

func TestHelmLint(t *testing.T) {
	t.Parallel()
	helm := tool(t, "helm")
	forEachValues(t, func(t *testing.T, file string) {
		t.Helper()
		mustRun(t, nil, helm, "lint", "--strict", "--kube-version="+kubeVersion, "--values="+file, chartDir)
	})
}

// TestChartTesting leaves out what ct does with Python programs and with Git.
func TestChartTesting(t *testing.T) {
	t.Parallel()
	program := tool(t, "ct")
	tool(t, "helm")
	path, err := filepath.Abs(filepath.Join(root, "bin"))
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, nil, "env", "PATH="+path+":"+os.Getenv("PATH"), program, "lint", "--charts="+chartDir, "--validate-maintainers=false",
		"--validate-yaml=false", "--validate-chart-schema=false", "--check-version-increment=false")
}

// TestHelmUnittest runs the suites that lie beside the templates.
func TestHelmUnittest(t *testing.T) {
	t.Parallel()
	output := mustRun(t, nil, tool(t, "helm-unittest"), "--strict", chartDir)
	if strings.Contains(output, "Tests:       0 passed") {
		t.Errorf("no test ran:\n%s", output)
	}
}

// TestPodSecurity holds every pod to the level "restricted" by the code of the admission plugin itself.
func TestPodSecurity(t *testing.T) {
	t.Parallel()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	forEachValues(t, func(t *testing.T, file string) {
		t.Helper()
		pods := 0
		for _, object := range objects(t, render(t, append(everyAPI(), "--values="+file)...)) {
			pod := &corev1.Pod{}
			switch object.GetKind() {
			case "Deployment":
				template := typed[appsv1.Deployment](t, object).Spec.Template
				pod.ObjectMeta, pod.Spec = template.ObjectMeta, template.Spec
			case "Pod":
				pod = typed[corev1.Pod](t, object)
			default:
				continue
			}
			pods++
			for _, result := range evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec) {
				if !result.Allowed {
					t.Errorf("%s %s: %s: %s", object.GetKind(), object.GetName(), result.ForbiddenReason, result.ForbiddenDetail)
				}
			}
		}
		if pods == 0 {
			t.Error("no pod was rendered")
		}
	})
}

// scoreExceptions are the critical findings of kube-score that stay, with the reason.
func scoreExceptions(file string) map[string]string {
	exceptions := map[string]string{
		"container-image-pull-policy":                   "tags never change, and a pod has to start while the registry is away",
		"container-resources":                           "no CPU limit: it would slow down elections; the values of production set one",
		"container-ephemeral-storage-request-and-limit": "nothing is written: the root is read-only and there are no volumes",
		"pod-networkpolicy":                             "what fits depends on the cluster: networkPolicy.enabled switches it on",
	}
	switch filepath.Base(file) {
	case "production-values.yaml": // sets what the others leave open
		for _, id := range []string{"container-resources", "container-ephemeral-storage-request-and-limit", "pod-networkpolicy"} {
			delete(exceptions, id)
		}
	case "overrides-values.yaml": // always pulls
		delete(exceptions, "container-image-pull-policy")
	}
	return exceptions
}

// score is what is read of kube-score's answer.
type score struct {
	ObjectName string `json:"object_name"`
	Checks     []struct {
		Check struct {
			ID string `json:"id"`
		} `json:"check"`
		Grade    int  `json:"grade"`
		Skipped  bool `json:"skipped"`
		Comments []struct {
			Path, Summary string
		} `json:"comments"`
	} `json:"checks"`
}

// gradeCritical is kube-score's worst grade.
const gradeCritical = 1

// TestKubeScore: nothing critical but what is excepted, and no exception that is not needed. The pod of helm test, which
// lives for seconds, is left out.
func TestKubeScore(t *testing.T) {
	t.Parallel()
	program := tool(t, "kube-score")
	forEachValues(t, func(t *testing.T, file string) {
		t.Helper()
		exceptions := scoreExceptions(file)
		manifest := render(t, append(everyAPI(), "--values="+file, "--set=test.enabled=false")...)
		output, stderr, _ := run(t, []byte(manifest), program, "score", "--output-format=json", "--kubernetes-version=v1.37", "-")
		var scores []score
		if err := json.Unmarshal([]byte(output), &scores); err != nil || len(scores) == 0 {
			t.Fatalf("%v: %s", err, stderr)
		}
		needed := map[string]bool{}
		for _, object := range scores {
			for _, check := range object.Checks {
				if check.Skipped || check.Grade > gradeCritical {
					continue
				}
				needed[check.Check.ID] = true
				if exceptions[check.Check.ID] == "" {
					t.Errorf("%s: %s: %v", object.ObjectName, check.Check.ID, check.Comments)
				}
			}
		}
		for id := range exceptions {
			if !needed[id] {
				t.Errorf("the exception %s is not needed", id)
			}
		}
	})
}
