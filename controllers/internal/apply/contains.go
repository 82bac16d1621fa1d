package apply

import (
	"reflect"
	"slices"
)

// contains says whether have has every field of want, with the same value. Other fields do not matter: the API server
// and others set them. Lists must have the same length and order; where somebody else adds to one, the answer is false
// and the API server, which knows the owners, decides.
func contains(have, want map[string]any, except ...string) bool {
	for field, value := range want {
		if !slices.Contains(except, field) && !covers(have[field], value) {
			return false
		}
	}
	return true
}

// covers is contains for any value. An empty value and no value are the same: the API server drops some.
func covers(have, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		m, ok := have.(map[string]any)
		return (ok || have == nil) && contains(m, want)
	case []any:
		list, ok := have.([]any)
		if (!ok && have != nil) || len(list) != len(want) {
			return false
		}
		for i := range want {
			if !covers(list[i], want[i]) {
				return false
			}
		}
		return true
	default:
		return reflect.DeepEqual(have, want)
	}
}
