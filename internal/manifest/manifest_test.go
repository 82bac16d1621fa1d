package manifest_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/admission"
	"github.com/authserver-dev/operator/internal/manifest"
)

func TestNames(t *testing.T) {
	t.Parallel()
	var names manifest.Names
	var got []string
	for _, texts := range [][]string{{"Jane Doe"}, {"jane.doe"}, {"jane-doe"}, {"@+@", "user-1"}, {"@"}, {strings.Repeat("x", 80)}} {
		got = append(got, names.Take("1", texts...))
	}
	want := []string{"jane-doe", "jane-doe-1", "jane-doe-1-2", "user-1", "object-1", strings.Repeat("x", 50)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestFit: what is refused goes, alone or with its list, and an object that cannot be without it is refused.
func TestFit(t *testing.T) {
	t.Parallel()
	validator, err := admission.New("oauthusers")
	if err != nil {
		t.Fatal(err)
	}
	object := func(spec map[string]any) map[string]any {
		all := map[string]any{"serverRef": map[string]any{"name": "login"}, "username": "jane"}
		maps.Copy(all, spec)
		return map[string]any{
			"apiVersion": "authserver.dev/v1alpha1", "kind": "OAuthUser", "metadata": map[string]any{"name": "jane"}, "spec": all,
		}
	}
	long := strings.Repeat("g", 151)
	for name, test := range map[string]struct {
		spec    map[string]any
		fitter  manifest.Fitter
		paths   []string
		refused string
	}{
		"fits":               {nil, manifest.Fitter{}, nil, ""},
		"an item":            {map[string]any{"groups": []any{"a", long, "b"}}, manifest.Fitter{}, []string{"spec.groups[1]"}, ""},
		"the last item":      {map[string]any{"groups": []any{long}}, manifest.Fitter{}, []string{"spec.groups[0]"}, ""},
		"its list":           {map[string]any{"groups": []any{"a", long}}, manifest.Fitter{WholeLists: true}, []string{"spec.groups"}, ""},
		"a member":           {map[string]any{"claims": map[string]any{"email": "x"}}, manifest.Fitter{}, []string{"spec.claims.email"}, ""},
		"what lacks a value": {map[string]any{"password": map[string]any{}}, manifest.Fitter{}, []string{"spec.password"}, ""},
		"a required value":   {map[string]any{"username": "j d"}, manifest.Fitter{}, nil, "must not contain spaces"},
		"a kept value":       {map[string]any{"subject": "j d"}, manifest.Fitter{Keep: []string{"spec.subject"}}, nil, "printable ASCII"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.fitter.Validator = validator
			fitted := object(test.spec)
			removals, err := test.fitter.Fit(t.Context(), fitted)
			var paths []string
			for _, removal := range removals {
				paths = append(paths, removal.Path)
			}
			if diff := cmp.Diff(test.paths, paths); diff != "" {
				t.Errorf("removed (-want +got):\n%s", diff)
			}
			if (err == nil) != (test.refused == "") || (err != nil && !strings.Contains(err.Error(), test.refused)) {
				t.Errorf("error %v, want %q", err, test.refused)
			}
			if err == nil && len(validator.Validate(t.Context(), fitted)) > 0 {
				t.Errorf("what is left does not fit: %v", fitted)
			}
		})
	}
}
