package oauthclient

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

// mark is the ownership mark of a client at the backend.
func mark(c *authv1alpha1.OAuthClient) string { return c.Namespace + "/" + c.Name }

// overlay returns what the backend has, with the declared fields replaced. Fields that the resource does not declare
// stay as they are.
func overlay(have authlete.Client, c *authv1alpha1.OAuthClient) (authlete.Client, error) {
	spec := &c.Spec
	want := have
	want.Developer = mark(c)
	want.ClientIDAlias, want.ClientIDAliasEnabled = c.EffectiveClientID(), true
	want.ClientName, want.Description = c.EffectiveClientName(), spec.Description
	want.ClientURI, want.LogoURI = string(spec.ClientURI), string(spec.LogoURI)
	want.PolicyURI, want.TosURI = string(spec.PolicyURI), string(spec.TosURI)
	want.Contacts = spec.Contacts
	want.ClientType = authlete.ClientConfidential
	if spec.IsPublic() {
		want.ClientType = authlete.ClientPublic
	}
	want.ApplicationType = authlete.ApplicationType(upper(spec.EffectiveApplicationType()))
	want.TokenAuthMethod = authlete.ClientAuthMethod(upper(spec.EffectiveAuthMethod()))
	want.RedirectURIs, want.GrantTypes, want.ResponseTypes = nil, nil, nil
	for _, uri := range spec.RedirectURIs {
		want.RedirectURIs = append(want.RedirectURIs, string(uri))
	}
	for _, grant := range spec.EffectiveGrantTypes() {
		want.GrantTypes = append(want.GrantTypes, authlete.GrantType(upper(grant)))
	}
	for _, response := range spec.EffectiveResponseTypes() {
		want.ResponseTypes = append(want.ResponseTypes, authlete.ResponseType(strings.ReplaceAll(upper(response), " ", "_")))
	}
	want.IDTokenSignAlg = authlete.JWSAlg(spec.IDTokenSignedResponseAlg)
	want.DefaultMaxAge = 0
	if spec.DefaultMaxAgeSeconds != nil {
		want.DefaultMaxAge = int64(*spec.DefaultMaxAgeSeconds)
	}
	want.JWKSURI, want.JWKS = string(spec.JWKSURI), ""
	if spec.JWKS != nil {
		text, err := json.Marshal(spec.JWKS)
		if err != nil {
			return want, fmt.Errorf("encoding spec.jwks: %w", err)
		}
		want.JWKS = string(text)
	}
	want.Attributes = attributes(have.Attributes, spec.EffectiveConsent())
	want.Extension = extension(spec)
	return want, nil
}

func upper[T ~string](text T) string { return strings.ToUpper(string(text)) }

// attributes returns the attributes with the one for first-party clients set or removed.
func attributes(have []authlete.Pair, consent authv1alpha1.ClientConsent) []authlete.Pair {
	var want []authlete.Pair
	for _, pair := range have {
		if pair.Key != authlete.AttributeFirstParty {
			want = append(want, pair)
		}
	}
	if consent == authv1alpha1.ClientConsentSkip {
		want = append(want, authlete.Pair{Key: authlete.AttributeFirstParty, Value: "true"})
	}
	return want
}

// extension limits scopes and lifetimes; nil where the spec limits nothing.
func extension(spec *authv1alpha1.OAuthClientSpec) *authlete.ClientExtension {
	e := authlete.ClientExtension{}
	for _, scope := range spec.Scopes {
		e.RequestableScopesEnabled = true
		e.RequestableScopes = append(e.RequestableScopes, string(scope))
	}
	if seconds := spec.Tokens.AccessTokenSeconds; seconds != nil {
		e.AccessTokenDuration = int64(*seconds)
	}
	if seconds := spec.Tokens.RefreshTokenSeconds; seconds != nil {
		e.RefreshTokenDuration = int64(*seconds)
	}
	if reflect.DeepEqual(e, authlete.ClientExtension{}) {
		return nil
	}
	return &e
}

// differs says whether two clients differ in what the API lets a caller set.
func differs(have, want authlete.Client) bool {
	have.ModifiedAt, want.ModifiedAt = 0, 0
	return !reflect.DeepEqual(have, want)
}
