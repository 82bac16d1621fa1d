package params

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Limits of a request. They are far above what OAuth needs and far below what hurts.
const (
	maxLength = 64 << 10
	maxCount  = 100
)

// Errors that Parse wraps.
var (
	// ErrMalformed means that the text is not application/x-www-form-urlencoded or is too large.
	ErrMalformed = errors.New("malformed parameters")
	// ErrRepeated means that a parameter that the server reads occurs more than once (RFC 6749, section 3.1).
	ErrRepeated = errors.New("repeated parameter")
)

// Values are parameters by name, each with one non-empty value. Of repeated parameters that the server does not read, the
// first value is kept.
type Values struct {
	pairs []pair
}

type pair struct{ name, value string }

// Parse parses application/x-www-form-urlencoded text. A parameter without a
// value counts as absent (RFC 6749, section 3.1).
func Parse(raw string) (Values, error) {
	if len(raw) > maxLength {
		return Values{}, fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrMalformed, len(raw), maxLength)
	}
	values := Values{pairs: make([]pair, 0, 8)}
	for count := 0; raw != ""; count++ {
		if count == maxCount {
			return Values{}, fmt.Errorf("%w: more than %d parameters", ErrMalformed, maxCount)
		}
		var part string
		part, raw, _ = strings.Cut(raw, "&")
		if part == "" {
			continue
		}
		if err := values.add(part); err != nil {
			return Values{}, err
		}
	}
	return values, nil
}

// add decodes name=value.
func (v *Values) add(part string) error {
	name, value, _ := strings.Cut(part, "=")
	name, err := url.QueryUnescape(name)
	if err != nil {
		return fmt.Errorf("%w: a name is not URL-encoded", ErrMalformed)
	}
	value, err = url.QueryUnescape(value)
	if err != nil {
		return fmt.Errorf("%w: the value of a parameter is not URL-encoded", ErrMalformed)
	}
	// RFC 6749, appendix B: the text is UTF-8. Anything else would not come back as it was.
	if !utf8.ValidString(value) || !utf8.ValidString(name) {
		return fmt.Errorf("%w: a parameter is not UTF-8", ErrMalformed)
	}
	if value == "" {
		return nil
	}
	if v.Has(name) {
		if Single(name) {
			return fmt.Errorf("%w: %q", ErrRepeated, name)
		}
		return nil
	}
	v.pairs = append(v.pairs, pair{name, value})
	return nil
}

// Get returns the value of a parameter, empty if it is absent.
func (v Values) Get(name string) string {
	for _, p := range v.pairs {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

// Has says whether a parameter is there.
func (v Values) Has(name string) bool { return v.Get(name) != "" }

// Single says whether the server reads the parameter as one value. Other parameters are unknown to it, or may be repeated
// (resource of RFC 8707, audience of RFC 8693), and a repeat is no error.
func Single(name string) bool {
	switch name {
	case "client_id", "client_secret", "client_assertion", "client_assertion_type", // who asks
		"response_type", "response_mode", "redirect_uri", "scope", "state", "request", "request_uri", "registration",
		"code_challenge", "code_challenge_method", "nonce", "prompt", "max_age", "claims", "acr_values", "id_token_hint", "login_hint",
		"display", "ui_locales", "claims_locales", // authorization endpoint
		"grant_type", "code", "code_verifier", "refresh_token", "username", "password", // token endpoint
		"token", "token_type_hint": // revocation and introspection
		return true
	default:
		return false
	}
}
