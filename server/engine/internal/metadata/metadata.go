// Package metadata builds the discovery document (OpenID Connect Discovery 1.0,
// section 3, and RFC 8414). It is pure.
package metadata

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
)

// document is the discovery document; members in the order of the specifications.
type document struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	UserInfoEndpoint      string   `json:"userinfo_endpoint,omitempty"`
	JWKSURI               string   `json:"jwks_uri"`
	ScopesSupported       []string `json:"scopes_supported,omitempty"`
	ResponseTypes         []string `json:"response_types_supported"`
	ResponseModes         []string `json:"response_modes_supported"`
	GrantTypes            []string `json:"grant_types_supported"`
	AcrValues             []string `json:"acr_values_supported,omitempty"`
	SubjectTypes          []string `json:"subject_types_supported"`
	IDTokenAlgs           []string `json:"id_token_signing_alg_values_supported"`
	TokenAuthMethods      []string `json:"token_endpoint_auth_methods_supported"`
	TokenAuthAlgs         []string `json:"token_endpoint_auth_signing_alg_values_supported,omitempty"`
	DisplayValues         []string `json:"display_values_supported"`
	ClaimTypes            []string `json:"claim_types_supported"`
	Claims                []string `json:"claims_supported,omitempty"`
	ClaimsParameter       bool     `json:"claims_parameter_supported"`
	RequestParameter      bool     `json:"request_parameter_supported"`
	RequestURIParameter   bool     `json:"request_uri_parameter_supported"`
	PolicyURI             string   `json:"op_policy_uri,omitempty"`
	TosURI                string   `json:"op_tos_uri,omitempty"`
	PromptValues          []string `json:"prompt_values_supported"`
	UILocales             []string `json:"ui_locales_supported,omitempty"`
	ClaimsLocales         []string `json:"claims_locales_supported,omitempty"`
	RevocationEndpoint    string   `json:"revocation_endpoint,omitempty"`
	RevocationAuthMethods []string `json:"revocation_endpoint_auth_methods_supported,omitempty"`
	RevocationAuthAlgs    []string `json:"revocation_endpoint_auth_signing_alg_values_supported,omitempty"`
	IntrospectionEndpoint string   `json:"introspection_endpoint,omitempty"`
	IntrospectionMethods  []string `json:"introspection_endpoint_auth_methods_supported,omitempty"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	ResponseIss           bool     `json:"authorization_response_iss_parameter_supported"`
}

// Document returns the discovery document of the service.
func Document(service *authlete.Service, idTokenAlgs, assertionAlgs []authlete.JWSAlg) ([]byte, error) {
	doc := document{
		Issuer:                service.Issuer,
		AuthorizationEndpoint: service.AuthorizationEndpoint,
		TokenEndpoint:         service.TokenEndpoint,
		UserInfoEndpoint:      service.UserInfoEndpoint,
		JWKSURI:               service.JWKSURI,
		ScopesSupported:       scopeNames(service),
		ResponseTypes:         texts(service.SupportedResponseTypes, oauth.ResponseTypeParameter),
		ResponseModes:         []string{"query", "fragment", "form_post"},
		GrantTypes:            texts(service.SupportedGrantTypes, oauth.GrantTypeParameter),
		AcrValues:             service.SupportedAcrs,
		SubjectTypes:          []string{"public"},
		IDTokenAlgs:           texts(idTokenAlgs, algName),
		TokenAuthMethods:      texts(service.SupportedTokenAuthMethods, oauth.AuthMethodParameter),
		DisplayValues:         []string{"page", "popup", "touch", "wap"},
		ClaimTypes:            []string{"normal"},
		Claims:                claims(service),
		ClaimsParameter:       true,
		PolicyURI:             service.PolicyURI,
		TosURI:                service.TosURI,
		PromptValues:          []string{"none", "login", "consent", "select_account"},
		UILocales:             service.SupportedUILocales,
		ClaimsLocales:         service.SupportedClaimLocales,
		RevocationEndpoint:    service.RevocationEndpoint,
		RevocationAuthMethods: texts(service.SupportedRevocationAuthMethods, oauth.AuthMethodParameter),
		IntrospectionEndpoint: service.IntrospectionEndpoint,
		IntrospectionMethods:  texts(service.SupportedIntrospectionAuthMethods, oauth.AuthMethodParameter),
		ChallengeMethods:      []string{issue.ChallengeS256},
		ResponseIss:           !service.IssSuppressed,
	}
	if slices.Contains(service.SupportedTokenAuthMethods, authlete.AuthPrivateKeyJWT) {
		doc.TokenAuthAlgs = texts(assertionAlgs, algName)
	}
	if slices.Contains(service.SupportedRevocationAuthMethods, authlete.AuthPrivateKeyJWT) {
		doc.RevocationAuthAlgs = texts(assertionAlgs, algName)
	}
	if !service.PkceS256Required {
		doc.ChallengeMethods = append(doc.ChallengeMethods, issue.ChallengePlain)
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("encoding the discovery document: %w", err)
	}
	return text, nil
}

func algName(alg authlete.JWSAlg) string { return string(alg) }

func scopeNames(service *authlete.Service) []string {
	var names []string
	for _, scope := range service.SupportedScopes {
		names = append(names, scope.Name)
	}
	return names
}

// claims are the claims that the supported scopes release, or the declared ones.
func claims(service *authlete.Service) []string {
	if len(service.SupportedClaims) > 0 {
		return service.SupportedClaims
	}
	names := []string{"sub", "auth_time"}
	if len(service.SupportedAcrs) > 0 {
		names = append(names, "acr")
	}
	return append(names, service.ScopeClaims().Of(scopeNames(service))...)
}

func texts[T any](values []T, spell func(T) string) []string {
	all := make([]string, 0, len(values))
	for _, value := range values {
		all = append(all, spell(value))
	}
	return all
}
