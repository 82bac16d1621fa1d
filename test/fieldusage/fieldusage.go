package fieldusage

import (
	"fmt"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/packages"
)

// Field is a field of a structure.
type Field struct {
	// Package is the import path of the package that has the structure.
	Package string
	// Structure is the name of the structure.
	Structure string
	// Name is the name of the field; that of an embedded structure is the name of its type.
	Name string
}

// Usage is what the code of some packages does with fields.
type Usage struct {
	read, set map[Field]bool
}

// Load reads the packages that the patterns of the go command name, as seen from a directory. Tests are left out, and so
// is every package that skip is true for.
func Load(directory string, skip func(path string) bool, patterns ...string) (*Usage, error) {
	loaded, err := packages.Load(&packages.Config{
		Dir:  directory,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports,
	}, patterns...)
	if err != nil {
		return nil, fmt.Errorf("loading packages: %w", err)
	}
	usage := &Usage{read: map[Field]bool{}, set: map[Field]bool{}}
	for _, one := range loaded {
		if len(one.Errors) > 0 {
			return nil, fmt.Errorf("loading %s: %w", one.PkgPath, one.Errors[0])
		}
		if skip(one.PkgPath) {
			continue
		}
		for _, file := range one.Syntax {
			usage.inspect(one.TypesInfo, file)
		}
	}
	return usage, nil
}

// Read says whether the code reads the field.
func (u *Usage) Read(field Field) bool { return u.read[field] }

// Set says whether the code gives the field a value.
func (u *Usage) Set(field Field) bool { return u.set[field] }

func (u *Usage) inspect(info *types.Info, file *ast.File) {
	assigned := map[ast.Expr]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.AssignStmt:
			for _, target := range node.Lhs {
				assigned[target] = true
			}
		case *ast.SelectorExpr:
			into := u.read
			if assigned[node] {
				into = u.set
			}
			selected(into, info.Selections[node])
		case *ast.CompositeLit:
			u.composed(info.TypeOf(node), node)
		}
		return true
	})
}

// selected notes the fields on the way to what a selector names: embedded structures, too.
func selected(into map[Field]bool, selection *types.Selection) {
	if selection == nil {
		return
	}
	at, path := selection.Recv(), selection.Index()
	if selection.Kind() != types.FieldVal { // the last step is the method
		path = path[:len(path)-1]
	}
	for _, index := range path {
		structure, ok := structureOf(at)
		if !ok {
			return
		}
		field := structure.Field(index)
		note(into, at, field)
		at = field.Type()
	}
}

// composed notes the fields that a composite literal sets.
func (u *Usage) composed(of types.Type, literal *ast.CompositeLit) {
	structure, ok := structureOf(of)
	if !ok {
		return
	}
	for i, element := range literal.Elts {
		pair, keyed := element.(*ast.KeyValueExpr)
		if !keyed {
			note(u.set, of, structure.Field(i))
			continue
		}
		if name, ok := pair.Key.(*ast.Ident); ok {
			for field := range structure.Fields() {
				if field.Name() == name.Name {
					note(u.set, of, field)
				}
			}
		}
	}
}

func note(into map[Field]bool, of types.Type, field *types.Var) {
	if named, ok := types.Unalias(pointed(of)).(*types.Named); ok && named.Obj().Pkg() != nil {
		into[Field{Package: named.Obj().Pkg().Path(), Structure: named.Obj().Name(), Name: field.Name()}] = true
	}
}

func structureOf(of types.Type) (*types.Struct, bool) {
	if of == nil {
		return nil, false
	}
	structure, ok := pointed(of).Underlying().(*types.Struct)
	return structure, ok
}

func pointed(of types.Type) types.Type {
	if pointer, ok := of.Underlying().(*types.Pointer); ok {
		return pointer.Elem()
	}
	return of
}
