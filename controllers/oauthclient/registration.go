package oauthclient

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

// overlay returns what the backend has, with the declared settings replaced. What the resource has no field for stays as
// it is; so does, of a client that was adopted, what the resource does not name.
func overlay(have authlete.Client, c *authv1alpha1.OAuthClient) (authlete.Client, error) {
	spec := &c.Spec
	adopted := spec.Adopt != nil
	want := have
	want.ClientIDAlias, want.ClientIDAliasEnabled = c.EffectiveClientID(), true
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
	describe(&want, c, adopted)
	if spec.DefaultMaxAgeSeconds != nil {
		want.DefaultMaxAge = int64(*spec.DefaultMaxAgeSeconds)
	} else if !adopted {
		want.DefaultMaxAge = 0
	}
	// RS256 is what the API makes of no algorithm.
	if alg := authlete.JWSAlg(spec.IDTokenSignedResponseAlg); alg != "" || (!adopted && have.IDTokenSignAlg != authlete.RS256) {
		want.IDTokenSignAlg = alg
	}
	if err := keys(&want, spec, adopted); err != nil {
		return want, err
	}
	want.Attributes = attributes(have.Attributes, c)
	want.Extension = extension(have.Extension, spec, adopted)
	return want, nil
}

// describe replaces what people read.
func describe(want *authlete.Client, c *authv1alpha1.OAuthClient, adopted bool) {
	spec := &c.Spec
	if spec.ClientName != "" || !adopted {
		want.ClientName = c.EffectiveClientName()
	}
	for _, text := range []struct {
		into  *string
		value string
	}{
		{&want.Description, spec.Description},
		{&want.ClientURI, string(spec.ClientURI)},
		{&want.LogoURI, string(spec.LogoURI)},
		{&want.PolicyURI, string(spec.PolicyURI)},
		{&want.TosURI, string(spec.TosURI)},
	} {
		if text.value != "" || !adopted {
			*text.into = text.value
		}
	}
	if len(spec.Contacts) > 0 || !adopted {
		want.Contacts = spec.Contacts
	}
}

// keys replaces the client's public keys. A set that means the same keeps its spelling.
func keys(want *authlete.Client, spec *authv1alpha1.OAuthClientSpec, adopted bool) error {
	if adopted && spec.JWKS == nil && spec.JWKSURI == "" {
		return nil
	}
	have := want.JWKS
	want.JWKSURI, want.JWKS = spec.JWKSURI, ""
	if spec.JWKS == nil {
		return nil
	}
	text, err := json.Marshal(spec.JWKS)
	if err != nil {
		return fmt.Errorf("encoding spec.jwks: %w", err)
	}
	want.JWKS = string(text)
	if sameJSON(have, want.JWKS) {
		want.JWKS = have
	}
	return nil
}

func sameJSON(a, b string) bool {
	var left, right any
	return json.Unmarshal([]byte(a), &left) == nil && json.Unmarshal([]byte(b), &right) == nil && reflect.DeepEqual(left, right)
}

func upper[T ~string](text T) string { return strings.ToUpper(string(text)) }

// attributes returns the attributes with the mark, and with the one for first-party clients set or removed.
func attributes(have []authlete.Pair, c *authv1alpha1.OAuthClient) []authlete.Pair {
	want := without(have, authlete.AttributeFirstParty, authlete.AttributeOwner)
	want = append(want, authlete.Pair{Key: authlete.AttributeOwner, Value: mark(c)})
	if c.Spec.EffectiveConsent() == authv1alpha1.ClientConsentSkip {
		want = append(want, authlete.Pair{Key: authlete.AttributeFirstParty, Value: "true"})
	}
	return want
}

func without(have []authlete.Pair, keys ...string) []authlete.Pair {
	var rest []authlete.Pair
	for _, pair := range have {
		if !slices.Contains(keys, pair.Key) {
			rest = append(rest, pair)
		}
	}
	return rest
}

// extension limits scopes and lifetimes; what else it holds stays. nil where there is none and the spec limits nothing.
func extension(have *authlete.ClientExtension, spec *authv1alpha1.OAuthClientSpec, adopted bool) *authlete.ClientExtension {
	var e authlete.ClientExtension
	if have != nil {
		e = *have
	}
	if len(spec.Scopes) > 0 || !adopted {
		e.RequestableScopesEnabled, e.RequestableScopes = len(spec.Scopes) > 0, nil
		for _, scope := range spec.Scopes {
			e.RequestableScopes = append(e.RequestableScopes, string(scope))
		}
	}
	for _, duration := range []struct {
		into  *int64
		value *int32
	}{{&e.AccessTokenDuration, spec.Tokens.AccessTokenSeconds}, {&e.RefreshTokenDuration, spec.Tokens.RefreshTokenSeconds}} {
		if duration.value != nil {
			*duration.into = int64(*duration.value)
		} else if !adopted {
			*duration.into = 0
		}
	}
	if have == nil && reflect.DeepEqual(e, authlete.ClientExtension{}) {
		return nil
	}
	return &e
}

// differs says whether two clients differ in what the API lets a caller set. The order of lists means nothing.
func differs(have, want authlete.Client) bool {
	return !bytes.Equal(normal(have), normal(want))
}

// normal returns a client as text that is the same for all spellings of the same client.
func normal(c authlete.Client) []byte {
	c.ModifiedAt = 0
	c.RedirectURIs, c.Contacts, c.DefaultAcrs = sorted(c.RedirectURIs), sorted(c.Contacts), sorted(c.DefaultAcrs)
	c.GrantTypes, c.ResponseTypes = sorted(c.GrantTypes), sorted(c.ResponseTypes)
	c.Attributes = slices.SortedFunc(slices.Values(c.Attributes), func(a, b authlete.Pair) int { return cmp.Compare(a.Key, b.Key) })
	if c.Extension != nil {
		e := *c.Extension
		e.RequestableScopes = sorted(e.RequestableScopes)
		c.Extension = &e
	}
	text, err := json.Marshal(c)
	if err != nil {
		return nil // cannot happen: what was decoded can be encoded; two of them would count as the same
	}
	return text
}

func sorted[T ~string](list []T) []T { return slices.Sorted(slices.Values(list)) }
