package server

import (
	"strings"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

// Paths of the endpoints below the issuer, those of the server that this project descends from.
const (
	pathAuthorization = "/api/authorization"
	pathDecision      = "/api/authorization/decision"
	pathToken         = "/api/token"
	pathJWKS          = "/api/jwks"
	pathRevocation    = "/api/revocation"
	pathIntrospection = "/api/introspection"
	pathUserInfo      = "/api/userinfo"
	pathOpenID        = "/.well-known/openid-configuration"
	pathFederation    = "/.well-known/openid-federation"
	pathOAuth         = "/.well-known/oauth-authorization-server"
)

// Service returns the settings that the configuration declares, in the terms of the backend's API.
func Service(config *configv1alpha1.ServerConfig) authlete.Service {
	s := config.Service
	service := authlete.Service{
		APIKey: 1, ServiceName: s.Name, Issuer: config.Issuer, LogoURI: s.LogoURI, PolicyURI: s.PolicyURI, TosURI: s.TosURI,
		AuthorizationEndpoint:     config.Issuer + pathAuthorization,
		TokenEndpoint:             config.Issuer + pathToken,
		RevocationEndpoint:        config.Issuer + pathRevocation,
		IntrospectionEndpoint:     config.Issuer + pathIntrospection,
		UserInfoEndpoint:          config.Issuer + pathUserInfo,
		JWKSURI:                   config.Issuer + pathJWKS,
		SupportedTokenAuthMethods: authMethods(), SupportedRevocationAuthMethods: authMethods(),
		// Those with credentials: who knows no more than a client's name must not ask about its tokens.
		SupportedIntrospectionAuthMethods: []authlete.ClientAuthMethod{
			authlete.AuthClientSecretBasic, authlete.AuthClientSecretPost, authlete.AuthPrivateKeyJWT,
		},
		SupportedDisplays: []string{"PAGE", "POPUP", "TOUCH", "WAP"}, SupportedClaimTypes: []string{"NORMAL"},
		AccessTokenType: "Bearer", ClientIDAliasEnabled: true,
		AccessTokenDuration: int64(s.Tokens.AccessTokenSeconds), RefreshTokenDuration: int64(s.Tokens.RefreshTokenSeconds),
		IDTokenDuration: int64(s.Tokens.IDTokenSeconds), AuthorizationCodeDuration: int64(s.Tokens.AuthorizationCodeSeconds),
		RefreshTokenAbsoluteDuration: int64(s.Tokens.RefreshAbsoluteSeconds),
		RefreshTokenIdempotent:       *s.Tokens.RefreshLeewaySeconds > 0, RefreshTokenLeeway: int64(*s.Tokens.RefreshLeewaySeconds),
		RefreshTokenKept: s.Tokens.RefreshRotation == configv1alpha1.RefreshKeep,
		PkceRequired:     s.PKCE.Required == configv1alpha1.PKCEAlways,
		PkceS256Required: s.PKCE.ChallengeMethods == configv1alpha1.PKCES256,
	}
	if class := config.Login.ACR; class != "" {
		service.SupportedAcrs = []string{class}
	}
	for _, scope := range s.Scopes {
		supported := authlete.Scope{
			Name: scope.Name, Description: scope.Description, DefaultEntry: scope.Grant == configv1alpha1.ScopeByDefault,
		}
		if len(scope.Claims) > 0 {
			supported.Attributes = []authlete.Pair{{Key: authlete.AttributeClaims, Value: strings.Join(scope.Claims, " ")}}
		}
		service.SupportedScopes = append(service.SupportedScopes, supported)
	}
	for _, grant := range s.GrantTypes {
		service.SupportedGrantTypes = append(service.SupportedGrantTypes, authlete.GrantType(strings.ToUpper(grant)))
	}
	for _, response := range s.ResponseTypes {
		api := strings.ToUpper(strings.ReplaceAll(response, " ", "_"))
		service.SupportedResponseTypes = append(service.SupportedResponseTypes, authlete.ResponseType(api))
	}
	return service
}

func authMethods() []authlete.ClientAuthMethod {
	return []authlete.ClientAuthMethod{authlete.AuthClientSecretBasic, authlete.AuthClientSecretPost, authlete.AuthPrivateKeyJWT, authlete.AuthNone}
}
