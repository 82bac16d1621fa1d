package clientauth_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/clientauth"
	"github.com/authserver-dev/operator/server/engine/internal/fixture"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/params"
)

// newClients returns a fixture with a client for each method.
func newClients(tb testing.TB) *fixture.Fixture {
	tb.Helper()
	f := fixture.New(tb)
	f.AddClient(1, "basic")
	f.AddClient(2, "post", func(c *authlete.Client) { c.TokenAuthMethod = authlete.AuthClientSecretPost })
	f.AddClient(3, "public", func(c *authlete.Client) {
		// A public client may have been given a secret; it still must not present it.
		c.ClientType, c.TokenAuthMethod = authlete.ClientPublic, authlete.AuthNone
	})
	f.AddClient(4, "jwt", func(c *authlete.Client) {
		c.TokenAuthMethod, c.JWKS = authlete.AuthPrivateKeyJWT, publicKeys(tb, ecKey("k1"), rsaKey("r1"))
	})
	f.AddClient(5, "unset", func(c *authlete.Client) { c.TokenAuthMethod = "" })
	f.AddClient(6, "locked", func(c *authlete.Client) { c.Locked = true })
	f.AddClient(7, "nosecret", func(c *authlete.Client) { c.ClientSecret = "" })
	f.AddClient(18, "exact", pinned)
	f.AddClient(19, "exactpost", pinned, func(c *authlete.Client) { c.TokenAuthMethod = authlete.AuthClientSecretPost })
	return f
}

// pinned holds a client to its registered method.
func pinned(c *authlete.Client) {
	c.Attributes = []authlete.Pair{{Key: authlete.AttributeAuthMethodMatch, Value: authlete.AuthMethodMatchExact}}
}

// credentials builds credentials from a body in the form a=b&c=d.
func credentials(tb testing.TB, body, basicID, basicSecret string) clientauth.Credentials {
	tb.Helper()
	values, err := params.Parse(body)
	if err != nil {
		tb.Fatalf("Parse(%q): %v", body, err)
	}
	return clientauth.Credentials{Parameters: values, BasicID: basicID, BasicSecret: basicSecret}
}

// wantRefusal fails the test unless err is a refusal with the code and result code.
func wantRefusal(tb testing.TB, err error, code oauth.Code, resultCode string) {
	tb.Helper()
	var refusal *oauth.Error
	if !errors.As(err, &refusal) || refusal.Code != code || refusal.ResultCode != resultCode {
		tb.Fatalf("Authenticate: %v; want %s %s", err, code, resultCode)
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	secret := "client_secret=" + url.QueryEscape(fixture.Secret)
	tests := map[string]struct {
		body   string
		basic  string // client and secret, separated by a space
		client string // the alias; empty for a refusal
		code   oauth.Code
		result string
	}{
		"Basic":                  {basic: "basic " + fixture.Secret, client: "basic"},
		"BasicByNumber":          {basic: "1 " + fixture.Secret, client: "basic"},
		"BasicAndSameID":         {basic: "basic " + fixture.Secret, body: "client_id=basic", client: "basic"},
		"BasicIsTheDefault":      {basic: "unset " + fixture.Secret, client: "unset"},
		"BasicWrongSecret":       {basic: "basic wrong", code: oauth.InvalidClient, result: "E157303"},
		"BasicNoSecret":          {basic: "basic ", code: oauth.InvalidClient, result: "E157357"},
		"BasicUnknownClient":     {basic: "nobody " + fixture.Secret, code: oauth.InvalidClient, result: "E157303"},
		"BasicOtherID":           {basic: "basic " + fixture.Secret, body: "client_id=post", code: oauth.InvalidRequest, result: "E157305"},
		"BasicOfPostClient":      {basic: "post " + fixture.Secret, client: "post"},
		"BasicWrongOfPostClient": {basic: "post wrong", code: oauth.InvalidClient, result: "E157303"},
		"BasicOfPublicClient":    {basic: "public " + fixture.Secret, code: oauth.InvalidClient, result: "E157302"},
		"BasicOfJWTClient":       {basic: "jwt " + fixture.Secret, code: oauth.InvalidClient, result: "E157357"},
		"BasicWithoutStored":     {basic: "nosecret " + fixture.Secret, code: oauth.InvalidClient, result: "E157303"},
		"Post":                   {body: "client_id=post&" + secret, client: "post"},
		"PostWrongSecret":        {body: "client_id=post&client_secret=wrong", code: oauth.InvalidClient, result: "E157303"},
		"PostUnknownClient":      {body: "client_id=nobody&" + secret, code: oauth.InvalidClient, result: "E157303"},
		"PostOfBasicClient":      {body: "client_id=basic&" + secret, client: "basic"},
		"PostWrongOfBasicClient": {body: "client_id=basic&client_secret=wrong", code: oauth.InvalidClient, result: "E157303"},
		"PostOfJWTClient":        {body: "client_id=jwt&" + secret, code: oauth.InvalidClient, result: "E157357"},
		"PostOfPublicClient":     {body: "client_id=public&" + secret, code: oauth.InvalidClient, result: "E157302"},
		"PostWithoutID":          {body: secret, code: oauth.InvalidClient, result: "E157301"},
		"Public":                 {body: "client_id=public", client: "public"},
		"PublicWithEmptyBasic":   {basic: "public ", client: "public"},
		"PublicMethodByBasic":    {body: "client_id=basic", code: oauth.InvalidClient, result: "E157357"},
		"PublicUnknownClient":    {body: "client_id=nobody", code: oauth.InvalidClient, result: "E157303"},
		"Nothing":                {code: oauth.InvalidClient, result: "E157301"},
		"EmptyID":                {body: "client_id=", code: oauth.InvalidClient, result: "E157301"},
		"BasicAndPost":           {basic: "basic " + fixture.Secret, body: secret, code: oauth.InvalidRequest, result: "E157304"},
		"BasicAndAssertion":      {basic: "basic " + fixture.Secret, body: "client_assertion=x", code: oauth.InvalidRequest, result: "E157304"},
		"PostAndAssertion":       {body: secret + "&client_assertion_type=x", code: oauth.InvalidRequest, result: "E157304"},
		"Locked":                 {basic: "locked " + fixture.Secret, code: oauth.InvalidClient, result: "E157306"},
		"LockedWrongSecret":      {basic: "locked wrong", code: oauth.InvalidClient, result: "E157303"},
		"AssertionWithoutType":   {body: "client_assertion=x", code: oauth.InvalidClient, result: "E157310"},
		"AssertionOfUnknownType": {body: "client_assertion=x&client_assertion_type=urn:saml", code: oauth.InvalidClient, result: "E157310"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newClients(t)
			id, basicSecret, _ := strings.Cut(tc.basic, " ")
			got, err := f.Clients.Authenticate(t.Context(), credentials(t, tc.body, id, basicSecret))
			if tc.client == "" {
				wantRefusal(t, err, tc.code, tc.result)
				return
			}
			if err != nil || got.ClientIDAlias != tc.client {
				t.Fatalf("Authenticate = %+v, %v; want %q", got, err, tc.client)
			}
			if want := id != "1"; got.AliasUsed != want {
				t.Errorf("AliasUsed = %v, want %v", got.AliasUsed, want)
			}
		})
	}
}

// TestMethodRegisteredByMethodUsed is the table of registered by used method: a client that has a secret may send it
// either way (RFC 6749, section 2.3.1) unless its method is pinned, and a refusal names the method that is registered.
func TestMethodRegisteredByMethodUsed(t *testing.T) {
	t.Parallel()
	f := newClients(t)
	const either, basic, post, jwt, none = "client_secret_basic client_secret_post", "client_secret_basic", "client_secret_post", "private_key_jwt", "none"
	for client, accepted := range map[string]string{
		"basic": either, "post": either, "unset": either, "exact": basic, "exactpost": post, "jwt": jwt, "public": none,
	} {
		assertion := goodAssertion(f)
		assertion.claims["iss"], assertion.claims["sub"] = client, client
		for used, in := range map[string]clientauth.Credentials{
			basic: credentials(t, "", client, fixture.Secret),
			post:  credentials(t, "client_id="+client+"&client_secret="+fixture.Secret, "", ""),
			jwt:   credentials(t, bodyOf(assertion.sign(t)), "", ""),
			none:  credentials(t, "client_id="+client, "", ""),
		} {
			_, err := f.Clients.Authenticate(t.Context(), in)
			if slices.Contains(strings.Fields(accepted), used) {
				if err != nil {
					t.Errorf("client %q by %s: %v", client, used, err)
				}
				continue
			}
			var refusal *oauth.Error
			registered := strings.Fields(accepted)[0]
			if client == "post" {
				registered = post
			}
			if !errors.As(err, &refusal) || refusal.Code != oauth.InvalidClient || !strings.Contains(refusal.Description, registered) {
				t.Errorf("client %q by %s: %v; want a refusal that names %s", client, used, err, registered)
			}
		}
	}
}

// TestUnknownClientLooksLikeWrongSecret compares everything that the client gets to see.
func TestUnknownClientLooksLikeWrongSecret(t *testing.T) {
	t.Parallel()
	f := newClients(t)
	_, wrong := f.Clients.Authenticate(t.Context(), credentials(t, "", "basic", "wrong"))
	_, unknown := f.Clients.Authenticate(t.Context(), credentials(t, "", "nobody", "wrong"))
	if diff := cmp.Diff(wrong, unknown); diff != "" {
		t.Errorf("refusals differ (-wrong secret +unknown client):\n%s", diff)
	}
}

func TestRotatedSecretWorksAtOnce(t *testing.T) {
	t.Parallel()
	f := newClients(t)
	if _, err := f.Clients.Authenticate(t.Context(), credentials(t, "", "basic", fixture.Secret)); err != nil {
		t.Fatal(err)
	}
	f.UpdateClient("basic", func(c *authlete.Client) { c.ClientSecret = "the-next-secret" })
	f.Clock.Advance(300 * time.Millisecond) // the registry reads one client past its cache that often
	if _, err := f.Clients.Authenticate(t.Context(), credentials(t, "", "basic", "the-next-secret")); err != nil {
		t.Errorf("the new secret: %v", err)
	}
	_, err := f.Clients.Authenticate(t.Context(), credentials(t, "", "basic", fixture.Secret))
	wantRefusal(t, err, oauth.InvalidClient, "E157303")
}
