package settings

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

// client collects what an OAuthClient declares. Of a client that was adopted that is what the spec names. A client that
// the operator made has the defaults in all other fields.
type client struct {
	Declared[authlete.Client]
	defaults bool
}

// OfClient returns what the spec of a client sets. The client secret is no part of it.
func OfClient(c *authv1alpha1.OAuthClient) (Declared[authlete.Client], error) {
	spec := &c.Spec
	d := &client{defaults: spec.Adopt == nil}
	d.addIdentity(c)
	d.addProtocol(spec)
	d.addDisplay(c)
	d.addExtension(spec)
	if d.defaults || spec.Consent != "" {
		d.add(attribute(authlete.AttributeFirstParty, "true", spec.EffectiveConsent() == authv1alpha1.ClientConsentSkip))
	}
	if d.defaults || spec.TokenEndpointAuthMethodMatch != "" {
		exact := spec.EffectiveAuthMethodMatch() == authv1alpha1.AuthMethodExact
		d.add(attribute(authlete.AttributeAuthMethodMatch, authlete.AuthMethodMatchExact, exact))
	}
	if d.defaults || spec.IDTokenClaims != "" {
		minimal := spec.EffectiveIDTokenClaims() == authv1alpha1.IDTokenMinimal
		d.add(attribute(authlete.AttributeIDTokenClaims, authlete.IDTokenClaimsMinimal, minimal))
	}
	if err := d.addKeys(spec); err != nil {
		return Declared[authlete.Client]{}, err
	}
	return d.Declared, nil
}

func (d *client) addIdentity(c *authv1alpha1.OAuthClient) {
	if d.defaults || c.Spec.ClientID != "" {
		d.add(value[authlete.Client, string]{"clientIdAlias", c.EffectiveClientID(), func(c *authlete.Client) *string { return &c.ClientIDAlias }})
		d.add(value[authlete.Client, bool]{"clientIdAliasEnabled", true, func(c *authlete.Client) *bool { return &c.ClientIDAliasEnabled }})
	}
	if d.defaults || c.Spec.ApplicationType != "" {
		as := authlete.ApplicationType(upperOne(string(c.Spec.EffectiveApplicationType())))
		d.add(value[authlete.Client, authlete.ApplicationType]{
			"applicationType", as, func(c *authlete.Client) *authlete.ApplicationType { return &c.ApplicationType },
		})
	}
	if d.defaults || c.Spec.TokenEndpointAuthMethod != "" {
		kind := authlete.ClientConfidential
		if c.Spec.IsPublic() {
			kind = authlete.ClientPublic
		}
		d.add(value[authlete.Client, authlete.ClientType]{"clientType", kind, func(c *authlete.Client) *authlete.ClientType { return &c.ClientType }})
		method := authlete.ClientAuthMethod(upperOne(string(c.Spec.EffectiveAuthMethod())))
		d.add(value[authlete.Client, authlete.ClientAuthMethod]{
			"tokenAuthMethod", method, func(c *authlete.Client) *authlete.ClientAuthMethod { return &c.TokenAuthMethod },
		})
	}
}

func (d *client) addProtocol(spec *authv1alpha1.OAuthClientSpec) {
	if d.defaults || len(spec.RedirectURIs) > 0 {
		d.add(list[authlete.Client, string]{"redirectUris", texts(spec.RedirectURIs), func(c *authlete.Client) *[]string { return &c.RedirectURIs }})
	}
	if d.defaults || len(spec.GrantTypes) > 0 {
		grants := upper[authlete.GrantType](spec.EffectiveGrantTypes())
		d.add(list[authlete.Client, authlete.GrantType]{"grantTypes", grants, func(c *authlete.Client) *[]authlete.GrantType { return &c.GrantTypes }})
	}
	if d.defaults || len(spec.ResponseTypes) > 0 {
		responses := upper[authlete.ResponseType](spec.EffectiveResponseTypes())
		d.add(list[authlete.Client, authlete.ResponseType]{"responseTypes", responses, func(c *authlete.Client) *[]authlete.ResponseType { return &c.ResponseTypes }})
	}
	if d.defaults || spec.IDTokenSignedResponseAlg != "" {
		d.add(derived[authlete.Client, authlete.JWSAlg]{
			"idTokenSignAlg", authlete.JWSAlg(spec.IDTokenSignedResponseAlg),
			func(c *authlete.Client) authlete.JWSAlg { return c.IDTokenSignAlg },
			func(c *authlete.Client, alg authlete.JWSAlg) { c.IDTokenSignAlg = alg },
			sameAlgorithm,
		})
	}
	if d.defaults || spec.DefaultMaxAgeSeconds != nil {
		d.add(value[authlete.Client, int64]{"defaultMaxAge", int64(valueOf(spec.DefaultMaxAgeSeconds)), func(c *authlete.Client) *int64 { return &c.DefaultMaxAge }})
	}
}

// addDisplay declares what people read.
func (d *client) addDisplay(c *authv1alpha1.OAuthClient) {
	spec := &c.Spec
	name := spec.ClientName
	if d.defaults {
		name = c.EffectiveClientName()
	}
	d.addText("clientName", name, func(c *authlete.Client) *string { return &c.ClientName })
	d.addText("description", spec.Description, func(c *authlete.Client) *string { return &c.Description })
	d.addText("clientUri", string(spec.ClientURI), func(c *authlete.Client) *string { return &c.ClientURI })
	d.addText("logoUri", string(spec.LogoURI), func(c *authlete.Client) *string { return &c.LogoURI })
	d.addText("policyUri", string(spec.PolicyURI), func(c *authlete.Client) *string { return &c.PolicyURI })
	d.addText("tosUri", string(spec.TosURI), func(c *authlete.Client) *string { return &c.TosURI })
	if d.defaults || len(spec.Contacts) > 0 {
		d.add(list[authlete.Client, string]{"contacts", spec.Contacts, func(c *authlete.Client) *[]string { return &c.Contacts }})
	}
}

func (d *client) addText(name, want string, of func(*authlete.Client) *string) {
	if d.defaults || want != "" {
		d.add(value[authlete.Client, string]{name, want, of})
	}
}

// addKeys declares the client's public keys, which are in one place.
func (d *client) addKeys(spec *authv1alpha1.OAuthClientSpec) error {
	if !d.defaults && spec.JWKS == nil && spec.JWKSURI == "" {
		return nil
	}
	var keys string
	if spec.JWKS != nil {
		text, err := json.Marshal(spec.JWKS)
		if err != nil {
			return fmt.Errorf("encoding spec.jwks: %w", err)
		}
		keys = string(text)
	}
	d.add(value[authlete.Client, string]{"jwksUri", spec.JWKSURI, func(c *authlete.Client) *string { return &c.JWKSURI }})
	d.add(derived[authlete.Client, string]{
		"jwks", keys, func(c *authlete.Client) string { return c.JWKS }, func(c *authlete.Client, keys string) { c.JWKS = keys }, sameJSON,
	})
	return nil
}

// addExtension limits scopes and lifetimes.
func (d *client) addExtension(spec *authv1alpha1.OAuthClientSpec) {
	if d.defaults || len(spec.Scopes) > 0 {
		d.add(derived[authlete.Client, scopeLimit]{
			"extension.requestableScopes", scopeLimit{len(spec.Scopes) > 0, texts(spec.Scopes)}, limitOf, limit, sameLimit,
		})
	}
	d.addLifetime("extension.accessTokenDuration", spec.Tokens.AccessTokenSeconds, func(e *authlete.ClientExtension) *int64 { return &e.AccessTokenDuration })
	d.addLifetime("extension.refreshTokenDuration", spec.Tokens.RefreshTokenSeconds, func(e *authlete.ClientExtension) *int64 { return &e.RefreshTokenDuration })
}

func (d *client) addLifetime(name string, seconds *int32, of func(*authlete.ClientExtension) *int64) {
	if !d.defaults && seconds == nil {
		return
	}
	d.add(derived[authlete.Client, int64]{
		name, int64(valueOf(seconds)),
		func(c *authlete.Client) int64 { return *of(extensionOf(c)) },
		func(c *authlete.Client, duration int64) {
			e := extensionOf(c)
			*of(e) = duration
			c.Extension = e
		},
		func(have, want int64) bool { return have == want },
	})
}

// extensionOf returns a copy of a client's extension.
func extensionOf(c *authlete.Client) *authlete.ClientExtension {
	if c.Extension == nil {
		return &authlete.ClientExtension{}
	}
	e := *c.Extension
	return &e
}

// scopeLimit are the scopes that a client may request, if they are limited.
type scopeLimit struct {
	Enabled bool     `json:"enabled"`
	Scopes  []string `json:"scopes,omitempty"`
}

func limitOf(c *authlete.Client) scopeLimit {
	e := extensionOf(c)
	return scopeLimit{e.RequestableScopesEnabled, sorted(e.RequestableScopes)}
}

func limit(c *authlete.Client, to scopeLimit) {
	e := extensionOf(c)
	e.RequestableScopesEnabled, e.RequestableScopes = to.Enabled, to.Scopes
	c.Extension = e
}

// sameLimit says whether two limits allow the same. Scopes of a limit that is not enabled mean nothing.
func sameLimit(have, want scopeLimit) bool {
	return have.Enabled == want.Enabled && (!have.Enabled || slices.Equal(sorted(have.Scopes), sorted(want.Scopes)))
}

// attribute declares whether an attribute of the client has a value; it is removed if not.
func attribute(key, value string, set bool) setting[authlete.Client] {
	return derived[authlete.Client, bool]{
		"attributes." + key, set,
		func(c *authlete.Client) bool { return c.Attribute(key) == value },
		func(c *authlete.Client, set bool) {
			c.Attributes = slices.DeleteFunc(slices.Clone(c.Attributes), func(p authlete.Pair) bool { return p.Key == key })
			if set {
				c.Attributes = append(c.Attributes, authlete.Pair{Key: key, Value: value})
			}
		},
		func(have, want bool) bool { return have == want },
	}
}

// sameAlgorithm says whether two settings sign ID tokens in the same way: no algorithm means RS256.
func sameAlgorithm(have, want authlete.JWSAlg) bool {
	return have == want || (have == "" && want == authlete.RS256) || (have == authlete.RS256 && want == "")
}

// sameJSON says whether two texts are the same JSON, or both empty.
func sameJSON(a, b string) bool {
	if a == "" || b == "" {
		return a == b
	}
	var left, right any
	return json.Unmarshal([]byte(a), &left) == nil && json.Unmarshal([]byte(b), &right) == nil && reflect.DeepEqual(left, right)
}

func texts[T ~string](values []T) []string {
	var all []string
	for _, value := range values {
		all = append(all, string(value))
	}
	return all
}

func valueOf(pointer *int32) int32 {
	if pointer == nil {
		return 0
	}
	return *pointer
}
