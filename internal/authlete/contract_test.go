package authlete_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestFieldsAreDocumented holds the contract to a doc comment of its own for every exported field.
func TestFieldsAreDocumented(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("finding sources: %v, %d files", err, len(files))
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if spec, ok := node.(*ast.TypeSpec); ok {
				checkFields(t, name, spec)
			}
			return true
		})
	}
}

func checkFields(t *testing.T, file string, spec *ast.TypeSpec) {
	t.Helper()
	structure, ok := spec.Type.(*ast.StructType)
	if !ok || !spec.Name.IsExported() {
		return
	}
	for _, field := range structure.Fields.List {
		for _, name := range field.Names {
			if name.IsExported() && field.Doc == nil {
				t.Errorf("%s: %s.%s has no doc comment", file, spec.Name, name)
			}
		}
	}
}
