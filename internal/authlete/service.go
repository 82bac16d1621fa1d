package authlete

// GrantType is a grant type as the API spells it.
type GrantType string

// Grant types.
const (
	GrantAuthorizationCode GrantType = "AUTHORIZATION_CODE"
	GrantImplicit          GrantType = "IMPLICIT"
	GrantPassword          GrantType = "PASSWORD"
	GrantClientCredentials GrantType = "CLIENT_CREDENTIALS"
	GrantRefreshToken      GrantType = "REFRESH_TOKEN"
)

// ResponseType is a response type as the API spells it.
type ResponseType string

// Response types.
const (
	ResponseCode             ResponseType = "CODE"
	ResponseToken            ResponseType = "TOKEN"
	ResponseIDToken          ResponseType = "ID_TOKEN"
	ResponseIDTokenToken     ResponseType = "ID_TOKEN_TOKEN"
	ResponseCodeToken        ResponseType = "CODE_TOKEN"
	ResponseCodeIDToken      ResponseType = "CODE_ID_TOKEN"
	ResponseCodeIDTokenToken ResponseType = "CODE_ID_TOKEN_TOKEN"
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
	Key   string `json:"key"`
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
}

// Service is the part of the service settings that this project sets or reads. Durations are in seconds.
type Service struct {
	APIKey             int64  `json:"apiKey,omitempty"`
	ServiceName        string `json:"serviceName,omitempty"`
	Description        string `json:"description,omitempty"`
	Issuer             string `json:"issuer,omitempty"`
	LogoURI            string `json:"logoUri,omitempty"`
	PolicyURI          string `json:"policyUri,omitempty"`
	TosURI             string `json:"tosUri,omitempty"`
	CreatedAt          int64  `json:"createdAt,omitempty"`
	ModifiedAt         int64  `json:"modifiedAt,omitempty"`
	Attributes         []Pair `json:"attributes,omitempty"`
	AccessTokenSignAlg JWSAlg `json:"accessTokenSignAlg,omitempty"`

	AuthorizationEndpoint string `json:"authorizationEndpoint,omitempty"`
	TokenEndpoint         string `json:"tokenEndpoint,omitempty"`
	RevocationEndpoint    string `json:"revocationEndpoint,omitempty"`
	IntrospectionEndpoint string `json:"introspectionEndpoint,omitempty"`
	UserInfoEndpoint      string `json:"userInfoEndpoint,omitempty"`
	JWKSURI               string `json:"jwksUri,omitempty"`

	SupportedScopes                   []Scope            `json:"supportedScopes,omitempty"`
	SupportedGrantTypes               []GrantType        `json:"supportedGrantTypes,omitempty"`
	SupportedResponseTypes            []ResponseType     `json:"supportedResponseTypes,omitempty"`
	SupportedTokenAuthMethods         []ClientAuthMethod `json:"supportedTokenAuthMethods,omitempty"`
	SupportedRevocationAuthMethods    []ClientAuthMethod `json:"supportedRevocationAuthMethods,omitempty"`
	SupportedIntrospectionAuthMethods []ClientAuthMethod `json:"supportedIntrospectionAuthMethods,omitempty"`
	SupportedClaims                   []string           `json:"supportedClaims,omitempty"`
	SupportedClaimLocales             []string           `json:"supportedClaimLocales,omitempty"`
	SupportedUILocales                []string           `json:"supportedUiLocales,omitempty"`
	SupportedAcrs                     []string           `json:"supportedAcrs,omitempty"`
	SupportedDisplays                 []string           `json:"supportedDisplays,omitempty"`
	SupportedClaimTypes               []string           `json:"supportedClaimTypes,omitempty"`

	AccessTokenType               string `json:"accessTokenType,omitempty"`
	AccessTokenDuration           int64  `json:"accessTokenDuration"`
	RefreshTokenDuration          int64  `json:"refreshTokenDuration"`
	IDTokenDuration               int64  `json:"idTokenDuration"`
	AuthorizationResponseDuration int64  `json:"authorizationResponseDuration"`
	AuthorizationCodeDuration     int64  `json:"authorizationCodeDuration"`
	RefreshTokenKept              bool   `json:"refreshTokenKept"`
	RefreshTokenDurationKept      bool   `json:"refreshTokenDurationKept"`

	// PkceRequired demands a code challenge of every client; public clients always need one on the embedded engine.
	PkceRequired bool `json:"pkceRequired"`
	// PkceS256Required refuses the method "plain".
	PkceS256Required        bool `json:"pkceS256Required"`
	ClientIDAliasEnabled    bool `json:"clientIdAliasEnabled"`
	ScopeRequired           bool `json:"scopeRequired"`
	IssSuppressed           bool `json:"issSuppressed"`
	ErrorURIOmitted         bool `json:"errorUriOmitted"`
	ErrorDescriptionOmitted bool `json:"errorDescriptionOmitted"`
	RefreshTokenIdempotent  bool `json:"refreshTokenIdempotent"`
	MissingClientIDAllowed  bool `json:"missingClientIdAllowed"`
}
