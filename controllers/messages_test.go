package controllers_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestMessagesSayWhere: a message that says that something is or is not there says in which namespace it was looked for. In
// another one it may be.
func TestMessagesSayWhere(t *testing.T) {
	t.Parallel()
	about := regexp.MustCompile(`\bno older\b|\bis older\b|does not exist.*waited for|exists.*and is not`)
	found := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			literal, ok := node.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil || !about.MatchString(text) {
				return true
			}
			found++
			if !strings.Contains(text, "namespace") {
				t.Errorf("%s: %q does not say in which namespace", files.Position(literal.Pos()), text)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 8 {
		t.Errorf("found %d messages; the test looks in the wrong place", found)
	}
}
