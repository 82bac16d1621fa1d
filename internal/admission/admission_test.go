package admission_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/authserver-dev/operator/internal/admission"
)

// TestDefinitionsAreCurrent: the copies are those that are installed.
func TestDefinitionsAreCurrent(t *testing.T) {
	t.Parallel()
	copies, err := filepath.Glob("crds/*.yaml")
	if err != nil || len(copies) != 2 {
		t.Fatalf("%d copies, %v", len(copies), err)
	}
	for _, file := range copies {
		have, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("..", "..", "config", "crd", "bases", filepath.Base(file)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want) {
			t.Errorf("%s is not as in config/crd/bases: run make generate", file)
		}
	}
}

func TestUnknownKind(t *testing.T) {
	t.Parallel()
	if _, err := admission.New("pods"); err == nil {
		t.Error("no error")
	}
}
