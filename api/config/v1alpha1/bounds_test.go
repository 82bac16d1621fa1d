package v1alpha1_test

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
)

// complete is a configuration in which every struct is set, so that every number is reached.
func complete() *configv1alpha1.ServerConfig {
	c := minimal()
	c.Backend.Embedded.Storage = configv1alpha1.Storage{
		Type: configv1alpha1.StoragePostgreSQL, PostgreSQL: &configv1alpha1.PostgreSQLStorage{ConnectionFile: "url"},
	}
	configv1alpha1.Default(c)
	return c
}

// number is a number of a configuration.
type number struct {
	path    string
	value   reflect.Value
	pointer bool
}

// numbers lists the numbers of a value by their JSON paths.
func numbers(path string, value reflect.Value) []number {
	switch value.Kind() {
	case reflect.Pointer:
		if value.IsNil() {
			return nil
		}
		found := numbers(path, value.Elem())
		if len(found) == 1 && found[0].path == path {
			found[0].pointer = true
		}
		return found
	case reflect.Struct:
		var found []number
		for i := range value.NumField() {
			name, _, _ := strings.Cut(value.Type().Field(i).Tag.Get("json"), ",")
			found = append(found, numbers(strings.Trim(path+"."+name, "."), value.Field(i))...)
		}
		return found
	case reflect.Int32, reflect.Int64:
		return []number{{path: path, value: value}}
	default:
		return nil
	}
}

// TestEveryNumberIsBounded: no number of the file is accepted at the end of what its type can hold.
func TestEveryNumberIsBounded(t *testing.T) {
	t.Parallel()
	for _, build := range []func() *configv1alpha1.ServerConfig{complete, remote} {
		for i, n := range numbers("", reflect.ValueOf(build()).Elem()) {
			for _, extreme := range []int64{math.MinInt32, math.MaxInt32} {
				c := build()
				numbers("", reflect.ValueOf(c).Elem())[i].value.SetInt(extreme)
				if errs := configv1alpha1.Validate(c); len(errs) == 0 || !strings.Contains(errs.ToAggregate().Error(), n.path) {
					t.Errorf("%s: %d is accepted: %v", n.path, extreme, errs)
				}
			}
		}
	}
}

// TestBoundsNameNumbers: every row of Bounds is about a number of the file, and every number whose least value is 0 is a
// pointer, so that 0 differs from an absent value.
func TestBoundsNameNumbers(t *testing.T) {
	t.Parallel()
	pointers := map[string]bool{}
	for _, c := range []*configv1alpha1.ServerConfig{complete(), remote()} {
		for _, n := range numbers("", reflect.ValueOf(c).Elem()) {
			pointers[n.path] = n.pointer
		}
	}
	for _, bound := range configv1alpha1.Bounds() {
		pointer, known := pointers[bound.Path]
		if !known || bound.Least > bound.Greatest {
			t.Errorf("%s: known %t, bounds %d to %d", bound.Path, known, bound.Least, bound.Greatest)
		}
		if pointer != (bound.Least <= 0) {
			t.Errorf("%s: pointer is %t, least value %d", bound.Path, pointer, bound.Least)
		}
		delete(pointers, bound.Path)
	}
	for path := range pointers {
		t.Errorf("%s has no bounds", path)
	}
}

// TestBoundsAreValid: the least and the greatest values are accepted together.
func TestBoundsAreValid(t *testing.T) {
	t.Parallel()
	for _, build := range []func() *configv1alpha1.ServerConfig{complete, remote} {
		for name, pick := range map[string]func(configv1alpha1.Bound) int64{
			"least":    func(b configv1alpha1.Bound) int64 { return b.Least },
			"greatest": func(b configv1alpha1.Bound) int64 { return b.Greatest },
		} {
			c := build()
			for _, n := range numbers("", reflect.ValueOf(c).Elem()) {
				for _, bound := range configv1alpha1.Bounds() {
					if bound.Path == n.path {
						n.value.SetInt(pick(bound))
					}
				}
			}
			if errs := configv1alpha1.Validate(c); len(errs) > 0 {
				t.Errorf("%s values: %v", name, errs)
			}
		}
	}
}

// TestGreatestValuesFit: in the type of their field, as a length of time, and as a time from now in milliseconds.
func TestGreatestValuesFit(t *testing.T) {
	t.Parallel()
	for _, bound := range configv1alpha1.Bounds() {
		duration := configv1alpha1.Seconds(bound.Greatest).Duration()
		if bound.Greatest > math.MaxInt32 || duration/time.Second != time.Duration(bound.Greatest) {
			t.Errorf("%s: %d seconds do not fit", bound.Path, bound.Greatest)
		}
		if end := time.Unix(0, 0).AddDate(100, 0, 0).Add(duration); end.UnixNano()/1e6 != end.UnixMilli() {
			t.Errorf("%s: %s is no time that can be stored", bound.Path, end)
		}
	}
}
