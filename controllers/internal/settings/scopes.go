package settings

import (
	"cmp"
	"maps"
	"slices"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

// scopes are the scopes that a spec names. Scopes that it does not name are not wanted, except the standard ones, which
// it declares only by naming them.
type scopes struct {
	named    []authv1alpha1.Scope
	standard map[string]bool
	// complete are the named scopes with the defaults that a new scope gets.
	complete map[string]authlete.Scope
}

func newScopes(spec *authv1alpha1.AuthorizationServerSpec) scopes {
	s := scopes{named: spec.Scopes, standard: map[string]bool{}, complete: map[string]authlete.Scope{}}
	for _, scope := range (&authv1alpha1.AuthorizationServerSpec{}).EffectiveScopes() {
		s.standard[string(scope.Name)] = true
	}
	for _, scope := range spec.EffectiveScopes() {
		name := string(scope.Name)
		s.complete[name] = authlete.Scope{
			Name: name, Description: scope.Description, DefaultEntry: scope.Grant == authv1alpha1.ScopeByDefault,
		}
	}
	return s
}

func (scopes) name() string { return "supportedScopes" }

// shownScope is what is shown of a scope: unknown members may hold anything.
type shownScope struct {
	Name         string `json:"name"`
	Description  string `json:"description,omitempty"`
	DefaultEntry bool   `json:"defaultEntry,omitempty"`
}

// compare shows the scopes in question only: all of them would not fit into a status in many cases.
func (s scopes) compare(have *authlete.Service) (declared, actual string, differ bool) {
	want, is := byName(s.merged(have.SupportedScopes)), byName(have.SupportedScopes)
	for name, scope := range want {
		if is[name] == scope {
			delete(want, name)
			delete(is, name)
		}
	}
	return text(inOrder(want)), text(inOrder(is)), len(want)+len(is) > 0
}

// byName returns what is shown of scopes. The first of a name counts.
func byName(scopes []authlete.Scope) map[string]shownScope {
	all := make(map[string]shownScope, len(scopes))
	for _, scope := range slices.Backward(scopes) {
		all[scope.Name] = shownScope{Name: scope.Name, Description: scope.Description, DefaultEntry: scope.DefaultEntry}
	}
	return all
}

func inOrder(scopes map[string]shownScope) []shownScope {
	return slices.SortedFunc(maps.Values(scopes), func(a, b shownScope) int { return cmp.Compare(a.Name, b.Name) })
}

func (s scopes) apply(to *authlete.Service) { to.SupportedScopes = s.merged(to.SupportedScopes) }

// merged returns the scopes that a service should have: those that it has and may keep, in their order and with what else
// is known of them, and then those that it lacks.
func (s scopes) merged(have []authlete.Scope) []authlete.Scope {
	var all []authlete.Scope
	done := map[string]bool{}
	for _, scope := range have {
		_, named := s.find(scope.Name)
		if done[scope.Name] || (!named && !s.standard[scope.Name]) {
			continue
		}
		done[scope.Name] = true
		all = append(all, s.changed(scope))
	}
	for _, scope := range s.named {
		if name := string(scope.Name); !done[name] {
			done[name] = true
			all = append(all, s.complete[name])
		}
	}
	return all
}

// changed returns a scope with what the spec says of it.
func (s scopes) changed(scope authlete.Scope) authlete.Scope {
	named, ok := s.find(scope.Name)
	if !ok {
		return scope
	}
	if named.Description != "" {
		scope.Description = named.Description
	}
	if named.Grant != "" {
		scope.DefaultEntry = named.Grant == authv1alpha1.ScopeByDefault
	}
	return scope
}

func (s scopes) find(name string) (authv1alpha1.Scope, bool) {
	i := slices.IndexFunc(s.named, func(scope authv1alpha1.Scope) bool { return string(scope.Name) == name })
	if i < 0 {
		return authv1alpha1.Scope{}, false
	}
	return s.named[i], true
}
