package chart_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// documented is a value with its description.
type documented struct {
	path, description string
	value             any
}

// TestReadme: README.md is README.md.tmpl with a table of the values, made of the comments of values.yaml.
func TestReadme(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	table.WriteString("| value | type | default | meaning |\n|---|---|---|---|\n")
	for _, row := range documentedValues(t) {
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", row.path, kindOf(row.value), defaultOf(t, row.value), strings.ReplaceAll(row.description, "|", `\|`))
	}
	want := strings.Replace(readFile(t, chartDir+"/README.md.tmpl"), "{{ values }}\n", table.String(), 1)
	path := chartDir + "/README.md"
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if readFile(t, path) != want {
		t.Error("README.md is not current: run make chart-readme")
	}
}

var (
	keyLine     = regexp.MustCompile(`^( *)([A-Za-z]+):(.*)$`)
	commentLine = regexp.MustCompile(`^ *# ?(.*)$`)
)

// documentedValues reads values.yaml: a comment that starts with "--" describes the key below it and all within; a key
// without a comment must have keys within that have one.
func documentedValues(t *testing.T) []documented {
	t.Helper()
	text := readFile(t, chartDir+"/values.yaml")
	var values map[string]any
	if err := yaml.Unmarshal([]byte(text), &values); err != nil {
		t.Fatal(err)
	}
	var (
		rows    []documented
		path    []string
		comment []string
		covered = -1 // the depth of the key whose description covers all within
	)
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if match := commentLine.FindStringSubmatch(line); match != nil {
			if strings.HasPrefix(match[1], "-- ") {
				comment = nil
			}
			comment = append(comment, match[1])
			continue
		}
		match := keyLine.FindStringSubmatch(line)
		if match == nil {
			comment = nil
			continue
		}
		depth := len(match[1]) / 2
		path = append(path[:min(depth, len(path))], match[2])
		if covered >= 0 && depth > covered {
			continue
		}
		covered = -1
		description, ok := strings.CutPrefix(strings.Join(comment, " "), "-- ")
		comment = nil
		if ok {
			covered = depth
			rows = append(rows, documented{strings.Join(path, "."), description, lookup(t, values, path)})
		} else if strings.TrimSpace(match[3]) != "" {
			t.Errorf("%s has no description", strings.Join(path, "."))
		}
	}
	return rows
}

func lookup(t *testing.T, values map[string]any, path []string) any {
	t.Helper()
	var value any = values
	for _, name := range path {
		within, ok := value.(map[string]any)
		if !ok {
			t.Fatalf("no value %v", path)
		}
		if value, ok = within[name]; !ok {
			t.Fatalf("no value %v", path)
		}
	}
	return value
}

func kindOf(value any) string {
	switch value.(type) {
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		return "number"
	case []any:
		return "list"
	case map[string]any:
		return "object"
	default:
		return "number or percentage"
	}
}

func defaultOf(t *testing.T, value any) string {
	t.Helper()
	if value == nil {
		return "unset"
	}
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if string(data) == `""` {
		return ""
	}
	return "`" + string(data) + "`"
}
