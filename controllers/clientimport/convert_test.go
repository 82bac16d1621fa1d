package clientimport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/clientimport"
	"github.com/authserver-dev/operator/controllers/internal/settings"
	"github.com/authserver-dev/operator/internal/authlete"
)

const hidden = "a-client-secret-to-hide"

// service is a service with clients.
type service []authlete.Client

func (s service) ClientList(_ context.Context, start, end int) (*authlete.ClientListResponse, error) {
	return &authlete.ClientListResponse{TotalCount: len(s), Clients: s[min(start, len(s)):min(end, len(s))]}, nil
}

func imported(t *testing.T, clients ...authlete.Client) []clientimport.Client {
	t.Helper()
	all, err := clientimport.All(t.Context(), service(clients), clientimport.Options{Server: "login", Namespace: "apps"})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != len(clients) {
		t.Fatalf("%d of %d clients", len(all), len(clients))
	}
	return all
}

// shop is a client that an OAuthClient can express whole.
func shop() authlete.Client {
	return authlete.Client{
		ClientID: 26478243745571, ClientIDAlias: "Shop_1", ClientIDAliasEnabled: true, ClientSecret: hidden,
		ClientName: "The shop", Description: "Sells", ClientURI: "https://shop.example.com", LogoURI: "https://shop.example.com/logo",
		PolicyURI: "https://shop.example.com/policy", TosURI: "https://shop.example.com/tos", Contacts: []string{"jane@example.com"},
		ClientType: authlete.ClientConfidential, ApplicationType: authlete.ApplicationNative, TokenAuthMethod: authlete.AuthClientSecretPost,
		RedirectURIs: []string{"com.example.shop:/callback"}, GrantTypes: []authlete.GrantType{"AUTHORIZATION_CODE", "IMPLICIT"},
		ResponseTypes:  []authlete.ResponseType{"CODE", "CODE_ID_TOKEN", "CODE_ID_TOKEN_TOKEN", "ID_TOKEN", "ID_TOKEN_TOKEN", "CODE_TOKEN", "TOKEN"},
		IDTokenSignAlg: authlete.ES256, DefaultMaxAge: 60, SubjectType: "PUBLIC",
		Attributes: []authlete.Pair{
			{Key: authlete.AttributeFirstParty, Value: "true"}, {Key: authlete.AttributeAuthMethodMatch, Value: authlete.AuthMethodMatchExact},
		},
		Extension: &authlete.ClientExtension{
			RequestableScopesEnabled: true, RequestableScopes: []string{"openid"}, AccessTokenDuration: 60, RefreshTokenDuration: 120,
		},
		Other: authlete.Other{"parRequired": json.RawMessage("false"), "requestUris": json.RawMessage("[]")},
	}
}

// TestEverythingIsNamed: a client that can be expressed whole has every field and no note.
func TestEverythingIsNamed(t *testing.T) {
	t.Parallel()
	got := imported(t, shop())[0]
	want := authv1alpha1.OAuthClientSpec{
		ServerRef: authv1alpha1.ServerReference{Name: "login"}, ClientID: "Shop_1", ClientName: "The shop", Description: "Sells",
		ClientURI: "https://shop.example.com", LogoURI: "https://shop.example.com/logo", PolicyURI: "https://shop.example.com/policy",
		TosURI: "https://shop.example.com/tos", Contacts: []string{"jane@example.com"}, ApplicationType: "native",
		RedirectURIs: []authv1alpha1.RedirectURI{"com.example.shop:/callback"}, GrantTypes: []authv1alpha1.GrantType{"authorization_code", "implicit"},
		ResponseTypes: []authv1alpha1.ResponseType{"code", "code id_token", "code id_token token", "id_token", "id_token token", "code token", "token"},
		Scopes:        []authv1alpha1.ScopeName{"openid"}, TokenEndpointAuthMethod: "client_secret_post", TokenEndpointAuthMethodMatch: "Exact",
		IDTokenSignedResponseAlg: "ES256",
		DefaultMaxAgeSeconds:     new(int32(60)), Consent: "Skip",
		Tokens: authv1alpha1.ClientTokens{AccessTokenSeconds: new(int32(60)), RefreshTokenSeconds: new(int32(120))},
		Adopt:  &authv1alpha1.ClientAdoption{Client: "26478243745571"}, Management: "Observe", DeletionPolicy: "Retain",
	}
	if diff := cmp.Diff(want, got.Object.Spec); diff != "" {
		t.Errorf("spec (-want +got):\n%s", diff)
	}
	if len(got.Notes) > 0 || got.Object.Name != "shop-1" || got.Object.Namespace != "apps" {
		t.Errorf("notes %q, name %s/%s", got.Notes, got.Object.Namespace, got.Object.Name)
	}
}

// TestInexpressible: what an OAuthClient has no word for is noted, the rest is named, and no list is cut.
func TestInexpressible(t *testing.T) {
	t.Parallel()
	const keys = `{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"%s}]}`
	for name, test := range map[string]struct {
		change func(c *authlete.Client)
		note   string
		check  func(spec *authv1alpha1.OAuthClientSpec) bool
	}{
		"grant type": {
			func(c *authlete.Client) { c.GrantTypes = append(c.GrantTypes, "CIBA") }, "spec.grantTypes",
			func(spec *authv1alpha1.OAuthClientSpec) bool { return spec.GrantTypes == nil },
		},
		"response type": {
			func(c *authlete.Client) { c.ResponseTypes = append(c.ResponseTypes, "NONE") }, "spec.responseTypes",
			func(spec *authv1alpha1.OAuthClientSpec) bool { return spec.ResponseTypes == nil },
		},
		"redirect URI": {
			func(c *authlete.Client) { c.RedirectURIs = append(c.RedirectURIs, "http://shop.example.com") }, "spec.redirectURIs",
			func(spec *authv1alpha1.OAuthClientSpec) bool { return spec.RedirectURIs == nil },
		},
		"method": {
			func(c *authlete.Client) { c.TokenAuthMethod = "TLS_CLIENT_AUTH" }, "spec.tokenEndpointAuthMethod",
			func(spec *authv1alpha1.OAuthClientSpec) bool { return spec.TokenEndpointAuthMethod == "" },
		},
		"public with a secret": {
			func(c *authlete.Client) { c.ClientType = "PUBLIC" }, "clientType, tokenAuthMethod",
			func(spec *authv1alpha1.OAuthClientSpec) bool { return spec.TokenEndpointAuthMethod == "" },
		},
		"no alias in force": {
			func(c *authlete.Client) { c.ClientIDAliasEnabled = false }, "clientIdAlias",
			func(spec *authv1alpha1.OAuthClientSpec) bool { return spec.ClientID == "" },
		},
		"lifetime": {
			func(c *authlete.Client) { c.Extension.AccessTokenDuration = 1 << 40 }, "spec.tokens.accessTokenSeconds",
			func(spec *authv1alpha1.OAuthClientSpec) bool { return spec.Tokens.RefreshTokenSeconds != nil },
		},
		"keys of a client with a secret": {
			func(c *authlete.Client) { c.JWKS = fmt.Sprintf(keys, "") }, "jwks",
			func(spec *authv1alpha1.OAuthClientSpec) bool { return spec.JWKS == nil },
		},
		"a private key": {func(c *authlete.Client) {
			c.TokenAuthMethod, c.JWKS = "PRIVATE_KEY_JWT", fmt.Sprintf(keys, `,"d":"`+hidden+`"`)
		}, "jwks", func(spec *authv1alpha1.OAuthClientSpec) bool {
			return spec.JWKS == nil && spec.TokenEndpointAuthMethod == "private_key_jwt"
		}},
		"other members": {func(c *authlete.Client) {
			c.Other = authlete.Other{"parRequired": json.RawMessage("true"), "secretMember": json.RawMessage(`"` + hidden + `"`), "zero": json.RawMessage("0")}
			c.Locked, c.Attributes = true, append(c.Attributes, authlete.Pair{Key: "team", Value: hidden})
		}, "not named here, and left as they are: locked, attributes.team, parRequired, secretMember", func(*authv1alpha1.OAuthClientSpec) bool { return true }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			have := shop()
			test.change(&have)
			got := imported(t, have)[0]
			if notes := strings.Join(got.Notes, "\n"); !strings.Contains(notes, test.note) || strings.Contains(notes, hidden) {
				t.Errorf("notes %q", notes)
			}
			if got.Object == nil || !test.check(&got.Object.Spec) || got.Object.Spec.ClientName != "The shop" {
				t.Errorf("object %+v", got.Object)
			}
			expectNoDifference(t, &have, got.Object)
		})
	}
}

// expectNoDifference: what is imported declares what is there, under Observe and Enforce.
func expectNoDifference(t *testing.T, have *authlete.Client, c *authv1alpha1.OAuthClient) {
	t.Helper()
	declared, err := settings.OfClient(c)
	if err != nil {
		t.Fatal(err)
	}
	if differences := settings.Diff(have, declared); len(differences) > 0 {
		t.Errorf("%+v\n%+v", differences, c.Spec)
	}
}

// TestNoImportDeclaresADifference: whatever a client has.
func TestNoImportDeclaresADifference(t *testing.T) {
	t.Parallel()
	source := rand.New(rand.NewPCG(1, 2))
	clients := make([]authlete.Client, 300)
	for i := range clients {
		clients[i] = anyClient(source, int64(i+1))
	}
	written := 0
	for i, client := range imported(t, clients...) {
		if client.Object == nil {
			continue
		}
		written++
		expectNoDifference(t, &clients[i], client.Object)
	}
	if written != len(clients) {
		t.Errorf("%d of %d clients are written", written, len(clients))
	}
}

// anyClient returns a client with values that resources know, and others.
func anyClient(source *rand.Rand, id int64) authlete.Client {
	one := func(values ...string) string { return values[source.IntN(len(values))] }
	some := func(values ...string) []string {
		var chosen []string
		for _, value := range values {
			if source.IntN(2) == 0 {
				chosen = append(chosen, value)
			}
		}
		return chosen
	}
	c := authlete.Client{
		ClientID: id, ClientIDAlias: one("", "a-1", "mit Leerzeichen", "12345", strings.Repeat("x", 101)), ClientIDAliasEnabled: source.IntN(2) == 0,
		ClientName: one("", "Shop", strings.Repeat("ü", 101)), ClientURI: one("", "https://a.example", "not a URI"), LogoURI: one("", "javascript:x"),
		ClientType: authlete.ClientType(one("", "PUBLIC", "CONFIDENTIAL")), ApplicationType: authlete.ApplicationType(one("", "WEB", "NATIVE")),
		TokenAuthMethod: authlete.ClientAuthMethod(one("", "NONE", "CLIENT_SECRET_BASIC", "CLIENT_SECRET_JWT", "PRIVATE_KEY_JWT")),
		RedirectURIs:    some("https://a.example/cb", "com.example.a:/cb", "http://a.example", "https://a.example/#x"),
		Contacts:        some("a@example.com", "", strings.Repeat("x", 300)), JWKSURI: one("", "https://a.example/jwks", "http://a.example/jwks"),
		JWKS: one("", `{"keys":[]}`, `{}`, "no JSON"), IDTokenSignAlg: authlete.JWSAlg(one("", "RS256", "ES256", "HS256")),
		DefaultMaxAge: int64(source.IntN(3)-1) << (10 * source.IntN(4)), Extension: &authlete.ClientExtension{
			RequestableScopesEnabled: source.IntN(2) == 0, RequestableScopes: some("openid", "a b"),
			AccessTokenDuration: int64(source.IntN(60)), RefreshTokenDuration: int64(source.IntN(120)),
		},
	}
	for _, grant := range some("AUTHORIZATION_CODE", "IMPLICIT", "PASSWORD", "CIBA") {
		c.GrantTypes = append(c.GrantTypes, authlete.GrantType(grant))
	}
	for _, response := range some("CODE", "TOKEN", "CODE_ID_TOKEN", "NONE") {
		c.ResponseTypes = append(c.ResponseTypes, authlete.ResponseType(response))
	}
	return c
}

// TestPagesAndNames: every page is read, and no two objects have one name.
func TestPagesAndNames(t *testing.T) {
	t.Parallel()
	clients := make([]authlete.Client, 250)
	for i := range clients {
		clients[i] = authlete.Client{ClientID: int64(i + 1), ClientName: "Shop"}
	}
	names := map[string]bool{}
	for _, client := range imported(t, clients...) {
		names[client.Object.Name] = true
	}
	if len(names) != len(clients) {
		t.Errorf("%d names for %d clients", len(names), len(clients))
	}
}

// TestManifests: the manifests have notes inside of their documents, and no secret.
func TestManifests(t *testing.T) {
	t.Parallel()
	held := shop()
	held.Attributes = append(held.Attributes, authlete.Pair{Key: authlete.AttributeOwner, Value: "apps/till/uid-9"})
	locked := shop()
	locked.ClientID, locked.Locked, locked.Description = 7, true, "two\nlines\n---\nkind: Secret"
	var out bytes.Buffer
	if err := clientimport.Write(&out, imported(t, held, locked)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"---\n# client 26478243745571: the client belongs to the OAuthClient apps/till/uid-9 already",
		"---\n# client 7: not named here, and left as they are: locked\napiVersion:",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), hidden) || strings.Count(out.String(), "\n---\n") != 1 {
		t.Errorf("manifests:\n%s", &out)
	}
}
