package authlete

// GrantType is a grant type as the API spells it.
type GrantType string

// Grant types.
const (
	GrantAuthorizationCode GrantType = "AUTHORIZATION_CODE"
	GrantImplicit          GrantType = "IMPLICIT"
	GrantPassword          GrantType = "PASSWORD"
	GrantClientCredentials GrantType = "CLIENT_CREDENTIALS" //nolint:gosec // the name of a protocol element
	GrantRefreshToken      GrantType = "REFRESH_TOKEN"
)

// ResponseType is a response type as the API spells it.
type ResponseType string

// Response types.
const (
	ResponseCode             ResponseType = "CODE"
	ResponseToken            ResponseType = "TOKEN"
	ResponseIDToken          ResponseType = "ID_TOKEN"
	ResponseIDTokenToken     ResponseType = "ID_TOKEN_TOKEN" //nolint:gosec // the name of a protocol element
	ResponseCodeToken        ResponseType = "CODE_TOKEN"
	ResponseCodeIDToken      ResponseType = "CODE_ID_TOKEN"       //nolint:gosec // the name of a protocol element
	ResponseCodeIDTokenToken ResponseType = "CODE_ID_TOKEN_TOKEN" //nolint:gosec // the name of a protocol element
	ResponseNone             ResponseType = "NONE"
)

// ClientAuthMethod is a client authentication method as the API spells it.
type ClientAuthMethod string

// Client authentication methods.
const (
	AuthNone              ClientAuthMethod = "NONE"
	AuthClientSecretBasic ClientAuthMethod = "CLIENT_SECRET_BASIC"
	AuthClientSecretPost  ClientAuthMethod = "CLIENT_SECRET_POST"
	AuthPrivateKeyJWT     ClientAuthMethod = "PRIVATE_KEY_JWT"
)

// JWSAlg is a JWS algorithm as the API spells it (RFC 7518).
type JWSAlg string

// JWS algorithms.
const (
	RS256 JWSAlg = "RS256"
	ES256 JWSAlg = "ES256"
	PS256 JWSAlg = "PS256"
)

// Pair is a key with a value.
type Pair struct {
	// Key is unique within a list of pairs.
	Key string `json:"key"`
	// Value belongs to Key.
	Value string `json:"value"`
}

// Scope is a scope of the service.
type Scope struct {
	// Name is the scope as requests carry it.
	Name string `json:"name"`
	// DefaultEntry says that a request without scope gets this one.
	DefaultEntry bool `json:"defaultEntry"`
	// Description is shown to the end-user.
	Description string `json:"description,omitempty"`
	// Attributes are free pairs; see AttributeClaims.
	Attributes []Pair `json:"attributes,omitempty"`
	// Other are the members that this project does not know.
	Other Other `json:"-"`
}

// Service is the part of the service settings that this project sets or reads. Durations are in seconds.
type Service struct {
	// APIKey is the number of the service, the serviceId of the 3.0 API.
	APIKey int64 `json:"apiKey,omitempty"`
	// ServiceName is shown on the login and consent page.
	ServiceName string `json:"serviceName,omitempty"`
	// Description is for the people who run the service.
	Description string `json:"description,omitempty"`
	// Issuer is the issuer identifier (RFC 8414, section 2), the iss of tokens and responses.
	Issuer string `json:"issuer,omitempty"`
	// LogoURI is a picture for the login and consent page. The embedded engine alone knows it.
	LogoURI string `json:"logoUri,omitempty"`
	// PolicyURI is the privacy policy.
	PolicyURI string `json:"policyUri,omitempty"`
	// TosURI are the terms of service.
	TosURI string `json:"tosUri,omitempty"`
	// CreatedAt is in milliseconds since the epoch.
	CreatedAt int64 `json:"createdAt,omitempty"`
	// ModifiedAt is in milliseconds since the epoch.
	ModifiedAt int64 `json:"modifiedAt,omitempty"`
	// Attributes are free pairs.
	Attributes []Pair `json:"attributes,omitempty"`
	// AccessTokenSignAlg makes access tokens JWTs; empty means opaque ones. The embedded engine issues opaque ones only.
	AccessTokenSignAlg JWSAlg `json:"accessTokenSignAlg,omitempty"`

	// AuthorizationEndpoint is a URL, like the endpoints that follow; discovery publishes them.
	AuthorizationEndpoint string `json:"authorizationEndpoint,omitempty"`
	// TokenEndpoint is also an accepted audience of client assertions.
	TokenEndpoint string `json:"tokenEndpoint,omitempty"`
	// RevocationEndpoint serves RFC 7009.
	RevocationEndpoint string `json:"revocationEndpoint,omitempty"`
	// IntrospectionEndpoint serves RFC 7662.
	IntrospectionEndpoint string `json:"introspectionEndpoint,omitempty"`
	// UserInfoEndpoint serves OpenID Connect Core 1.0, section 5.3.
	UserInfoEndpoint string `json:"userInfoEndpoint,omitempty"`
	// JWKSURI is where relying parties read the public keys.
	JWKSURI string `json:"jwksUri,omitempty"`

	// SupportedScopes are all scopes that exist; others are dropped from requests.
	SupportedScopes []Scope `json:"supportedScopes,omitempty"`
	// SupportedGrantTypes limits the grant types of all clients.
	SupportedGrantTypes []GrantType `json:"supportedGrantTypes,omitempty"`
	// SupportedResponseTypes limits the response types of all clients.
	SupportedResponseTypes []ResponseType `json:"supportedResponseTypes,omitempty"`
	// SupportedTokenAuthMethods are published by discovery for the token endpoint.
	SupportedTokenAuthMethods []ClientAuthMethod `json:"supportedTokenAuthMethods,omitempty"`
	// SupportedRevocationAuthMethods are published by discovery for the revocation endpoint.
	SupportedRevocationAuthMethods []ClientAuthMethod `json:"supportedRevocationAuthMethods,omitempty"`
	// SupportedIntrospectionAuthMethods are published by discovery for the introspection endpoint.
	SupportedIntrospectionAuthMethods []ClientAuthMethod `json:"supportedIntrospectionAuthMethods,omitempty"`
	// SupportedClaims are published by discovery; empty means those of the supported scopes.
	SupportedClaims []string `json:"supportedClaims,omitempty"`
	// SupportedClaimLocales are published by discovery.
	SupportedClaimLocales []string `json:"supportedClaimLocales,omitempty"`
	// SupportedUILocales are published by discovery.
	SupportedUILocales []string `json:"supportedUiLocales,omitempty"`
	// SupportedAcrs are the authentication contexts that a login can satisfy.
	SupportedAcrs []string `json:"supportedAcrs,omitempty"`
	// SupportedDisplays are PAGE, POPUP, TOUCH and WAP.
	SupportedDisplays []string `json:"supportedDisplays,omitempty"`
	// SupportedClaimTypes is NORMAL; the API knows AGGREGATED and DISTRIBUTED too.
	SupportedClaimTypes []string `json:"supportedClaimTypes,omitempty"`

	// AccessTokenType is the token_type of token responses, Bearer.
	AccessTokenType string `json:"accessTokenType,omitempty"`
	// AccessTokenDuration is the lifetime of access tokens; a client may have its own.
	AccessTokenDuration int64 `json:"accessTokenDuration"`
	// RefreshTokenDuration is the lifetime of refresh tokens; a client may have its own.
	RefreshTokenDuration int64 `json:"refreshTokenDuration"`
	// IDTokenDuration is the lifetime of ID tokens.
	IDTokenDuration int64 `json:"idTokenDuration"`
	// AuthorizationResponseDuration is the lifetime of JWT authorization responses, which the embedded engine does not make.
	AuthorizationResponseDuration int64 `json:"authorizationResponseDuration"`
	// AuthorizationCodeDuration is the lifetime of authorization codes. The embedded engine alone knows it.
	AuthorizationCodeDuration int64 `json:"authorizationCodeDuration,omitempty"`
	// RefreshTokenKept lets confidential clients use a refresh token again and again instead of rotating it.
	RefreshTokenKept bool `json:"refreshTokenKept"`
	// RefreshTokenAbsoluteDuration is when the last refresh token of a grant ends at the latest, counted from the grant; 0
	// means that there is no such end. The embedded engine alone knows it.
	RefreshTokenAbsoluteDuration int64 `json:"refreshTokenAbsoluteDuration,omitempty"`
	// RefreshTokenDurationKept makes a rotated refresh token end when the first one would have ended.
	RefreshTokenDurationKept bool `json:"refreshTokenDurationKept"`

	// PkceRequired demands a code challenge of every client; public clients always need one on the embedded engine.
	PkceRequired bool `json:"pkceRequired"`
	// PkceS256Required refuses the method "plain".
	PkceS256Required bool `json:"pkceS256Required"`
	// ClientIDAliasEnabled lets clients name themselves by their alias.
	ClientIDAliasEnabled bool `json:"clientIdAliasEnabled"`
	// ScopeRequired refuses requests without any scope that the client may have.
	ScopeRequired bool `json:"scopeRequired"`
	// IssSuppressed leaves the parameter iss (RFC 9207) out of authorization responses.
	IssSuppressed bool `json:"issSuppressed"`
	// ErrorURIOmitted leaves error_uri out of errors; the embedded engine never sends one.
	ErrorURIOmitted bool `json:"errorUriOmitted"`
	// ErrorDescriptionOmitted leaves error_description out of errors; the embedded engine always sends one.
	ErrorDescriptionOmitted bool `json:"errorDescriptionOmitted"`
	// RefreshTokenIdempotent answers a repeated refresh request of the same client with the same tokens, for a short time.
	RefreshTokenIdempotent bool `json:"refreshTokenIdempotent"`
	// RefreshTokenLeeway is that time; 0 means the embedded engine's default. The embedded engine alone knows it.
	RefreshTokenLeeway int64 `json:"refreshTokenLeeway,omitempty"`
	// MissingClientIDAllowed lets token requests of a grant do without client_id; the embedded engine always wants one.
	MissingClientIDAllowed bool `json:"missingClientIdAllowed"`
	// Other are the members that this project does not know.
	Other Other `json:"-"`
}
