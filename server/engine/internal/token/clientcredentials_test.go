package token_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/fixture"
)

func TestGrantTypes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		grant  string
		client string
		want   string
	}{
		"Missing":      {client: "app", want: "invalid_request E050302"},
		"Unknown":      {grant: "magic", client: "app", want: "unsupported_grant_type E050303"},
		"UpperCase":    {grant: "AUTHORIZATION_CODE", client: "app", want: "unsupported_grant_type E050303"},
		"Implicit":     {grant: "implicit", client: "app", want: "unsupported_grant_type E050303"},
		"PasswordOff":  {grant: "password", client: "app", want: "unsupported_grant_type E050303"},
		"ClientMayNot": {grant: "client_credentials", client: "plain", want: "unauthorized_client E050304"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(s *authlete.Service) {
				s.SupportedGrantTypes = append(s.SupportedGrantTypes, authlete.GrantImplicit)
			})
			code, result, _ := strings.Cut(tc.want, " ")
			wantError(t, w.as(t, tc.client, form("grant_type", tc.grant)), code, result)
		})
	}
}

func TestMalformedParameters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, parameters := range []string{
		"grant_type=client_credentials&grant_type=password", "grant_type=%zz", strings.Repeat("a", 1<<20),
	} {
		wantError(t, w.send(t, &authlete.TokenRequest{Parameters: parameters, ClientID: "app", ClientSecret: fixture.Secret}),
			"invalid_request", "E050301")
	}
}

func TestWrongSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	response := w.send(t, &authlete.TokenRequest{Parameters: "grant_type=client_credentials", ClientID: "app", ClientSecret: "wrong"})
	wantError(t, response, "invalid_client", "E157303")
}

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	defaults := func(s *authlete.Service) { s.SupportedScopes[4].DefaultEntry = true }
	none := func(*authlete.Service) {}
	tests := map[string]struct {
		scope   string
		service func(*authlete.Service)
		want    []string
		refused string
	}{
		"Requested":     {scope: "write read", service: none, want: []string{"write", "read"}},
		"None":          {service: none},
		"Defaults":      {service: defaults, want: []string{"read"}},
		"Unknown":       {scope: "read admin", service: none, want: []string{"read"}},
		"OnlyUnknown":   {scope: "admin", service: none, refused: "E052302"},
		"NoOpenID":      {scope: "openid offline_access read", service: none, want: []string{"read"}},
		"OnlyOpenID":    {scope: "openid", service: none, refused: "E052302"},
		"Repeated":      {scope: "read  read", service: none, want: []string{"read"}},
		"ScopeRequired": {service: func(s *authlete.Service) { s.ScopeRequired = true }, refused: "E052302"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.service)
			response := w.as(t, "app", form("grant_type", "client_credentials", "scope", tc.scope))
			if tc.refused != "" {
				wantError(t, response, "invalid_scope", tc.refused)
				return
			}
			wantOK(t, response)
			if diff := cmp.Diff(tc.want, response.Scopes); diff != "" {
				t.Errorf("scopes (-want +got):\n%s", diff)
			}
			if response.RefreshToken != "" || response.IDToken != "" || response.Subject != "" {
				t.Errorf("response %+v; want no refresh token, ID token or subject", response)
			}
		})
	}
}

func TestClientCredentialsOfPublicClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wantError(t, w.asPublic(t, "spa", form("grant_type", "client_credentials")), "unauthorized_client", "E052301")
}
