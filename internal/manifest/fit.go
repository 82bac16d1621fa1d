package manifest

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/authserver-dev/operator/internal/admission"
)

// maxFits bounds how often something is taken out of one object.
const maxFits = 1000

// Removal is a value that the API server would refuse, and that was therefore taken out.
type Removal struct {
	// Path is where it was, for example spec.groups[2].
	Path string
	// Value is what was taken out.
	Value any
	// Reason is the API server's.
	Reason string
}

// maxQuoted bounds what is repeated of a value, in characters.
const maxQuoted = 40

// String says what was taken out, and why.
func (r Removal) String() string {
	shown := ""
	if text, ok := r.Value.(string); ok {
		runes := []rune(text)
		if len(runes) > maxQuoted {
			text = string(runes[:maxQuoted]) + "…"
		}
		shown = fmt.Sprintf(" %q", text)
	}
	return fmt.Sprintf("%s%s was left out: %s", r.Path, shown, r.Reason)
}

// Fitter takes out of objects what the API server would refuse.
type Fitter struct {
	// Validator judges the objects. Required.
	Validator *admission.Validator
	// WholeLists takes out a list of which one item is refused, because what is left would mean something else.
	WholeLists bool
	// Keep are paths without which the object would mean something else. If one is refused, the object is.
	Keep []string
}

// Fit takes out what is refused, and says what and why. An error means that something is refused without which the object
// cannot be.
func (f *Fitter) Fit(ctx context.Context, object map[string]any) ([]Removal, error) {
	var removals []Removal
	for range maxFits {
		errs := f.Validator.Validate(ctx, object)
		if len(errs) == 0 {
			return removals, nil
		}
		if last := len(removals) - 1; last >= 0 && errs[0].Type == field.ErrorTypeRequired && removals[last].Path == errs[0].Field {
			return removals[:last], fmt.Errorf("%s: %s", errs[0].Field, removals[last].Reason)
		}
		path := f.path(errs[0])
		value, _ := at(object, path)
		if slices.Contains(f.Keep, spelled(path)) || !remove(object, path) {
			return removals, fmt.Errorf("%s: %s", errs[0].Field, reason(errs[0]))
		}
		removals = append(removals, Removal{Path: spelled(path), Value: value, Reason: reason(errs[0])})
	}
	return removals, fmt.Errorf("more than %d values are refused", maxFits)
}

// path returns what to take out for an error: what it is about, or, if that is missing, what it is missing in.
func (f *Fitter) path(err *field.Error) []string {
	path := segments(err.Field)
	if err.Type == field.ErrorTypeRequired && len(path) > 0 {
		path = path[:len(path)-1]
	}
	if f.WholeLists {
		for i, segment := range path {
			if isIndex(segment) {
				return path[:i]
			}
		}
	}
	return path
}

// segmentPattern matches a member or an index.
var segmentPattern = regexp.MustCompile(`[^.\[\]]+|\[[0-9]+\]`)

// segments takes a path apart: spec.groups[2] has three.
func segments(path string) []string { return segmentPattern.FindAllString(path, -1) }

func isIndex(segment string) bool { return strings.HasPrefix(segment, "[") }

// spelled puts a path together.
func spelled(path []string) string {
	var text strings.Builder
	for i, segment := range path {
		if i > 0 && !isIndex(segment) {
			text.WriteByte('.')
		}
		text.WriteString(segment)
	}
	return text.String()
}

// remove takes what the path leads to out of the object; false if that is not below spec, or nothing.
func remove(object map[string]any, path []string) bool {
	if len(path) < 2 || path[0] != "spec" {
		return false
	}
	parent, ok := at(object, path[:len(path)-1])
	if !ok {
		return false
	}
	last := path[len(path)-1]
	switch parent := parent.(type) {
	case map[string]any:
		if _, there := parent[last]; !there {
			return false
		}
		delete(parent, last)
		return true
	case []any:
		i, err := strconv.Atoi(strings.Trim(last, "[]"))
		if err != nil || i >= len(parent) {
			return false
		}
		rest := append(append([]any{}, parent[:i]...), parent[i+1:]...)
		return replace(object, path[:len(path)-1], rest)
	default:
		return false
	}
}

// at returns what the path leads to.
func at(object any, path []string) (any, bool) {
	for _, segment := range path {
		switch value := object.(type) {
		case map[string]any:
			member, ok := value[segment]
			if !ok {
				return nil, false
			}
			object = member
		case []any:
			i, err := strconv.Atoi(strings.Trim(segment, "[]"))
			if err != nil || i >= len(value) {
				return nil, false
			}
			object = value[i]
		default:
			return nil, false
		}
	}
	return object, true
}

// replace gives a member of an object another value. An empty list goes.
func replace(object map[string]any, path []string, list []any) bool {
	parent, ok := at(object, path[:len(path)-1])
	if !ok {
		return false
	}
	members, ok := parent.(map[string]any)
	if !ok {
		return false
	}
	members[path[len(path)-1]] = list
	if len(list) == 0 {
		delete(members, path[len(path)-1])
	}
	return true
}

// reason is why a value is refused, without the value.
func reason(err *field.Error) string {
	if err.Type == field.ErrorTypeNotSupported {
		return "the value is not among those that the resource knows (" + err.Detail + ")"
	}
	if err.Detail == "" {
		return err.Type.String()
	}
	return err.Detail
}
