package openapi

import (
	"fmt"
	"maps"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// maxFilledDepth bounds what is made of a schema that contains itself.
const maxFilledDepth = 4

// Filled returns an object of a schema that has every member, each with a value that no default is: true, 7, the last
// value of an enumeration, lists with one entry.
func (d *Document) Filled(name string) (map[string]any, error) {
	schemas := d.doc.Components.Schemas
	found, ok := schemas[name]
	if !ok { // the documents differ in spelling
		found, ok = schemas[strings.ToUpper(name[:1])+name[1:]]
	}
	if !ok {
		return nil, fmt.Errorf("%s has no schema %s", d.Name, name)
	}
	filled, ok := filledOf(found.Value, 0).(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s of %s is no object", name, d.Name)
	}
	return filled, nil
}

func filledOf(schema *openapi3.Schema, depth int) any {
	switch {
	case depth > maxFilledDepth:
		return nil
	case len(schema.Enum) > 0:
		return schema.Enum[len(schema.Enum)-1]
	case schema.Type.Is(openapi3.TypeBoolean):
		return true
	case schema.Type.Is(openapi3.TypeInteger), schema.Type.Is(openapi3.TypeNumber):
		return 7
	case schema.Type.Is(openapi3.TypeArray):
		if schema.Items == nil {
			return []any{}
		}
		return []any{filledOf(schema.Items.Value, depth+1)}
	case schema.Type.Is(openapi3.TypeObject) || len(schema.Properties) > 0 || len(schema.AllOf) > 0:
		members := map[string]any{}
		for _, part := range schema.AllOf {
			if more, ok := filledOf(part.Value, depth+1).(map[string]any); ok {
				maps.Copy(members, more)
			}
		}
		for name, property := range schema.Properties {
			members[name] = filledOf(property.Value, depth+1)
		}
		return members
	default:
		return "example"
	}
}
