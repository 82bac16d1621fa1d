package basicauth_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/authserver-dev/operator/server/basicauth"
)

func basic(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }

func TestParse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header         string
		user, password string
		result         basicauth.Result
	}{
		"ordinary":            {basic("app:secret"), "app", "secret", basicauth.Present},
		"colon in the secret": {basic("app:se:cr:et"), "app", "se:cr:et", basicauth.Present},
		"encoded":             {basic("a%3Ab:s%25+x"), "a:b", "s% x", basicauth.Present},
		"empty secret":        {basic("app:"), "app", "", basicauth.Present},
		"lower case scheme":   {"basic " + base64.StdEncoding.EncodeToString([]byte("a:b")), "a", "b", basicauth.Present},
		"no header":           {"", "", "", basicauth.Absent},
		"another scheme":      {"Bearer abc", "", "", basicauth.Absent},
		"not base64":          {"Basic ***", "", "", basicauth.Malformed},
		"no colon":            {basic("app"), "", "", basicauth.Malformed},
		"no user":             {basic(":secret"), "", "", basicauth.Malformed},
		"bad escape":          {basic("app:%zz"), "", "", basicauth.Malformed},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
		r.Header.Set("Authorization", test.header)
		got, result := basicauth.Parse(r)
		if result != test.result || got.User != test.user || got.Password != test.password {
			t.Errorf("%s: %+v, %v", name, got, result)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("app", "se:cret")
	f.Fuzz(func(t *testing.T, user, password string) {
		r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
		r.SetBasicAuth(url.QueryEscape(user), url.QueryEscape(password))
		got, result := basicauth.Parse(r)
		if user != "" && (result != basicauth.Present || got.User != user || got.Password != password) {
			t.Errorf("%q:%q came back as %+v, %v", user, password, got, result)
		}
	})
}
