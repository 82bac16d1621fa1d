package settings

import (
	"cmp"
	"slices"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

// Diff returns the declared settings that the service does not have as declared, sorted by field.
func Diff(have *authlete.Service, declared Declared) []authv1alpha1.SettingDifference {
	var all []authv1alpha1.SettingDifference
	for _, s := range declared.settings {
		want, actual, differ := s.compare(have)
		if differ {
			name := s.name()
			all = append(all, authv1alpha1.SettingDifference{Field: name, Declared: shown(name, want), Actual: shown(name, actual)})
		}
	}
	slices.SortFunc(all, func(a, b authv1alpha1.SettingDifference) int { return cmp.Compare(a.Field, b.Field) })
	return all
}

// Merge returns the service with the declared settings. Everything else stays as it is: settings that are not declared,
// members that this project does not know, and those that the API does not let anybody set, which it wants back unchanged.
// So does a declared setting that differs by no more than the order of a list. The service itself is not changed.
func Merge(have *authlete.Service, declared Declared) *authlete.Service {
	merged := *have
	for _, s := range declared.settings {
		if _, _, differ := s.compare(have); differ {
			s.apply(&merged)
		}
	}
	return &merged
}

// value is a setting with one value.
type value[T comparable] struct {
	field string
	want  T
	of    func(*authlete.Service) *T
}

func (v value[T]) name() string { return v.field }

func (v value[T]) compare(have *authlete.Service) (declared, actual string, differ bool) {
	is := *v.of(have)
	return text(v.want), text(is), is != v.want
}

func (v value[T]) apply(to *authlete.Service) { *v.of(to) = v.want }

// list is a setting with a set of values.
type list[T ~string] struct {
	field string
	want  []T
	of    func(*authlete.Service) *[]T
}

func (l list[T]) name() string { return l.field }

func (l list[T]) compare(have *authlete.Service) (declared, actual string, differ bool) {
	want, is := sorted(l.want), sorted(*l.of(have))
	return text(want), text(is), !slices.Equal(want, is)
}

func (l list[T]) apply(to *authlete.Service) { *l.of(to) = slices.Clone(l.want) }

// sorted returns each value once, in order.
func sorted[T ~string](values []T) []T {
	return slices.Compact(slices.Sorted(slices.Values(values)))
}
