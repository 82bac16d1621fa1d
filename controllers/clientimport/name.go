package clientimport

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

// name names in the spec what the client has, in the words of the resource, and returns the members that it has no word
// for. Values that a field cannot have are named all the same: the schema judges them.
func name(have *authlete.Client, spec *authv1alpha1.OAuthClientSpec) []string {
	var unnamed []string
	if have.ClientIDAliasEnabled {
		spec.ClientID = have.ClientIDAlias
	} else if have.ClientIDAlias != "" {
		unnamed = append(unnamed, "clientIdAlias")
	}
	nameDisplay(have, spec)
	spec.ApplicationType = authv1alpha1.ApplicationType(strings.ToLower(string(have.ApplicationType)))
	unnamed = append(unnamed, nameAuthentication(have, spec)...)
	for _, uri := range have.RedirectURIs {
		spec.RedirectURIs = append(spec.RedirectURIs, authv1alpha1.RedirectURI(uri))
	}
	for _, grant := range have.GrantTypes {
		spec.GrantTypes = append(spec.GrantTypes, authv1alpha1.GrantType(strings.ToLower(string(grant))))
	}
	for _, response := range have.ResponseTypes {
		spec.ResponseTypes = append(spec.ResponseTypes, responseType(response))
	}
	spec.IDTokenSignedResponseAlg = authv1alpha1.SigningAlgorithm(have.IDTokenSignAlg)
	if have.DefaultMaxAge != 0 {
		spec.DefaultMaxAgeSeconds = seconds(have.DefaultMaxAge)
	}
	spec.Consent = authv1alpha1.ClientConsentAsk
	if have.Attribute(authlete.AttributeFirstParty) == "true" {
		spec.Consent = authv1alpha1.ClientConsentSkip
	}
	if have.Attribute(authlete.AttributeAuthMethodMatch) == authlete.AuthMethodMatchExact {
		spec.TokenEndpointAuthMethodMatch = authv1alpha1.AuthMethodExact
	}
	unnamed = append(unnamed, nameExtension(have, spec)...)
	return append(unnamed, wordless(have)...)
}

// nameDisplay names what people read.
func nameDisplay(have *authlete.Client, spec *authv1alpha1.OAuthClientSpec) {
	spec.ClientName, spec.Description, spec.Contacts = have.ClientName, have.Description, have.Contacts
	spec.ClientURI, spec.LogoURI = authv1alpha1.WebURI(have.ClientURI), authv1alpha1.WebURI(have.LogoURI)
	spec.PolicyURI, spec.TosURI = authv1alpha1.WebURI(have.PolicyURI), authv1alpha1.WebURI(have.TosURI)
}

// nameAuthentication names the method, where it fits the client type, and the public keys.
func nameAuthentication(have *authlete.Client, spec *authv1alpha1.OAuthClientSpec) []string {
	var unnamed []string
	kind := authlete.ClientConfidential // the resource has one field for method and type
	if have.TokenAuthMethod == authlete.AuthNone {
		kind = authlete.ClientPublic
	}
	if have.ClientType == kind {
		spec.TokenEndpointAuthMethod = authv1alpha1.ClientAuthMethod(strings.ToLower(string(have.TokenAuthMethod)))
	} else {
		unnamed = append(unnamed, "clientType", "tokenAuthMethod")
	}
	if have.JWKS == "" && have.JWKSURI == "" {
		return unnamed
	}
	var keys authv1alpha1.JSONWebKeySet
	if spec.TokenEndpointAuthMethod == authv1alpha1.AuthPrivateKeyJWT && (have.JWKS == "" || have.JWKSURI == "") && readKeys(have.JWKS, &keys) {
		spec.JWKSURI = have.JWKSURI
		if have.JWKS != "" {
			spec.JWKS = &keys
		}
		return unnamed
	}
	for member, value := range map[string]string{"jwks": have.JWKS, "jwksUri": have.JWKSURI} {
		if value != "" {
			unnamed = append(unnamed, member)
		}
	}
	slices.Sort(unnamed)
	return unnamed
}

// readKeys decodes a JWK Set; false if the resource cannot have all of it.
func readKeys(set string, keys *authv1alpha1.JSONWebKeySet) bool {
	if set == "" {
		return true
	}
	if err := json.Unmarshal([]byte(set), keys); err != nil {
		return false
	}
	text, err := json.Marshal(keys)
	var original, kept any
	return err == nil && json.Unmarshal([]byte(set), &original) == nil && json.Unmarshal(text, &kept) == nil && reflect.DeepEqual(original, kept)
}

// nameExtension names scopes and lifetimes.
func nameExtension(have *authlete.Client, spec *authv1alpha1.OAuthClientSpec) []string {
	e := have.Extension
	if e == nil {
		return nil
	}
	var unnamed []string
	switch {
	case e.RequestableScopesEnabled && len(e.RequestableScopes) == 0:
		unnamed = append(unnamed, "extension.requestableScopes")
	case e.RequestableScopesEnabled:
		for _, scope := range e.RequestableScopes {
			spec.Scopes = append(spec.Scopes, authv1alpha1.ScopeName(scope))
		}
	}
	if e.AccessTokenDuration != 0 {
		spec.Tokens.AccessTokenSeconds = seconds(e.AccessTokenDuration)
	}
	if e.RefreshTokenDuration != 0 {
		spec.Tokens.RefreshTokenSeconds = seconds(e.RefreshTokenDuration)
	}
	return append(unnamed, present("extension.", e.Other)...)
}

// wordless returns the members of a client that the resource has no field for, and that have a value.
func wordless(have *authlete.Client) []string {
	var all []string
	for _, member := range []struct {
		name string
		set  bool
	}{
		{"developer", have.Developer != ""},
		{"tokenAuthSignAlg", have.TokenAuthSignAlg != ""},
		{"defaultAcrs", len(have.DefaultAcrs) > 0},
		{"authTimeRequired", have.AuthTimeRequired},
		{"locked", have.Locked},
		{"subjectType", have.SubjectType != "" && have.SubjectType != "PUBLIC"},
	} {
		if member.set {
			all = append(all, member.name)
		}
	}
	for _, attribute := range have.Attributes {
		if !slices.Contains([]string{authlete.AttributeFirstParty, authlete.AttributeAuthMethodMatch}, attribute.Key) {
			all = append(all, "attributes."+attribute.Key)
		}
	}
	return append(all, present("", have.Other)...)
}

// present returns the names of the members that have a value, in order.
func present(prefix string, members authlete.Other) []string {
	var all []string
	for _, member := range slices.Sorted(maps.Keys(members)) {
		if !empty(members[member]) {
			all = append(all, prefix+member)
		}
	}
	return all
}

// empty says whether a member is as if it were not there.
func empty(value json.RawMessage) bool {
	var decoded any
	decoder := json.NewDecoder(bytes.NewReader(value))
	if decoder.Decode(&decoded) != nil {
		return false
	}
	reflected := reflect.ValueOf(decoded)
	switch reflected.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Slice, reflect.Map:
		return reflected.Len() == 0
	default:
		return reflected.IsZero()
	}
}

// responseType spells a response type as the resource does: CODE_ID_TOKEN is "code id_token".
func responseType(of authlete.ResponseType) authv1alpha1.ResponseType {
	spelled := strings.ReplaceAll(strings.ToLower(string(of)), "id_token", "id-token")
	spelled = strings.ReplaceAll(spelled, "_", " ")
	return authv1alpha1.ResponseType(strings.ReplaceAll(spelled, "id-token", "id_token"))
}

// seconds returns a number of seconds. One that is too large becomes one that the schema refuses.
func seconds(n int64) *int32 {
	bounded := int32(max(math.MinInt32, min(n, math.MaxInt32)))
	return &bounded
}
