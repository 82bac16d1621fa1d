package clientcall

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func basic(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }

func TestParseBasic(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		value  string
		found  []Credentials
		result header
	}{
		"ordinary":            {basic("app:secret"), []Credentials{{"app", "secret"}}, present},
		"colon in the secret": {basic("app:se:cr:et"), []Credentials{{"app", "se:cr:et"}}, present},
		"encoded":             {basic("a%3Ab:s%25+x"), []Credentials{{"a:b", "s% x"}, {"a%3Ab", "s%25+x"}}, present},
		"base64 secret":       {basic("app:a+b/c=="), []Credentials{{"app", "a b/c=="}, {"app", "a+b/c=="}}, present},
		"empty secret":        {basic("app:"), []Credentials{{"app", ""}}, present},
		"lower case scheme":   {"basic " + base64.StdEncoding.EncodeToString([]byte("a:b")), []Credentials{{"a", "b"}}, present},
		"single percent":      {basic("app:50%off"), []Credentials{{"app", "50%off"}}, present},
		"percent in the user": {basic("a%zz:s+x"), []Credentials{{"a%zz", "s+x"}}, present},
		"no header":           {"", nil, absent},
		"another scheme":      {"Bearer abc", nil, absent},
		"not base64":          {"Basic ***", nil, malformed},
		"no colon":            {basic("app"), nil, malformed},
		"no user":             {basic(":secret"), nil, malformed},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
		r.Header.Set("Authorization", test.value)
		found, count, result := parseBasic(r)
		if result != test.result || !slices.Equal(found[:count], test.found) {
			t.Errorf("%s: %+v, %v", name, found[:count], result)
		}
	}
}

func FuzzParseBasic(f *testing.F) {
	f.Add("app", "se:cret")
	f.Fuzz(func(t *testing.T, user, password string) {
		r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
		r.SetBasicAuth(url.QueryEscape(user), url.QueryEscape(password))
		found, count, result := parseBasic(r)
		if user != "" && (result != present || count == 0 || found[0] != (Credentials{user, password})) {
			t.Errorf("%q:%q came back as %+v, %v", user, password, found[:count], result)
		}
		if strings.Contains(user, ":") || user == "" {
			return
		}
		r.SetBasicAuth(user, password) // as many libraries do
		found, count, result = parseBasic(r)
		if result != present || !slices.Contains(found[:count], Credentials{user, password}) {
			t.Errorf("%q:%q, not encoded, came back as %+v, %v", user, password, found[:count], result)
		}
	})
}
