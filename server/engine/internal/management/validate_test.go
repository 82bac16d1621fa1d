package management

import (
	"math"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/registry"
)

// FuzzRedirectURI: whatever is registered, answers go to https, to this machine, or to an app's own scheme.
func FuzzRedirectURI(f *testing.F) {
	for _, seed := range []string{
		"https://app.example.com/cb", "http://127.0.0.1:8080/cb", "http://[::1]/", "com.example.app:/cb", "javascript:alert(1)", "https:///x",
		"HTTPS://A.example/?q=1", "http://localhost.evil.example/", "data.x:text/html,<script>", "https://a@b/#f", "//host/path",
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, uri string, native bool) {
		application := authlete.ApplicationWeb
		if native {
			application = authlete.ApplicationNative
		}
		if redirectProblem(uri, application) != "" {
			return
		}
		if strings.ContainsFunc(uri, notURI) || strings.Contains(uri, "#") {
			t.Fatalf("accepted %q", uri)
		}
		parsed, err := url.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		switch scheme := parsed.Scheme; {
		case scheme == "https" && parsed.Hostname() != "":
		case scheme == "http" && registry.LoopbackHost(parsed.Hostname()):
		case native && strings.Contains(scheme, "."):
		default:
			t.Fatalf("accepted %q of a %s client", uri, application)
		}
	})
}

// TestLifetimesAreBounded: no lifetime that a caller sets can overflow when it is added to a time, whatever its member is called.
func TestLifetimesAreBounded(t *testing.T) {
	t.Parallel()
	valid := authlete.Service{Issuer: "https://as.example.com", AccessTokenDuration: 60, IDTokenDuration: 60, AuthorizationCodeDuration: 60}
	if err := checkSettings("service/update", &valid, &valid); err != nil {
		t.Fatal(err)
	}
	for _, seconds := range []int64{maxSeconds + 1, 1e10, math.MaxInt64} {
		for name, set := range secondsOf(&valid) {
			set(seconds)
			if checkSettings("service/update", &valid, &valid) == nil || CheckService(&valid, nil) == nil {
				t.Errorf("service: %s = %d is accepted", name, seconds)
			}
			set(60)
		}
		client := authlete.Client{Extension: &authlete.ClientExtension{}}
		for _, part := range []any{&client, client.Extension} {
			for name, set := range secondsOf(part) {
				set(seconds)
				if checkLimits("client/update", &client) == nil {
					t.Errorf("client: %s = %d is accepted", name, seconds)
				}
				set(0)
			}
		}
	}
}

// secondsOf returns the setters of a structure's durations and ages.
func secondsOf(pointer any) map[string]func(int64) {
	value := reflect.ValueOf(pointer).Elem()
	setters := map[string]func(int64){}
	for field, part := range value.Fields() {
		seconds := func(suffix string) bool { return strings.HasSuffix(field.Name, suffix) }
		if part.Kind() == reflect.Int64 && slices.ContainsFunc([]string{"Duration", "Leeway", "MaxAge"}, seconds) {
			setters[field.Name] = part.SetInt
		}
	}
	return setters
}
