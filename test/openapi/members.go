package openapi

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Members returns the members of an operation's JSON body, which is that of its request or of its answer of success: JSON
// pointers with * for every index, parents before their members. Below a pointer for which within is false there are none.
func (d *Document) Members(operation, part string, within func(pointer string) bool) ([]string, error) {
	found, err := d.named(operation)
	if err != nil {
		return nil, err
	}
	schema := bodyOf(found, part)
	if schema == nil {
		return nil, nil
	}
	return members(schema, "", within, nil), nil
}

// named returns the operation with a name as Operation has it.
func (d *Document) named(name string) (*openapi3.Operation, error) {
	for template, item := range d.doc.Paths.Map() {
		for method, one := range item.Operations() {
			if (&operation{method: method, template: template}).name() == name {
				return one, nil
			}
		}
	}
	return nil, fmt.Errorf("%s has no operation %s", d.Name, name)
}

// bodyOf is the schema of a body, nil if there is none.
func bodyOf(of *openapi3.Operation, part string) *openapi3.Schema {
	var content openapi3.Content
	if part == Request && of.RequestBody != nil {
		content = of.RequestBody.Value.Content
	}
	if part == Response && of.Responses.Status(http.StatusOK) != nil {
		content = of.Responses.Status(http.StatusOK).Value.Content
	}
	media := content.Get("application/json")
	if media == nil || media.Schema == nil {
		return nil
	}
	return media.Schema.Value
}

// members walks a schema. The schemas on the way are kept to stop where one contains itself.
func members(schema *openapi3.Schema, pointer string, within func(string) bool, way []*openapi3.Schema) []string {
	if slices.Contains(way, schema) {
		return nil
	}
	way = append(slices.Clip(way), schema)
	if schema.Items != nil {
		return members(schema.Items.Value, pointer+"/*", within, way)
	}
	var found []string
	all := properties(schema)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		below := pointer + "/" + name
		found = append(found, below)
		if within(below) {
			found = append(found, members(all[name].Value, below, within, way)...)
		}
	}
	return found
}

// Parent returns the pointer without its last member, and without the * behind it.
func Parent(pointer string) string {
	return strings.TrimSuffix(pointer[:strings.LastIndex(pointer, "/")], "/*")
}
