package users

import (
	"encoding/json"
	"strings"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
)

// Claims returns the values of the named claims that the user has. A name may carry a language tag ("name#ja"); one
// without is tried in each of the locales first (OpenID Connect Core 1.0, section 5.2).
func Claims(user *configv1alpha1.User, names, locales []string) map[string]json.RawMessage {
	values := map[string]json.RawMessage{}
	for _, name := range names {
		if value, ok := claim(user, name, locales); ok {
			values[name] = value
		}
	}
	return values
}

// claim returns one value. The sub claim is the server's, not the user's.
func claim(user *configv1alpha1.User, name string, locales []string) (json.RawMessage, bool) {
	if name == "sub" {
		return nil, false
	}
	base, tag, tagged := strings.Cut(name, "#")
	if tagged {
		locales = []string{tag}
	}
	for _, locale := range locales {
		if value, ok := translated(user, base, locale); ok {
			return value, true
		}
	}
	value, ok := user.Claims[base]
	return value, ok
}

// translated returns the value of a claim with a language tag, whose case does not matter (BCP 47).
func translated(user *configv1alpha1.User, base, tag string) (json.RawMessage, bool) {
	if value, ok := user.Claims[base+"#"+tag]; ok {
		return value, true
	}
	for name, value := range user.Claims {
		if have, haveTag, tagged := strings.Cut(name, "#"); tagged && have == base && strings.EqualFold(haveTag, tag) {
			return value, true
		}
	}
	return nil, false
}

// EncodeClaims returns claims as the API takes them; empty for none.
func EncodeClaims(values map[string]json.RawMessage) (string, error) {
	if len(values) == 0 {
		return "", nil
	}
	text, err := json.Marshal(values)
	return string(text), err
}

// DisplayName returns how a page addresses the user.
func DisplayName(user *configv1alpha1.User) string {
	for _, name := range []string{"name", "given_name", "nickname"} {
		var text string
		if json.Unmarshal(user.Claims[name], &text) == nil && text != "" {
			return text
		}
	}
	return user.Username
}
