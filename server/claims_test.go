package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/test/servertest"
)

// scopeClaims says what each scope releases of what dave has.
func scopeClaims() map[string][]string {
	return map[string][]string{
		"profile": {"name", "preferred_username"}, "email": {"email", "email_verified"}, "groups": {"groups"},
		"work": {"department", "groups"}, "read": nil,
	}
}

// dave has a claim of every kind.
func dave(t *testing.T, groups int) configv1alpha1.User {
	t.Helper()
	user := servertest.Alice(t)
	user.Subject, user.Username = "1004", "dave"
	names := make([]string, groups)
	for i := range names {
		names[i] = fmt.Sprintf("group-%0120d", i)
	}
	list, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	user.Claims = map[string]json.RawMessage{
		"name": []byte(`"Dave"`), "preferred_username": []byte(`"dave"`), "email": []byte(`"dave@example.com"`), "email_verified": []byte("true"),
		"groups": list, "department": []byte(`"R&D"`), "secret": []byte(`"not released by any scope"`),
	}
	return user
}

// startClaims starts a server with a scope that releases claims, and dave with so many groups.
func startClaims(t *testing.T, wire *servertest.Wire, groups int) *servertest.Server {
	t.Helper()
	return servertest.Start(t, servertest.Options{Wire: wire, Users: []configv1alpha1.User{dave(t, groups)}, Configure: func(c *configv1alpha1.ServerConfig) {
		c.Service.Scopes = append(configv1alpha1.StandardScopes(), configv1alpha1.Scope{Name: "work", Claims: []string{"department", "groups"}},
			configv1alpha1.Scope{Name: "read"})
		c.Service.GrantTypes = []string{"authorization_code", "refresh_token", "implicit"}
		c.Service.ResponseTypes = []string{"code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token"}
	}})
}

// TestScopesReleaseClaims walks scope x idTokenClaims x response type x first issue and refresh, on all response paths.
func TestScopesReleaseClaims(t *testing.T) {
	t.Parallel()
	for name, wire := range map[string]*servertest.Wire{"in process": nil, "API 2.x": {Version: credentials.V2}, "API 3.0": {Version: credentials.V3}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startClaims(t, wire, 2)
			browser := s.NewBrowser(t)
			for _, policy := range []string{"", "Minimal", "Scopes"} {
				client := s.Client(t, func(c *authlete.Client) {
					c.ClientIDAlias, c.GrantTypes = "app-"+policy, append(c.GrantTypes, authlete.GrantImplicit)
					c.ResponseTypes = []authlete.ResponseType{
						authlete.ResponseCode, authlete.ResponseIDToken, authlete.ResponseIDTokenToken, authlete.ResponseCodeIDToken, authlete.ResponseCodeIDTokenToken,
					}
					if policy != "" {
						c.Attributes = []authlete.Pair{{Key: authlete.AttributeIDTokenClaims, Value: policy}}
					}
				})
				for _, response := range []string{"code", "id_token", "id_token token", "code id_token", "code id_token token"} {
					for scope := range scopeClaims() {
						release(t, s, client, released{browser: browser, scope: scope, response: response, minimal: policy == "Minimal"})
					}
				}
			}
		})
	}
}

// released is a row of the table.
type released struct {
	// browser is dave's.
	browser         *servertest.Browser
	scope, response string
	minimal         bool
}

func (r released) String() string {
	return fmt.Sprintf("scope %s, response type %s, Minimal %t", r.scope, r.response, r.minimal)
}

// release lets dave log in and compares the claims of every token and of userinfo.
func release(t *testing.T, s *servertest.Server, client *authlete.Client, row released) {
	t.Helper()
	want := scopeClaims()[row.scope]
	inIDToken := want
	if row.minimal && row.response != "id_token" {
		inIDToken = nil // there is an access token for userinfo (OpenID Connect Core 1.0, section 5.4)
	}
	page := row.browser.Authorize(map[string]string{
		"client_id": client.ClientIDAlias, "response_type": row.response, "scope": "openid " + row.scope, "prompt": "consent",
	})
	fields := map[string]string{"authorized": "yes"}
	if strings.Contains(page.Body, `name="password"`) {
		fields["username"], fields["password"] = "dave", servertest.Password
	}
	end := row.browser.Submit(page, fields)
	if end.Location != nil && end.Location.Fragment != "" {
		end.Location.RawQuery = end.Location.EscapedFragment()
	}
	check := func(what string, tokens map[string]any, want []string) {
		t.Helper()
		if diff := cmp.Diff(want, personal(idTokenClaims(t, tokens))); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", row, what, diff)
		}
	}
	token := end.Parameter(t, "id_token")
	if (token != "") != strings.Contains(row.response, "id_token") {
		t.Errorf("%s: the response has the ID token %q", row, token)
	}
	if token != "" {
		check("ID token of the authorization response", map[string]any{"id_token": token}, inIDToken)
	}
	access := end.Parameter(t, "access_token")
	if end.Parameter(t, "code") != "" {
		tokens := exchange(t, s, end, client)
		check("ID token", tokens, inIDToken)
		status, _, refreshed := post(t, s, "/api/token", url.Values{
			"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)},
		}, client.ClientIDAlias, client.ClientSecret)
		if status != http.StatusOK {
			t.Fatalf("refresh: %d %v", status, refreshed)
		}
		check("refreshed ID token", refreshed, inIDToken)
		access = refreshed["access_token"].(string)
	}
	if access != "" {
		if diff := cmp.Diff(want, personal(get(t, s, "/api/userinfo", access))); diff != "" {
			t.Errorf("%s: userinfo (-want +got):\n%s", row, diff)
		}
	}
}

// personal returns the names of dave's claims among claims.
func personal(claims map[string]any) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		if slices.Contains([]string{"name", "preferred_username", "email", "email_verified", "groups", "department", "secret"}, name) {
			names = append(names, name)
		}
	}
	return names
}

// TestClaimsSupported: discovery names the union of what the scopes release.
func TestClaimsSupported(t *testing.T) {
	t.Parallel()
	s := startClaims(t, nil, 1)
	document := get(t, s, "/.well-known/openid-configuration", "")
	var got []string
	for _, name := range document["claims_supported"].([]any) {
		got = append(got, name.(string))
	}
	want := []string{"sub", "auth_time"}
	released := authlete.ScopeClaims{"work": {"department", "groups"}}
	want = append(want, released.Of([]string{"profile", "email", "address", "phone", "groups", "work"})...)
	got = slices.DeleteFunc(got, func(name string) bool { return name == "acr" })
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims_supported (-want +got):\n%s", diff)
	}
}

// TestManyGroups: an ID token with 256 groups is issued, and again at a refresh.
func TestManyGroups(t *testing.T) {
	t.Parallel()
	for name, wire := range map[string]*servertest.Wire{"in process": nil, "API 2.x": {Version: credentials.V2}, "API 3.0": {Version: credentials.V3}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startClaims(t, wire, 256)
			client, browser := s.Client(t, nil), s.NewBrowser(t)
			tokens := exchange(t, s, browser.LogIn(browser.Authorize(map[string]string{"scope": "openid groups offline_access"}), "dave"), client)
			_, _, refreshed := post(t, s, "/api/token", url.Values{
				"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)},
			}, client.ClientIDAlias, client.ClientSecret)
			for what, set := range map[string]map[string]any{"first": tokens, "refreshed": refreshed} {
				if groups, _ := idTokenClaims(t, set)["groups"].([]any); len(groups) != 256 {
					t.Errorf("the %s ID token has %d groups", what, len(groups))
				}
			}
		})
	}
}

// unknowing is a backend that knows the scopes of OpenID Connect only, as Authlete does.
type unknowing struct{ authlete.Runtime }

func standardOnly(names []string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return name == "groups" || name == "department" })
}

// Authorization implements authlete.AuthorizationAPI.
func (u unknowing) Authorization(ctx context.Context, request *authlete.AuthorizationRequest) (*authlete.AuthorizationResponse, error) {
	response, err := u.Runtime.Authorization(ctx, request)
	if err == nil {
		response.Claims, response.ClaimsAtUserInfo = standardOnly(response.Claims), standardOnly(response.ClaimsAtUserInfo)
		for i := range response.Scopes {
			response.Scopes[i].Attributes = nil
		}
	}
	return response, err
}

// UserInfo implements authlete.UserInfoAPI.
func (u unknowing) UserInfo(ctx context.Context, request *authlete.UserInfoRequest) (*authlete.UserInfoResponse, error) {
	response, err := u.Runtime.UserInfo(ctx, request)
	if err == nil {
		response.Claims = standardOnly(response.Claims)
	}
	return response, err
}

// TestBackendThatDoesNotKnowScopes: what the configuration says of scopes is released whatever the backend knows of it.
func TestBackendThatDoesNotKnowScopes(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{
		Users: []configv1alpha1.User{dave(t, 2)}, Backend: func(runtime authlete.Runtime) authlete.Runtime { return unknowing{runtime} },
		Configure: func(c *configv1alpha1.ServerConfig) {
			c.Service.Scopes = append(configv1alpha1.StandardScopes(), configv1alpha1.Scope{Name: "work", Claims: []string{"department", "groups"}})
			c.Service.GrantTypes = []string{"authorization_code", "refresh_token", "implicit"}
			c.Service.ResponseTypes = []string{"code", "id_token"}
		},
	})
	for _, minimal := range []bool{false, true} {
		client := s.Client(t, func(c *authlete.Client) {
			c.ClientIDAlias, c.GrantTypes = fmt.Sprintf("app-%t", minimal), append(c.GrantTypes, authlete.GrantImplicit)
			c.ResponseTypes = []authlete.ResponseType{authlete.ResponseCode, authlete.ResponseIDToken}
			if minimal {
				c.Attributes = []authlete.Pair{{Key: authlete.AttributeIDTokenClaims, Value: authlete.IDTokenClaimsMinimal}}
			}
		})
		for _, scope := range []string{"groups", "work", "email"} {
			for _, response := range []string{"code", "id_token"} {
				release(t, s, client, released{browser: s.NewBrowser(t), scope: scope, response: response, minimal: minimal})
			}
		}
	}
}

// TestStandardScopesAreDescribed: pages have words for scopes that the backend does not describe, on all response paths.
func TestStandardScopesAreDescribed(t *testing.T) {
	t.Parallel()
	for name, wire := range map[string]*servertest.Wire{"in process": nil, "API 2.x": {Version: credentials.V2}, "API 3.0": {Version: credentials.V3}} {
		s := servertest.Start(t, servertest.Options{Wire: wire, Configure: func(c *configv1alpha1.ServerConfig) {
			c.Service.Scopes = []configv1alpha1.Scope{{Name: "openid"}, {Name: "email", Description: "Write to you"}, {Name: "groups"}, {Name: "read"}}
		}})
		s.Client(t, nil)
		page := s.NewBrowser(t).Authorize(map[string]string{"scope": "openid email groups read"})
		for _, want := range []string{"Confirm who you are", "Write to you", "The groups that you belong to", "read"} {
			if !strings.Contains(page.Body, want) {
				t.Errorf("%s: the page does not say %q", name, want)
			}
		}
	}
}
