package manifests_test

import (
	"bytes"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

// permission is one verb on one resource.
type permission struct{ group, resource, verb string }

// TestEveryPermissionHasAReason compares the roles with the tables of docs/security.md.
func TestEveryPermissionHasAReason(t *testing.T) {
	t.Parallel()
	granted := map[permission]bool{}
	for _, file := range []string{"role.yaml", "leader_election.yaml"} {
		maps.Copy(granted, permissions(t, "../../config/rbac/"+file))
	}
	explained := reasons(t, "../../docs/security.md")
	sorted := func(set map[permission]bool) []permission {
		return slices.SortedFunc(maps.Keys(set), func(a, b permission) int {
			return strings.Compare(a.group+"/"+a.resource+"/"+a.verb, b.group+"/"+b.resource+"/"+b.verb)
		})
	}
	if diff := cmp.Diff(sorted(explained), sorted(granted), cmp.AllowUnexported(permission{})); diff != "" {
		t.Errorf("permissions (-docs/security.md +config/rbac):\n%s", diff)
	}
	if len(granted) < 40 {
		t.Errorf("%d permissions were read", len(granted))
	}
}

// permissions reads the roles of a file and refuses wildcards.
func permissions(t *testing.T, path string) map[permission]bool {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := map[permission]bool{}
	for document := range bytes.SplitSeq(data, []byte("\n---\n")) {
		var role rbacv1.ClusterRole
		if err := yaml.Unmarshal(document, &role); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, rule := range role.Rules {
			if len(rule.NonResourceURLs) > 0 {
				t.Errorf("%s: %s has a rule for URLs", path, role.Name)
			}
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					for _, verb := range rule.Verbs {
						if strings.Contains(group+resource+verb, "*") {
							t.Errorf("%s: %s has a wildcard: %v", path, role.Name, rule)
						}
						all[permission{group, resource, verb}] = true
					}
				}
			}
		}
	}
	return all
}

var code = regexp.MustCompile("`([^`]+)`")

// reasons reads the rows of the tables that have a reason.
func reasons(t *testing.T, path string) map[permission]bool {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := map[permission]bool{}
	for line := range strings.Lines(string(data)) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || strings.TrimSpace(cells[4]) == "" || strings.Contains(cells[1], "--") || strings.Contains(cells[1], "API group") {
			continue
		}
		var groups []string
		for cell := range strings.SplitSeq(cells[1], ",") {
			group := strings.Trim(cell, " `")
			if group == "core" {
				group = ""
			}
			groups = append(groups, group)
		}
		for _, resource := range code.FindAllStringSubmatch(cells[2], -1) {
			for verb := range strings.SplitSeq(cells[3], ",") {
				for _, group := range groups {
					all[permission{group, resource[1], strings.TrimSpace(verb)}] = true
				}
			}
		}
	}
	return all
}
