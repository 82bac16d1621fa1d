package management

import (
	"net/url"
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
