package oauthclient

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

// declared is an object, changed.
func declared(change func(*authv1alpha1.OAuthClient)) *authv1alpha1.OAuthClient {
	c := &authv1alpha1.OAuthClient{
		ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "shop", UID: "uid-1"},
		Spec:       authv1alpha1.OAuthClientSpec{RedirectURIs: []authv1alpha1.RedirectURI{"https://shop.example.com/b", "https://shop.example.com/a"}},
	}
	if change != nil {
		change(c)
	}
	return c
}

func adopting(identifier string) func(*authv1alpha1.OAuthClient) {
	return func(c *authv1alpha1.OAuthClient) { c.Spec.Adopt = &authv1alpha1.ClientAdoption{Client: identifier} }
}

func TestClaim(t *testing.T) {
	t.Parallel()
	const mine, predecessor, other = "apps/shop/uid-1", "apps/shop/uid-0", "elsewhere/till/uid-9"
	for name, test := range map[string]struct {
		owner  string
		change func(*authv1alpha1.OAuthClient)
		shared bool
		want   string // part of the refusal; "" for none
	}{
		"its own":                             {mine, nil, true, ""},
		"nobody's":                            {"", nil, true, `spec.adopt.client to "42"`},
		"nobody's, adopted by number":         {"", adopting("42"), true, ""},
		"nobody's, adopted by alias":          {"", adopting("shop"), true, ""},
		"nobody's, another is to be adopted":  {"", adopting("43"), true, "no OAuthClient made"},
		"another object's":                    {other, nil, true, "elsewhere/till"},
		"another object's, adopted":           {other, adopting("42"), true, "elsewhere/till"},
		"another object's, engine in pods":    {other, nil, false, "elsewhere/till"},
		"a predecessor's":                     {predecessor, nil, true, "an earlier OAuthClient of this name"},
		"a predecessor's, adopted":            {predecessor, adopting("42"), true, ""},
		"a predecessor's, the engine in pods": {predecessor, nil, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			have := &authlete.Client{ClientID: 42, ClientIDAlias: "shop"}
			if test.owner != "" {
				have.Attributes = []authlete.Pair{{Key: authlete.AttributeOwner, Value: test.owner}}
			}
			err := claim(have, declared(test.change), test.shared)
			if (err == nil) != (test.want == "") || (err != nil && !strings.Contains(err.Error(), test.want)) {
				t.Errorf("error = %v, want %q", err, test.want)
			}
		})
	}
}

// existingClient is one that somebody has made at a console.
func existingClient() authlete.Client {
	return authlete.Client{
		ClientID: 42, ClientIDAlias: "old", ClientName: "Old name", Description: "Old", ClientSecret: "kept", Developer: "jane", DefaultMaxAge: 60,
		RedirectURIs: []string{"https://old.example.com"}, Contacts: []string{"a@example.com"}, IDTokenSignAlg: authlete.RS256,
		Attributes: []authlete.Pair{{Key: "team", Value: "blue"}, {Key: authlete.AttributeFirstParty, Value: "true"}},
		Extension:  &authlete.ClientExtension{AccessTokenDuration: 7, Other: authlete.Other{"tokenExchangePermitted": json.RawMessage("true")}},
		Other:      authlete.Other{"softwareId": json.RawMessage(`"s"`)},
	}
}

// TestOverlay: an adopted client keeps what the object does not name, another one only what it has no field for.
func TestOverlay(t *testing.T) {
	t.Parallel()
	got, err := overlay(existingClient(), declared(adopting("42")))
	if err != nil {
		t.Fatal(err)
	}
	want := existingClient()
	want.ClientIDAlias, want.ClientIDAliasEnabled = "shop", true
	want.RedirectURIs = []string{"https://shop.example.com/b", "https://shop.example.com/a"}
	want.ClientType, want.ApplicationType, want.TokenAuthMethod = authlete.ClientConfidential, authlete.ApplicationWeb, authlete.AuthClientSecretBasic
	want.GrantTypes = []authlete.GrantType{authlete.GrantAuthorizationCode, authlete.GrantRefreshToken}
	want.ResponseTypes = []authlete.ResponseType{authlete.ResponseCode}
	want.Attributes = []authlete.Pair{{Key: "team", Value: "blue"}, {Key: authlete.AttributeOwner, Value: "apps/shop/uid-1"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("adopted (-want +got):\n%s", diff)
	}
	if got, err = overlay(existingClient(), declared(nil)); err != nil {
		t.Fatal(err)
	}
	want.ClientName, want.Description, want.Contacts, want.DefaultMaxAge = "shop", "", nil, 0
	want.Extension = &authlete.ClientExtension{Other: want.Extension.Other}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("not adopted (-want +got):\n%s", diff)
	}
}

// TestNothingToChange: what the backend makes of a client is not taken for a difference.
func TestNothingToChange(t *testing.T) {
	t.Parallel()
	c := declared(func(c *authv1alpha1.OAuthClient) {
		c.Spec.Contacts = []string{"b@example.com", "a@example.com"}
		c.Spec.JWKS = &authv1alpha1.JSONWebKeySet{Keys: []authv1alpha1.JSONWebKey{{Kty: authv1alpha1.KeyOKP, Crv: "Ed25519", X: "eA"}}}
	})
	have, err := overlay(authlete.Client{ClientID: 42}, c)
	if err != nil {
		t.Fatal(err)
	}
	have.RedirectURIs = []string{"https://shop.example.com/a", "https://shop.example.com/b"}
	have.Contacts = []string{"a@example.com", "b@example.com"}
	have.GrantTypes = []authlete.GrantType{authlete.GrantRefreshToken, authlete.GrantAuthorizationCode}
	have.JWKS = strings.ReplaceAll(have.JWKS, ",", ", ")
	have.IDTokenSignAlg, have.SubjectType, have.ModifiedAt = authlete.RS256, "PUBLIC", 99
	have.Attributes = append([]authlete.Pair{{Key: "z", Value: "z"}}, have.Attributes...)
	have.Extension = &authlete.ClientExtension{}
	have.Other = authlete.Other{"derivedSectorIdentifier": json.RawMessage(`"shop.example.com"`)}
	want, err := overlay(have, c)
	if err != nil {
		t.Fatal(err)
	}
	if differs(have, want) {
		t.Errorf("the same client differs (-have +want):\n%s", cmp.Diff(have, want))
	}
	want.RedirectURIs = want.RedirectURIs[:1]
	if !differs(have, want) {
		t.Error("a redirect URI less makes no difference")
	}
}
