package manifest

import (
	"regexp"
	"strconv"
	"strings"
)

// maxName leaves room for suffixes in the names of other objects.
const maxName = 50

// foreign matches what may not be in the name of an object.
var foreign = regexp.MustCompile(`[^a-z0-9]+`)

// Plain keeps of a text what may be in the name of an object; empty if nothing is left.
func Plain(text string) string {
	text = strings.Trim(foreign.ReplaceAllString(strings.ToLower(text), "-"), "-")
	return strings.Trim(text[:min(len(text), maxName)], "-")
}

// Names gives each object a name of its own. The zero value is ready.
type Names struct{ taken map[string]bool }

// Take returns a name that is made of the first text that something is left of, and, if another object has it, of the
// identifier too.
func (n *Names) Take(identifier string, texts ...string) string {
	if n.taken == nil {
		n.taken = map[string]bool{}
	}
	name := ""
	for _, text := range append(texts, "object-"+identifier) {
		if name = Plain(text); name != "" {
			break
		}
	}
	if n.taken[name] {
		name = strings.Trim(name+"-"+Plain(identifier), "-")
	}
	unique := name
	for i := 2; n.taken[unique]; i++ {
		unique = name + "-" + strconv.Itoa(i)
	}
	n.taken[unique] = true
	return unique
}
