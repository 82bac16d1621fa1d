package v1alpha1_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

// TestEveryFieldIsDocumented compares the fields of each kind with the rows of
// its page, both ways.
func TestEveryFieldIsDocumented(t *testing.T) {
	t.Parallel()
	for name, object := range documented() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []string
			for _, part := range []string{"Spec", "Status"} {
				field, ok := reflect.TypeOf(object).FieldByName(part)
				if !ok {
					t.Fatalf("%T has no %s", object, part)
				}
				want = append(want, fields(strings.ToLower(part), field.Type)...)
			}
			if len(want) < 10 {
				t.Fatalf("found %d fields only; the test looks in the wrong place", len(want))
			}
			var got []string
			row := regexp.MustCompile("(?m)^\\| `((?:spec|status)\\.[^`]+)` \\|")
			for _, match := range row.FindAllStringSubmatch(page(t, name), -1) {
				got = append(got, match[1])
			}
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("fields in Go (-) and in docs/spec/%s.md (+) differ:\n%s", name, diff)
			}
		})
	}
}

// TestEveryConditionIsDocumented looks for each condition type and reason, as the
// constants name them, on the page of its kind.
func TestEveryConditionIsDocumented(t *testing.T) {
	t.Parallel()
	constant := regexp.MustCompile(`(?m)^\t(?:Condition|Reason)\w+\s+= "(\w+)"`)
	for name := range documented() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, err := os.ReadFile(name + "_conditions.go")
			if err != nil {
				t.Fatal(err)
			}
			matches := constant.FindAllStringSubmatch(string(source), -1)
			if len(matches) < 5 {
				t.Fatalf("found %d constants only", len(matches))
			}
			text := page(t, name)
			for _, match := range matches {
				if !strings.Contains(text, "`"+match[1]+"`") {
					t.Errorf("docs/spec/%s.md does not mention %s", name, match[1])
				}
			}
		})
	}
}

func documented() map[string]any {
	return map[string]any{
		"authorizationserver": authv1alpha1.AuthorizationServer{},
		"oauthuser":           authv1alpha1.OAuthUser{},
		"oauthclient":         authv1alpha1.OAuthClient{},
	}
}

// fields returns the JSON paths of the fields of a structure and of the
// structures of this package below it; list items are written [].
func fields(path string, structure reflect.Type) []string {
	var found []string
	for field := range structure.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		below, of := path+"."+name, field.Type
		found = append(found, below)
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
			if of.Kind() == reflect.Slice {
				below += "[]"
			}
			of = of.Elem()
		}
		if of.Kind() == reflect.Struct && of.PkgPath() == reflect.TypeFor[authv1alpha1.Claims]().PkgPath() {
			found = append(found, fields(below, of)...)
		}
	}
	return found
}

func page(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile("../../docs/spec/" + name + ".md")
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
