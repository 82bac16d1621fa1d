package fieldusage_test

import (
	"strings"
	"testing"

	"github.com/authserver-dev/operator/test/fieldusage"
)

const sample = "github.com/authserver-dev/operator/test/fieldusage/testdata/sample"

func TestUsage(t *testing.T) {
	t.Parallel()
	usage, err := fieldusage.Load(".", func(string) bool { return false }, "./testdata/sample")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct{ read, set bool }{
		"Outer.Inner": {true, true}, "Outer.Read": {true, false}, "Outer.Assigned": {false, true}, "Outer.Composed": {false, true},
		"Outer.Unused": {}, "Inner.Promoted": {true, false}, "Inner.Set": {true, true}, "Inner.Forgotten": {}, "Pair.First": {false, true},
		"Pair.Second": {false, true},
	} {
		structure, field, _ := strings.Cut(name, ".")
		of := fieldusage.Field{Package: sample, Structure: structure, Name: field}
		if usage.Read(of) != want.read || usage.Set(of) != want.set {
			t.Errorf("%s: read %v, set %v, want %+v", name, usage.Read(of), usage.Set(of), want)
		}
	}
}

// TestNothingIsSeenOfOthers: a package that is skipped says nothing, and one that does not compile is an error.
func TestNothingIsSeenOfOthers(t *testing.T) {
	t.Parallel()
	usage, err := fieldusage.Load(".", func(path string) bool { return path == sample }, "./testdata/sample")
	if err != nil {
		t.Fatal(err)
	}
	if usage.Read(fieldusage.Field{Package: sample, Structure: "Outer", Name: "Read"}) {
		t.Error("a package that is skipped was read")
	}
	if _, err := fieldusage.Load(".", func(string) bool { return false }, "./testdata/none"); err == nil {
		t.Error("a package that is not there was read")
	}
}
