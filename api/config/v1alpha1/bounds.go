package v1alpha1

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// DocumentMaxAgeSeconds is how long relying parties may keep discovery documents and the JWK Set.
const DocumentMaxAgeSeconds = 300

// Lengths of time in seconds.
const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
	year   = 365 * day
)

// Bound is the least and the greatest value that a number of a ServerConfig may have.
type Bound struct {
	// Path is the JSON path of the number.
	Path            string
	Least, Greatest int64
}

// Bounds lists every number of a ServerConfig. Numbers that are fields of the custom resources, too, have the same bounds
// there. The greatest lengths of time are far below what a time.Duration can hold (292 years).
func Bounds() []Bound {
	return []Bound{
		{"backend.authlete.connectSeconds", 1, 15},
		{"backend.authlete.requestSeconds", 1, 15}, // the server gives a request 20 in all
		{"backend.embedded.signing.rotationSeconds", 0, 3650 * day},
		// A key that signs is in every JWK Set that a relying party may still keep, with as much again as a margin.
		{"backend.embedded.signing.publishSeconds", 2 * DocumentMaxAgeSeconds, year},
		{"backend.embedded.storage.postgresql.maxConnections", 1, 1000},
		{"login.freeAttempts", 0, 100},
		{"login.maxDelaySeconds", 1, hour},
		{"service.tokens.accessTokenSeconds", 30, 30 * day},
		{"service.tokens.refreshTokenSeconds", minute, 3650 * day},
		{"service.tokens.refreshAbsoluteSeconds", minute, 3650 * day},
		{"service.tokens.refreshLeewaySeconds", 0, minute},
		{"service.tokens.idTokenSeconds", 30, 7 * day},
		{"service.tokens.authorizationCodeSeconds", 10, 10 * minute},
		{"session.idleSeconds", minute, year},
		{"session.absoluteSeconds", minute, year},
		{"session.interactionSeconds", minute, hour},
		{"shutdown.drainSeconds", 0, 10 * minute},
		{"shutdown.finishSeconds", 1, hour},
	}
}

// validateNumbers compares every number with its row in Bounds. A number without a row is refused.
func validateNumbers(c *ServerConfig) field.ErrorList {
	bounds := map[string]Bound{}
	for _, bound := range Bounds() {
		bounds[bound.Path] = bound
	}
	var errs field.ErrorList
	eachNumber(reflect.ValueOf(c), nil, func(path *field.Path, value int64) {
		bound, ok := bounds[path.String()]
		switch {
		case !ok:
			errs = append(errs, field.InternalError(path, errors.New("the number has no bounds")))
		case value < bound.Least || value > bound.Greatest:
			errs = append(errs, field.Invalid(path, value, fmt.Sprintf("must be between %d and %d", bound.Least, bound.Greatest)))
		}
	})
	return errs
}

// eachNumber visits the numbers of structs, which are in no list or map.
func eachNumber(value reflect.Value, path *field.Path, visit func(*field.Path, int64)) {
	switch {
	case value.Kind() == reflect.Pointer && !value.IsNil():
		eachNumber(value.Elem(), path, visit)
	case value.CanInt():
		visit(path, value.Int())
	case value.Kind() == reflect.Struct:
		for i := range value.NumField() {
			name, _, _ := strings.Cut(value.Type().Field(i).Tag.Get("json"), ",")
			switch {
			case name == "":
				eachNumber(value.Field(i), path, visit)
			case path == nil:
				eachNumber(value.Field(i), field.NewPath(name), visit)
			default:
				eachNumber(value.Field(i), path.Child(name), visit)
			}
		}
	}
}
