package clientcall

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

func basic(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }

func TestParseBasic(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		value          string
		user, password string
		result         header
	}{
		"ordinary":            {basic("app:secret"), "app", "secret", present},
		"colon in the secret": {basic("app:se:cr:et"), "app", "se:cr:et", present},
		"encoded":             {basic("a%3Ab:s%25+x"), "a:b", "s% x", present},
		"empty secret":        {basic("app:"), "app", "", present},
		"lower case scheme":   {"basic " + base64.StdEncoding.EncodeToString([]byte("a:b")), "a", "b", present},
		"no header":           {"", "", "", absent},
		"another scheme":      {"Bearer abc", "", "", absent},
		"not base64":          {"Basic ***", "", "", malformed},
		"no colon":            {basic("app"), "", "", malformed},
		"no user":             {basic(":secret"), "", "", malformed},
		"bad escape":          {basic("app:%zz"), "", "", malformed},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
		r.Header.Set("Authorization", test.value)
		got, result := parseBasic(r)
		if result != test.result || got.User != test.user || got.Password != test.password {
			t.Errorf("%s: %+v, %v", name, got, result)
		}
	}
}

func FuzzParseBasic(f *testing.F) {
	f.Add("app", "se:cret")
	f.Fuzz(func(t *testing.T, user, password string) {
		r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
		r.SetBasicAuth(url.QueryEscape(user), url.QueryEscape(password))
		got, result := parseBasic(r)
		if user != "" && (result != present || got.User != user || got.Password != password) {
			t.Errorf("%q:%q came back as %+v, %v", user, password, got, result)
		}
	})
}
