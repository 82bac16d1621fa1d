package server_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/test/servertest"
)

// TestSecretsAsClientsSendThem: a secret of any characters authenticates its client, form-encoded as RFC 6749 demands or as
// it is, as many libraries send it; a wrong one never does.
func TestSecretsAsClientsSendThem(t *testing.T) {
	t.Parallel()
	callers := t.TempDir()
	secrets := map[string]string{
		"plus": "abcdefgh+ijklmnop+qrstuvwxyz0123456789==", "percent": "abcdefgh%ijklmnop%qrstuvwxyz0123456789",
		"escape": "abcdefgh%2Bijklmnop%qrstuvwxyz0123456789", "colon": "abcdefgh:ijklmnop:qrstuvwxyz0123456789",
		"rest": "abcdefgh/ij&kl=mn;op\"q'r~s$t!u*v(w)x0123456789", "space": "abcdefgh ijklmnop qrstuvwxyz 0123456789",
	}
	s := servertest.Start(t, servertest.Options{Configure: func(c *configv1alpha1.ServerConfig) {
		for name, secret := range secrets {
			file := filepath.Join(callers, name)
			if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
				t.Fatal(err)
			}
			c.Introspection.Callers = append(c.Introspection.Callers, configv1alpha1.IntrospectionCaller{Name: name, SecretFile: file})
		}
	}})
	for name, secret := range secrets {
		s.Client(t, func(c *authlete.Client) { c.ClientIDAlias = name })
		if _, err := s.Engine.ClientSecretUpdate(t.Context(), name, &authlete.ClientSecretUpdateRequest{ClientSecret: secret}); err != nil {
			t.Fatal(err)
		}
		for sent, right := range map[string]bool{
			secret: true, url.QueryEscape(secret): true, url.PathEscape(secret): true, secret + "+": false, strings.ToUpper(secret): false, "": false,
		} {
			for path, form := range map[string]url.Values{
				"/api/token": {"grant_type": {"client_credentials"}}, "/api/revocation": {"token": {"x"}}, "/api/introspection": {"token": {"x"}},
			} {
				status := sendBasic(t, s, path, form, name+":"+sent).StatusCode
				if (status == http.StatusOK) != right || (!right && status != http.StatusUnauthorized) {
					t.Errorf("%s, secret %q sent as %q: %d", path, secret, sent, status)
				}
			}
		}
	}
}

// sendBasic posts a form with the text in the Authorization header as it is.
func sendBasic(t *testing.T, s *servertest.Server, path string, form url.Values, text string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	user, password, _ := strings.Cut(text, ":")
	request.SetBasicAuth(user, password)
	return roundTrip(t, request)
}

// TestRefusalsNameTheClient: whatever a client is refused for, and however it names itself, the log says which it claims to
// be.
func TestRefusalsNameTheClient(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	s.Client(t, nil)
	for _, path := range []string{"/api/token", "/api/revocation", "/api/introspection"} {
		for how, test := range map[string]struct {
			form url.Values
			text string
		}{
			"header":         {url.Values{"x": {"y"}}, "odd-%s:wrong"},
			"body":           {url.Values{"client_id": {"odd-%s"}, "client_secret": {"wrong"}}, ""},
			"body, no basic": {url.Values{"client_id": {"odd-%s"}}, ""},
		} {
			name := strings.NewReplacer("/", "-", " ", "-", ",", "").Replace(path + "-" + how)
			form := url.Values{}
			for key, values := range test.form {
				form.Set(key, strings.ReplaceAll(values[0], "%s", name))
			}
			var got answer
			if test.text != "" {
				got = sendBasic(t, s, path, form, strings.ReplaceAll(test.text, "%s", name))
			} else {
				got = send(t, s, http.MethodPost, path, form, "", "")
			}
			if got.StatusCode/100 != 4 || !strings.Contains(s.Log(), `"client":"odd-`+name+`"`) {
				t.Errorf("%s, %s: %d, and the log does not name the client:\n%s", path, how, got.StatusCode, s.Log())
			}
		}
	}
	if strings.Contains(s.Log(), "wrong") {
		t.Error("a secret is in the log")
	}
}
