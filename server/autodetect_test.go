package server_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/test/servertest"
)

// TestProbingLibraryReportsTheError: x/oauth2 repeats a request that failed with the secret in the body, and reports the
// second answer. An application that waits for invalid_grant must see it.
func TestProbingLibraryReportsTheError(t *testing.T) {
	t.Parallel()
	for name, wire := range map[string]*servertest.Wire{"in process": nil, "API 3.0": {Version: credentials.V3}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.Options{Wire: wire})
			client := s.Client(t, nil)
			for form, want := range map[string]string{"refresh_token": "invalid_grant", "authorization_code": "invalid_grant"} {
				config := &oauth2.Config{
					ClientID: client.ClientIDAlias, ClientSecret: client.ClientSecret,
					Endpoint: oauth2.Endpoint{TokenURL: s.URL + "/api/token", AuthStyle: oauth2.AuthStyleAutoDetect},
				}
				err := useGrant(t.Context(), config, form)
				var refused *oauth2.RetrieveError
				if !errors.As(err, &refused) || refused.ErrorCode != want {
					t.Errorf("%s: %v, want %s", form, err, want)
				}
			}
		})
	}
}

// useGrant makes a token request with a grant that is not in force.
func useGrant(ctx context.Context, config *oauth2.Config, grant string) error {
	if grant == "authorization_code" {
		_, err := config.Exchange(ctx, "not-a-code")
		return err
	}
	_, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: "used-before", Expiry: time.Unix(1, 0)}).Token()
	return err
}

// TestMethodByEndpoint is the table of registered method, used method and endpoint.
func TestMethodByEndpoint(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	const basic, body = "CLIENT_SECRET_BASIC", "CLIENT_SECRET_POST"
	endpoints := map[string]url.Values{"/api/token": {"grant_type": {"client_credentials"}}, "/api/revocation": {"token": {"unknown"}}}
	for _, registered := range []authlete.ClientAuthMethod{basic, body} {
		for _, exact := range []bool{false, true} {
			client := s.Client(t, func(c *authlete.Client) {
				c.ClientIDAlias, c.TokenAuthMethod = "app-"+string(registered), registered
				if exact {
					c.ClientIDAlias += "-exact"
					c.Attributes = []authlete.Pair{{Key: authlete.AttributeAuthMethodMatch, Value: authlete.AuthMethodMatchExact}}
				}
			})
			for path, form := range endpoints {
				byBasic, _, _ := post(t, s, path, form, client.ClientIDAlias, client.ClientSecret)
				form.Set("client_id", client.ClientIDAlias)
				form.Set("client_secret", client.ClientSecret)
				inBody, _, _ := post(t, s, path, form, "", "")
				twice, _, _ := post(t, s, path, form, client.ClientIDAlias, client.ClientSecret)
				form.Del("client_id")
				form.Del("client_secret")
				if got, want := byBasic == http.StatusOK, !exact || registered == basic; got != want {
					t.Errorf("%s, registered %s, exact %v, by Basic: %d", path, registered, exact, byBasic)
				}
				if got, want := inBody == http.StatusOK, !exact || registered == body; got != want {
					t.Errorf("%s, registered %s, exact %v, in the body: %d", path, registered, exact, inBody)
				}
				if twice != http.StatusBadRequest {
					t.Errorf("%s, registered %s, two methods in one request: %d", path, registered, twice)
				}
			}
		}
	}
}
