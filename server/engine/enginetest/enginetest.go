package enginetest

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
)

// Issuer is the issuer of the service under test.
const Issuer = "https://as.example.com"

// cacheTime is how long replicas may take a client from their caches.
const cacheTime = 3 * time.Second

// Clock is a clock that stands still until it is turned.
type Clock struct{ nanos atomic.Int64 }

// NewClock returns a clock that shows an arbitrary time.
func NewClock() *Clock {
	clock := &Clock{}
	clock.nanos.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	return clock
}

// Now returns the time of the clock.
func (c *Clock) Now() time.Time { return time.Unix(0, c.nanos.Load()).UTC() }

// Turn turns the clock forward.
func (c *Clock) Turn(d time.Duration) { c.nanos.Add(int64(d)) }

// Backend is a backend under test, empty but for its settings.
type Backend struct {
	authlete.Runtime
	authlete.Management
	// Clock is the clock of the backend.
	Clock *Clock
}

// Open returns a new backend with the settings; it ends with the test.
type Open func(t *testing.T, service authlete.Service) Backend

// Run runs the suite.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*driver)
	}{
		{"code flow", codeFlow},
		{"code flow without OpenID Connect", plainCodeFlow},
		{"code replay", codeReplay},
		{"code refusals", codeRefusals},
		{"refresh", refresh},
		{"refresh replay", refreshReplay},
		{"refresh refusals", refreshRefusals},
		{"refresh tokens that are kept", refreshKept},
		{"refresh requests that are repeated", repeatedRefresh},
		{"refresh tokens of a family end", absoluteRefresh},
		{"hybrid flows", hybridFlows},
		{"implicit flows", implicitFlows},
		{"implicit flows switched off", implicitOff},
		{"client credentials", clientCredentials},
		{"password", passwordGrant},
		{"client authentication", clientAuthentication},
		{"authorization requests", authorizationRequests},
		{"authorization refusals", authorizationRefusals},
		{"response modes", responseModes},
		{"scopes", scopes},
		{"repeated parameters", repeatedParameters},
		{"percent encoding", percentEncoding},
		{"pages", pages},
		{"prompts", prompts},
		{"claims parameter", claimsParameter},
		{"claims of scopes", scopeClaims},
		{"hints", hints},
		{"hints that cannot be verified", unverifiableHints},
		{"request objects", requestObjects},
		{"tickets", tickets},
		{"fail reasons", failReasons},
		{"newer fail reasons", newerReasons},
		{"PKCE of clients", clientPKCE},
		{"authentication methods of the service", serviceAuthMethods},
		{"password issue", passwordIssue},
		{"excerpts", excerpts},
		{"issue", issueChecks},
		{"introspection", introspection},
		{"revocation", revocation},
		{"userinfo", userinfo},
		{"proofs of possession", proofs},
		{"federation", federation},
		{"discovery", discovery},
		{"service settings", serviceSettings},
		{"clients", clients},
		{"client settings that are refused", clientRefusals},
		{"client secrets", clientSecrets},
		{"client deletion", clientDeletion},
		{"token revocation by the operator", operatorRevocation},
		{"parallel codes", parallelCodes},
		{"parallel refresh tokens", parallelRefresh},
		{"parallel refresh requests that may be repeated", parallelRepetitions},
		{"parallel tickets", parallelTickets},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(newDriver(t, open)) })
	}
}

// Service returns the settings that the suite starts from.
func Service() authlete.Service {
	methods := []authlete.ClientAuthMethod{authlete.AuthClientSecretBasic, authlete.AuthClientSecretPost, authlete.AuthPrivateKeyJWT, authlete.AuthNone}
	return authlete.Service{
		APIKey: 1, ServiceName: "Example Login", Issuer: Issuer, LogoURI: Issuer + "/logo.png",
		PolicyURI: Issuer + "/policy", TosURI: Issuer + "/tos",
		AuthorizationEndpoint: Issuer + "/api/authorization", TokenEndpoint: Issuer + "/api/token",
		RevocationEndpoint: Issuer + "/api/revocation", IntrospectionEndpoint: Issuer + "/api/introspection",
		UserInfoEndpoint: Issuer + "/api/userinfo", JWKSURI: Issuer + "/api/jwks",
		SupportedScopes: []authlete.Scope{
			{Name: "openid", Description: "Log you in"},
			{Name: "profile", Description: "See your profile"},
			{Name: "email"},
			{Name: "offline_access"},
			{Name: "read", Description: "Read your data", DefaultEntry: true},
			{Name: "write"},
		},
		SupportedGrantTypes: []authlete.GrantType{
			authlete.GrantAuthorizationCode, authlete.GrantRefreshToken, authlete.GrantClientCredentials,
		},
		SupportedResponseTypes:    []authlete.ResponseType{authlete.ResponseCode},
		SupportedTokenAuthMethods: methods, SupportedRevocationAuthMethods: methods,
		SupportedIntrospectionAuthMethods: []authlete.ClientAuthMethod{authlete.AuthClientSecretBasic},
		SupportedAcrs:                     []string{"urn:acr:password", "urn:acr:otp"},
		AccessTokenType:                   "Bearer", AccessTokenDuration: 3600, RefreshTokenDuration: 86400, IDTokenDuration: 600,
		AuthorizationCodeDuration: 60, PkceS256Required: true, ClientIDAliasEnabled: true,
	}
}

// everything switches on the grant and response types that are off by default.
func everything(s *authlete.Service) {
	s.SupportedGrantTypes = append(s.SupportedGrantTypes, authlete.GrantImplicit, authlete.GrantPassword)
	s.SupportedResponseTypes = []authlete.ResponseType{
		authlete.ResponseCode, authlete.ResponseToken, authlete.ResponseIDToken, authlete.ResponseIDTokenToken,
		authlete.ResponseCodeToken, authlete.ResponseCodeIDToken, authlete.ResponseCodeIDTokenToken, authlete.ResponseNone,
	}
}
