package authlete

// ClientType is PUBLIC or CONFIDENTIAL (RFC 6749, section 2.1).
type ClientType string

// Client types.
const (
	ClientPublic       ClientType = "PUBLIC"
	ClientConfidential ClientType = "CONFIDENTIAL"
)

// ApplicationType is WEB or NATIVE (OpenID Connect Dynamic Client Registration 1.0, section 2).
type ApplicationType string

// Application types.
const (
	ApplicationWeb    ApplicationType = "WEB"
	ApplicationNative ApplicationType = "NATIVE"
)

// Client is the part of a client's settings that this project sets or reads.
type Client struct {
	// Number and ServiceNumber are internal numbers of the backend.
	Number        int64 `json:"number,omitempty"`
	ServiceNumber int64 `json:"serviceNumber,omitempty"`
	// ClientID is assigned by the backend.
	ClientID int64 `json:"clientId,omitempty"`
	// ClientIDAlias is what applications use as client_id.
	ClientIDAlias        string `json:"clientIdAlias,omitempty"`
	ClientIDAliasEnabled bool   `json:"clientIdAliasEnabled"`
	// ClientSecret is returned by the management API; it is ignored by create and update.
	ClientSecret string `json:"clientSecret,omitempty"` //nolint:gosec // field of the API
	// Developer is the owner as the operator marks it: namespace/name of the OAuthClient.
	Developer string `json:"developer,omitempty"`

	ClientName  string `json:"clientName,omitempty"`
	Description string `json:"description,omitempty"`
	ClientURI   string `json:"clientUri,omitempty"`
	LogoURI     string `json:"logoUri,omitempty"`
	PolicyURI   string `json:"policyUri,omitempty"`
	TosURI      string `json:"tosUri,omitempty"`

	ClientType      ClientType       `json:"clientType,omitempty"`
	ApplicationType ApplicationType  `json:"applicationType,omitempty"`
	Contacts        []string         `json:"contacts,omitempty"`
	RedirectURIs    []string         `json:"redirectUris,omitempty"`
	GrantTypes      []GrantType      `json:"grantTypes,omitempty"`
	ResponseTypes   []ResponseType   `json:"responseTypes,omitempty"`
	TokenAuthMethod ClientAuthMethod `json:"tokenAuthMethod,omitempty"`
	// TokenAuthSignAlg pins the algorithm of client assertions; empty allows every supported one.
	TokenAuthSignAlg JWSAlg `json:"tokenAuthSignAlg,omitempty"`
	// IDTokenSignAlg is the algorithm of ID tokens for this client; empty means RS256 (OpenID Connect Registration).
	IDTokenSignAlg JWSAlg `json:"idTokenSignAlg,omitempty"`
	// JWKS is the client's JWK Set as a JSON string; JWKSURI where to read it.
	JWKS    string `json:"jwks,omitempty"`
	JWKSURI string `json:"jwksUri,omitempty"`
	// DefaultMaxAge is in seconds; 0 means none.
	DefaultMaxAge    int64    `json:"defaultMaxAge,omitempty"`
	DefaultAcrs      []string `json:"defaultAcrs,omitempty"`
	AuthTimeRequired bool     `json:"authTimeRequired"`
	Locked           bool     `json:"locked,omitempty"`
	// Attributes are free pairs; "first_party=true" lets the consent page be skipped.
	Attributes []Pair `json:"attributes,omitempty"`
	// Extension holds settings that are not part of registration metadata.
	Extension *ClientExtension `json:"extension,omitempty"`

	SubjectType string `json:"subjectType,omitempty"`
	CreatedAt   int64  `json:"createdAt,omitempty"`
	ModifiedAt  int64  `json:"modifiedAt,omitempty"`
}

// ClientExtension narrows what a client may ask for and how long its tokens live.
type ClientExtension struct {
	// RequestableScopesEnabled makes RequestableScopes the limit of what the client may request.
	RequestableScopesEnabled bool     `json:"requestableScopesEnabled"`
	RequestableScopes        []string `json:"requestableScopes,omitempty"`
	// AccessTokenDuration and RefreshTokenDuration are in seconds; 0 means as the service says.
	AccessTokenDuration  int64 `json:"accessTokenDuration,omitempty"`
	RefreshTokenDuration int64 `json:"refreshTokenDuration,omitempty"`
}

// Attribute returns the value of a client attribute, or the empty string.
func (c *Client) Attribute(key string) string {
	for _, pair := range c.Attributes {
		if pair.Key == key {
			return pair.Value
		}
	}
	return ""
}

// AttributeFirstParty is the client attribute whose value "true" lets the consent page be skipped.
const AttributeFirstParty = "first_party"

// ClientListResponse is a page of clients.
type ClientListResponse struct {
	Result
	Start      int      `json:"start"`
	End        int      `json:"end"`
	TotalCount int      `json:"totalCount"`
	Clients    []Client `json:"clients,omitempty"`
}

// ClientSecretUpdateRequest imposes a client secret.
type ClientSecretUpdateRequest struct {
	// ClientSecret is the new secret.
	ClientSecret string `json:"clientSecret"` //nolint:gosec // field of the API
}

// ClientSecretResponse is the outcome of a change of a client secret.
type ClientSecretResponse struct {
	Result
	NewClientSecret string `json:"newClientSecret,omitempty"` //nolint:gosec // field of the API
	OldClientSecret string `json:"oldClientSecret,omitempty"` //nolint:gosec // field of the API
}
