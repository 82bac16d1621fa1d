package chart_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// TestFilesAreCopies: `make chart-files` copies what the chart takes from elsewhere.
func TestFilesAreCopies(t *testing.T) {
	t.Parallel()
	want := map[string]string{"files/role.yaml": root + "config/rbac/role.yaml", "LICENSE": root + "LICENSE"}
	crds, err := filepath.Glob(root + "config/crd/bases/*.yaml")
	if err != nil || len(crds) == 0 {
		t.Fatalf("no CRDs: %v", err)
	}
	for _, path := range crds {
		want["files/crds/"+filepath.Base(path)] = path
	}
	for name, source := range want {
		if readFile(t, filepath.Join(chartDir, name)) != readFile(t, source) {
			t.Errorf("%s differs from %s: run make chart-files", name, source)
		}
	}
	entries, err := os.ReadDir(chartDir + "/files/crds")
	if err != nil || len(entries) != len(crds) {
		t.Errorf("%d CRDs in the chart, want %d (%v): run make chart-files", len(entries), len(crds), err)
	}
}

// TestDeploysWhatConfigDeploys compares the chart as it is by default with config/.
func TestDeploysWhatConfigDeploys(t *testing.T) {
	t.Parallel()
	all := objects(t, render(t))
	t.Run("Deployment", func(t *testing.T) {
		t.Parallel()
		want := typed[appsv1.Deployment](t, only(t, objects(t, readFile(t, root+"config/manager/manager.yaml")), "Deployment", ""))
		got := typed[appsv1.Deployment](t, only(t, all, "Deployment", ""))
		for _, deployment := range []*appsv1.Deployment{want, got} { // the release's name is among the chart's labels
			delete(deployment.Spec.Selector.MatchLabels, "app.kubernetes.io/instance")
			delete(deployment.Spec.Template.Labels, "app.kubernetes.io/instance")
		}
		if diff := cmp.Diff(want.Spec, got.Spec); diff != "" {
			t.Errorf("Deployment (-config/manager +chart):\n%s", diff)
		}
		if want.Name != got.Name || want.Namespace != got.Namespace {
			t.Errorf("%s/%s, want %s/%s", got.Namespace, got.Name, want.Namespace, want.Name)
		}
	})
	t.Run("permissions", func(t *testing.T) {
		t.Parallel()
		var want []*unstructured.Unstructured
		for _, name := range []string{"role.yaml", "role_binding.yaml", "leader_election.yaml"} {
			want = append(want, objects(t, readFile(t, root+"config/rbac/"+name))...)
		}
		if diff := cmp.Diff(permissions(t, want), permissions(t, all)); diff != "" {
			t.Errorf("permissions (-config/rbac +chart):\n%s", diff)
		}
	})
	t.Run("CRDs", func(t *testing.T) {
		t.Parallel()
		entries, err := filepath.Glob(root + "config/crd/bases/*.yaml")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range entries {
			want := objects(t, readFile(t, path))[0]
			got := only(t, all, "CustomResourceDefinition", want.GetName())
			annotations := got.GetAnnotations()
			if annotations["helm.sh/resource-policy"] != "keep" {
				t.Errorf("%s is not kept", got.GetName())
			}
			delete(annotations, "helm.sh/resource-policy")
			got.SetAnnotations(annotations)
			got.SetLabels(nil)
			if !cmp.Equal(want.Object, got.Object) { // far too long to show
				t.Errorf("%s is not what config/crd has: run make chart-files", want.GetName())
			}
		}
	})
}

// roleWithRules is what is compared of roles and bindings.
type roleWithRules struct {
	Rules    []rbacv1.PolicyRule
	RoleRef  rbacv1.RoleRef
	Subjects []rbacv1.Subject
}

// permissions returns the roles and bindings by kind, namespace and name.
func permissions(t *testing.T, all []*unstructured.Unstructured) map[string]roleWithRules {
	t.Helper()
	found := map[string]roleWithRules{}
	for _, object := range all {
		if object.GroupVersionKind().Group != rbacv1.GroupName {
			continue
		}
		data, err := object.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var role roleWithRules
		if err := yaml.Unmarshal(data, &role); err != nil {
			t.Fatal(err)
		}
		found[strings.Join([]string{object.GetKind(), object.GetNamespace(), object.GetName()}, "/")] = role
	}
	return found
}

// TestNoWildcards: whatever the values, every permission is spelled out.
func TestNoWildcards(t *testing.T) {
	t.Parallel()
	for _, file := range valuesFiles(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			for name, role := range permissions(t, objects(t, render(t, "--values="+file))) {
				for _, rule := range role.Rules {
					if all := append(append(append([]string{}, rule.APIGroups...), rule.Resources...), rule.Verbs...); strings.Contains(strings.Join(all, " "), "*") {
						t.Errorf("%s has a wildcard: %v", name, rule)
					}
				}
			}
		})
	}
}

// TestNamespacedScope: the operator reads nothing outside of the watched namespaces, and is told which they are.
func TestNamespacedScope(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		set       string
		watch     string
		namespace []string
	}{
		"own namespace": {"scope=namespaces", "authserver-system", []string{"authserver-system"}},
		"others":        {"scope=namespaces,watchNamespaces={team-b,team-a,team-a}", "team-a,team-b", []string{"team-a", "team-b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := objects(t, render(t, "--set="+tc.set))
			rules := permissions(t, objects(t, readFile(t, root+"config/rbac/role.yaml")))["ClusterRole//authserver-operator"].Rules
			account := rbacv1.Subject{Kind: "ServiceAccount", Name: "authserver-operator", Namespace: "authserver-system"}
			want := permissions(t, objects(t, readFile(t, root+"config/rbac/leader_election.yaml")))
			for _, namespace := range tc.namespace {
				want["Role/"+namespace+"/authserver-operator"] = roleWithRules{Rules: rules}
				want["RoleBinding/"+namespace+"/authserver-operator"] = roleWithRules{
					RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "authserver-operator"},
					Subjects: []rbacv1.Subject{account},
				}
			}
			if diff := cmp.Diff(want, permissions(t, all)); diff != "" {
				t.Errorf("permissions (-want +chart):\n%s", diff)
			}
			args := typed[appsv1.Deployment](t, only(t, all, "Deployment", "")).Spec.Template.Spec.Containers[0].Args
			if diff := cmp.Diff([]string{"--leader-elect", "--watch-namespaces=" + tc.watch}, args); diff != "" {
				t.Errorf("arguments (-want +got):\n%s", diff)
			}
		})
	}
}
