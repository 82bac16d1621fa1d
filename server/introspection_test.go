package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/test/servertest"
)

// introspector asks about a token.
type introspector struct {
	name         string
	user, secret string     // for the Authorization header
	form         url.Values // beside the token
	status       int
	// told says which tokens are active for the caller.
	told func(token string) bool
}

// introspectors are callers of every kind, with every method.
func introspectors(own, other, poster *authlete.Client) []introspector {
	accessTokens := func(token string) bool { return token == "person" || token == "client" }
	owned := func(token string) bool { return token == "person" || token == "client" || token == "refresh" }
	accessByNumber := accessTokens // a refresh token does not tell the client's other name
	nothing := func(string) bool { return false }
	number := strconv.FormatInt(own.ClientID, 10)
	return []introspector{
		{"resource server", "api", servertest.IntrospectionSecret, nil, 200, accessTokens},
		{"own client, Basic", own.ClientIDAlias, own.ClientSecret, nil, 200, owned},
		{"own client, number", number, own.ClientSecret, nil, 200, accessByNumber},
		{"client that uses the body", "", "", url.Values{"client_id": {poster.ClientIDAlias}, "client_secret": {poster.ClientSecret}}, 200, nothing},
		{"other client", other.ClientIDAlias, other.ClientSecret, nil, 200, nothing},
		{"own client, wrong secret", own.ClientIDAlias, own.ClientSecret + "x", nil, 401, nil},
		{"own client, wrong secret in the body", "", "", url.Values{"client_id": {own.ClientIDAlias}, "client_secret": {"x"}}, 400, nil},
		{"own client, no secret", "", "", url.Values{"client_id": {own.ClientIDAlias}}, 401, nil},
		{"own client, empty secret", own.ClientIDAlias, "", nil, 401, nil},
		{"two clients", other.ClientIDAlias, other.ClientSecret, url.Values{"client_id": {own.ClientIDAlias}}, 401, nil},
		{"public client", "", "", url.Values{"client_id": {"public"}}, 401, nil},
		{"resource server, wrong secret", "api", "x", nil, 401, nil},
		{"nobody", "", "", nil, 401, nil},
	}
}

// TestIntrospectionDependsOnTheCaller: a resource server hears of access tokens, a client of its own tokens, nobody of others.
func TestIntrospectionDependsOnTheCaller(t *testing.T) {
	t.Parallel()
	for name, wire := range map[string]*servertest.Wire{"in process": nil, "API 2.x": {Version: credentials.V2}, "API 3.0": {Version: credentials.V3}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.Options{Wire: wire})
			own, browser := s.Client(t, nil), s.NewBrowser(t)
			other := s.Client(t, func(c *authlete.Client) { c.ClientIDAlias = "other" })
			s.Client(t, func(c *authlete.Client) {
				c.ClientIDAlias, c.ClientType, c.TokenAuthMethod = "public", authlete.ClientPublic, authlete.AuthNone
				c.GrantTypes = []authlete.GrantType{authlete.GrantAuthorizationCode}
			})
			poster := s.Client(t, func(c *authlete.Client) { c.ClientIDAlias, c.TokenAuthMethod = "poster", authlete.AuthClientSecretPost })
			tokens := introspectedTokens(t, s, own, browser)
			for _, caller := range introspectors(own, other, poster) {
				for kind, token := range tokens {
					form := url.Values{"token": {token}}
					maps.Copy(form, caller.form)
					status, _, answer := post(t, s, "/api/introspection", form, caller.user, caller.secret)
					if status != caller.status {
						t.Errorf("%s asks about %s: %d, want %d", caller.name, kind, status, caller.status)
						continue
					}
					if status != http.StatusOK {
						continue
					}
					if active := answer["active"] == true; active != caller.told(kind) {
						t.Errorf("%s asks about %s: %v", caller.name, kind, answer)
					}
					if answer["active"] != true && len(answer) != 1 {
						t.Errorf("%s hears %v of %s", caller.name, answer, kind)
					}
				}
			}
			wantDescriptions(t, s, tokens)
		})
	}
}

// introspectedTokens are tokens of the client, of every kind.
func introspectedTokens(t *testing.T, s *servertest.Server, own *authlete.Client, browser *servertest.Browser) map[string]string {
	t.Helper()
	person := exchange(t, s, browser.LogIn(browser.Authorize(nil), "alice"), own)
	_, _, machine := post(t, s, "/api/token", url.Values{"grant_type": {"client_credentials"}}, own.ClientIDAlias, own.ClientSecret)
	_, _, revoked := post(t, s, "/api/token", url.Values{"grant_type": {"client_credentials"}}, own.ClientIDAlias, own.ClientSecret)
	post(t, s, "/api/revocation", url.Values{"token": {revoked["access_token"].(string)}}, own.ClientIDAlias, own.ClientSecret)
	return map[string]string{
		"person": person["access_token"].(string), "client": machine["access_token"].(string), "refresh": person["refresh_token"].(string),
		"revoked": revoked["access_token"].(string), "unknown": "nothing",
	}
}

// wantDescriptions checks the members that resource servers need, and that an expired token has none.
func wantDescriptions(t *testing.T, s *servertest.Server, tokens map[string]string) {
	t.Helper()
	for kind, want := range map[string]map[string]any{
		"person": {"sub": "1001", "username": "alice", "client_id": "app", "aud": "app", "token_type": "Bearer"},
		"client": {"sub": "app", "username": nil, "client_id": "app", "aud": "app", "token_type": "Bearer"},
	} {
		_, _, answer := post(t, s, "/api/introspection", url.Values{"token": {tokens[kind]}}, "api", servertest.IntrospectionSecret)
		for name, value := range want {
			if answer[name] != value {
				t.Errorf("%s: %s is %v, want %v", kind, name, answer[name], value)
			}
		}
	}
	s.Turn(2 * time.Hour)
	for _, kind := range []string{"person", "client"} {
		_, _, answer := post(t, s, "/api/introspection", url.Values{"token": {tokens[kind]}}, "api", servertest.IntrospectionSecret)
		if len(answer) != 1 || answer["active"] != false {
			t.Errorf("an expired token of a %s: %v", kind, answer)
		}
	}
}

// TestIntrospectionByEveryMethod: a client asks about its own tokens by the method by which it got them.
func TestIntrospectionByEveryMethod(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, wire := range map[string]*servertest.Wire{"in process": nil, "API 2.x": {Version: credentials.V2}, "API 3.0": {Version: credentials.V3}} {
		for _, method := range []authlete.ClientAuthMethod{authlete.AuthClientSecretBasic, authlete.AuthClientSecretPost, authlete.AuthPrivateKeyJWT} {
			t.Run(name+" "+string(method), func(t *testing.T) {
				t.Parallel()
				s := servertest.Start(t, servertest.Options{Wire: wire})
				client := s.Client(t, func(c *authlete.Client) {
					c.TokenAuthMethod = method
					if method == authlete.AuthPrivateKeyJWT {
						c.JWKS = string(set)
					}
				})
				ask := func(path string, form url.Values) (int, map[string]any) {
					var user, password string
					switch method {
					case authlete.AuthClientSecretBasic:
						user, password = client.ClientIDAlias, client.ClientSecret
					case authlete.AuthClientSecretPost:
						form.Set("client_id", client.ClientIDAlias)
						form.Set("client_secret", client.ClientSecret)
					default:
						form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
						form.Set("client_assertion", assertion(t, s, key, client.ClientIDAlias))
					}
					status, _, answer := post(t, s, path, form, user, password)
					return status, answer
				}
				status, issued := ask("/api/token", url.Values{"grant_type": {"client_credentials"}})
				if status != http.StatusOK {
					t.Fatalf("token: %d %v", status, issued)
				}
				status, answer := ask("/api/introspection", url.Values{"token": {issued["access_token"].(string)}})
				if status != http.StatusOK || answer["active"] != true || answer["sub"] != "app" {
					t.Errorf("introspection: %d %v", status, answer)
				}
			})
		}
	}
}

// assertion proves the client with its key.
func assertion(t *testing.T, s *servertest.Server, key *ecdsa.PrivateKey, client string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := json.Marshal(map[string]any{
		"iss": client, "sub": client, "aud": s.URL, "exp": s.Now().Add(time.Minute).Unix(), "iat": s.Now().Unix(), "jti": rand.Text(),
	})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
