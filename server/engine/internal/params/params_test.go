package params_test

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/server/engine/internal/params"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		raw  string
		want error
	}{
		"empty":                      {"", nil},
		"ordinary":                   {"a=1&b=x+y%20z", nil},
		"empty parts":                {"&&a=1&", nil},
		"repeated":                   {"scope=1&scope=1", params.ErrRepeated},
		"repeated, encoded":          {"scope=1&%73cope=2", params.ErrRepeated},
		"repeated, one empty":        {"scope=&scope=1", nil},
		"repeated and unknown":       {"a=1&a=2", nil},
		"repeated lists":             {"resource=1&resource=2&audience=1&audience=2", nil},
		"bad escape in the value":    {"a=%zz", params.ErrMalformed},
		"bad escape in the name":     {"%=1", params.ErrMalformed},
		"not UTF-8":                  {"a=%ff", params.ErrMalformed},
		"too many parameters":        {strings.Repeat("a=&", 101), params.ErrMalformed},
		"too long":                   {"a=" + strings.Repeat("x", 64<<10), params.ErrMalformed},
		"a semicolon is just a char": {"a=1;b=2", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := params.Parse(test.raw); !errors.Is(err, test.want) {
				t.Errorf("Parse: %v, want %v", err, test.want)
			}
		})
	}
	values, err := params.Parse("a=&scope=x+y%20z&q=1;2")
	if err != nil {
		t.Fatal(err)
	}
	if values.Has("a") || values.Get("scope") != "x y z" || values.Get("q") != "1;2" {
		t.Errorf("values = %+v", values)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("a=1&b=2")
	f.Add("%41=%42&+=+")
	f.Fuzz(func(t *testing.T, raw string) {
		values, err := params.Parse(raw)
		if err != nil {
			return
		}
		standard, err := url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B"))
		if err != nil {
			t.Fatalf("accepted %q, which net/url refuses: %v", raw, err)
		}
		for name, all := range standard {
			var first string
			for _, value := range all {
				if first == "" {
					first = value
				}
			}
			if values.Get(name) != first {
				t.Errorf("Get(%q) = %q, net/url has %q", name, values.Get(name), all)
			}
		}
	})
}

// TestEveryParameterThatIsReadIsSingle: a parameter that some code of the engine reads as one value must not be repeated, or
// two readers see two requests.
func TestEveryParameterThatIsReadIsSingle(t *testing.T) {
	t.Parallel()
	read := regexp.MustCompile(`\b(?:values|Parameters)\.(?:Get|Has)\("([a-z_]+)"\)`)
	found := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range read.FindAllStringSubmatch(string(text), -1) {
			found[match[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 30 {
		t.Errorf("only %d parameters were found: does the pattern still match?", len(found))
	}
	for name := range found {
		if !params.Single(name) {
			t.Errorf("%s is read as one value and may be repeated", name)
		}
	}
}
