package settings

import (
	"cmp"
	"slices"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

// Diff returns the declared settings that the backend does not have as declared, sorted by field.
func Diff[T any](have *T, declared Declared[T]) []authv1alpha1.SettingDifference {
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

// Merge returns what the backend has with the declared settings. Everything else stays as it is: settings that are not
// declared, members that this project does not know, and those that the API does not let anybody set, which it wants back
// unchanged. So does a declared setting that differs by no more than the order of a list. What the backend has is not
// changed.
func Merge[T any](have *T, declared Declared[T]) *T {
	merged := *have
	for _, s := range declared.settings {
		if _, _, differ := s.compare(have); differ {
			s.apply(&merged)
		}
	}
	return &merged
}

// value is a setting of an S with one value.
type value[S any, T comparable] struct {
	field string
	want  T
	of    func(*S) *T
}

func (v value[S, T]) name() string { return v.field }

func (v value[S, T]) compare(have *S) (declared, actual string, differ bool) {
	is := *v.of(have)
	return text(v.want), text(is), is != v.want
}

func (v value[S, T]) apply(to *S) { *v.of(to) = v.want }

// list is a setting of an S with a set of values.
type list[S any, T ~string] struct {
	field string
	want  []T
	of    func(*S) *[]T
}

func (l list[S, T]) name() string { return l.field }

func (l list[S, T]) compare(have *S) (declared, actual string, differ bool) {
	want, is := sorted(l.want), sorted(*l.of(have))
	return text(want), text(is), !slices.Equal(want, is)
}

func (l list[S, T]) apply(to *S) { *l.of(to) = slices.Clone(l.want) }

// derived is a setting of an S that is not simply one of its members.
type derived[S any, T any] struct {
	field string
	want  T
	get   func(*S) T
	set   func(*S, T)
	same  func(have, want T) bool
}

func (d derived[S, T]) name() string { return d.field }

func (d derived[S, T]) compare(have *S) (declared, actual string, differ bool) {
	is := d.get(have)
	return text(d.want), text(is), !d.same(is, d.want)
}

func (d derived[S, T]) apply(to *S) { d.set(to, d.want) }

// sorted returns each value once, in order.
func sorted[T ~string](values []T) []T {
	return slices.Compact(slices.Sorted(slices.Values(values)))
}
