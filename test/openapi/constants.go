package openapi

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
)

// Enumerations returns the string constants of a directory's Go sources by the name of their type.
func Enumerations(directory string) (map[string][]string, error) {
	names, err := filepath.Glob(filepath.Join(directory, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("finding sources: %w", err)
	}
	all := map[string][]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("parsing %s: %w", name, err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if spec, ok := node.(*ast.ValueSpec); ok {
				collect(all, spec)
			}
			return true
		})
	}
	return all, nil
}

func collect(all map[string][]string, spec *ast.ValueSpec) {
	of, ok := spec.Type.(*ast.Ident)
	if !ok {
		return
	}
	for _, expression := range spec.Values {
		literal, ok := expression.(*ast.BasicLit)
		if !ok {
			continue
		}
		if value, err := strconv.Unquote(literal.Value); err == nil {
			all[of.Name] = append(all[of.Name], value)
		}
	}
}
