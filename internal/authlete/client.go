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
	// Number is an internal number of the backend.
	Number int64 `json:"number,omitempty"`
	// ServiceNumber is an internal number of the backend.
	ServiceNumber int64 `json:"serviceNumber,omitempty"`
	// ClientID is assigned by the backend.
	ClientID int64 `json:"clientId,omitempty"`
	// ClientIDAlias is what applications use as client_id.
	ClientIDAlias string `json:"clientIdAlias,omitempty"`
	// ClientIDAliasEnabled makes the alias usable.
	ClientIDAliasEnabled bool `json:"clientIdAliasEnabled"`
	// ClientSecret is returned by the management API; it is ignored by create and update.
	ClientSecret string `json:"clientSecret,omitempty"`
	// Developer is the owner as the operator marks it: namespace/name of the OAuthClient.
	Developer string `json:"developer,omitempty"`

	// ClientName is shown on the login and consent page.
	ClientName string `json:"clientName,omitempty"`
	// Description is shown on the login and consent page.
	Description string `json:"description,omitempty"`
	// ClientURI is the home page of the client.
	ClientURI string `json:"clientUri,omitempty"`
	// LogoURI is a picture for the login and consent page.
	LogoURI string `json:"logoUri,omitempty"`
	// PolicyURI says how the client uses what it learns.
	PolicyURI string `json:"policyUri,omitempty"`
	// TosURI are the terms of service of the client.
	TosURI string `json:"tosUri,omitempty"`

	// ClientType says whether the client can keep a secret; empty follows from TokenAuthMethod on the embedded engine.
	ClientType ClientType `json:"clientType,omitempty"`
	// ApplicationType decides which redirect URIs are allowed; empty means WEB.
	ApplicationType ApplicationType `json:"applicationType,omitempty"`
	// Contacts are e-mail addresses of the people responsible for the client.
	Contacts []string `json:"contacts,omitempty"`
	// RedirectURIs are compared by exact match; of a loopback URI of a NATIVE client the port may vary (RFC 8252, section 7.3).
	RedirectURIs []string `json:"redirectUris,omitempty"`
	// GrantTypes are those that the client may use, as far as the service supports them.
	GrantTypes []GrantType `json:"grantTypes,omitempty"`
	// ResponseTypes are those that the client may use, as far as the service supports them.
	ResponseTypes []ResponseType `json:"responseTypes,omitempty"`
	// TokenAuthMethod is how the client authenticates; empty means CLIENT_SECRET_BASIC. At Authlete it is the one way. The
	// embedded engine takes a secret by HTTP Basic and in the body alike, unless AttributeAuthMethodMatch says otherwise.
	TokenAuthMethod ClientAuthMethod `json:"tokenAuthMethod,omitempty"`
	// TokenAuthSignAlg pins the algorithm of client assertions; empty allows every supported one.
	TokenAuthSignAlg JWSAlg `json:"tokenAuthSignAlg,omitempty"`
	// IDTokenSignAlg is the algorithm of ID tokens for this client; empty means RS256 at
	// Authlete (OpenID Connect Registration), and the default algorithm of the server at the embedded engine.
	IDTokenSignAlg JWSAlg `json:"idTokenSignAlg,omitempty"`
	// JWKS is the JWK Set of the client as a JSON string.
	JWKS string `json:"jwks,omitempty"`
	// JWKSURI is where the JWK Set of the client can be read.
	JWKSURI string `json:"jwksUri,omitempty"`
	// DefaultMaxAge is in seconds; 0 means none.
	DefaultMaxAge int64 `json:"defaultMaxAge,omitempty"`
	// DefaultAcrs hold for requests without acr_values.
	DefaultAcrs []string `json:"defaultAcrs,omitempty"`
	// PkceRequired demands a code challenge of this client (RFC 7636), whatever the service says.
	PkceRequired bool `json:"pkceRequired,omitempty"`
	// PkceS256Required refuses the method "plain" to this client, whatever the service says.
	PkceS256Required bool `json:"pkceS256Required,omitempty"`
	// AuthTimeRequired asks for auth_time in ID tokens; the embedded engine always puts it in.
	AuthTimeRequired bool `json:"authTimeRequired"`
	// Locked shuts the client out of every endpoint.
	Locked bool `json:"locked,omitempty"`
	// Attributes are free pairs; "first_party=true" lets the consent page be skipped.
	Attributes []Pair `json:"attributes,omitempty"`
	// Extension holds settings that are not part of registration metadata.
	Extension *ClientExtension `json:"extension,omitempty"`

	// SubjectType is PUBLIC or PAIRWISE; the embedded engine knows PUBLIC only.
	SubjectType string `json:"subjectType,omitempty"`
	// CreatedAt is in milliseconds since the epoch.
	CreatedAt int64 `json:"createdAt,omitempty"`
	// ModifiedAt is in milliseconds since the epoch.
	ModifiedAt int64 `json:"modifiedAt,omitempty"`
	// Other are the members that this project does not know.
	Other Other `json:"-"`
}

// ClientExtension narrows what a client may ask for and how long its tokens live.
type ClientExtension struct {
	// RequestableScopesEnabled makes RequestableScopes the limit of what the client may request.
	RequestableScopesEnabled bool `json:"requestableScopesEnabled"`
	// RequestableScopes are the scopes that the client may request where RequestableScopesEnabled is set.
	RequestableScopes []string `json:"requestableScopes,omitempty"`
	// AccessTokenDuration is in seconds; 0 means as the service says.
	AccessTokenDuration int64 `json:"accessTokenDuration,omitempty"`
	// RefreshTokenDuration is in seconds; 0 means as the service says.
	RefreshTokenDuration int64 `json:"refreshTokenDuration,omitempty"`
	// Other are the members that this project does not know.
	Other Other `json:"-"`
}

// Attribute returns the value of a client attribute, or the empty string.
func (c *Client) Attribute(key string) string {
	return attribute(c.Attributes, key)
}

// AttributeFirstParty is the client attribute whose value "true" lets the consent page be skipped.
const AttributeFirstParty = "first_party"

// AttributeAuthMethodMatch is the client attribute whose value "exact" holds a client that has a secret to its
// TokenAuthMethod: HTTP Basic and the body are then two methods, as they are at Authlete.
const AttributeAuthMethodMatch = "authserver.dev/auth-method-match"

// AuthMethodMatchExact is the value of AttributeAuthMethodMatch that pins the method.
const AuthMethodMatchExact = "exact"

// AttributeOwner is the client attribute that says whose a client is: "namespace/name/uid" of the OAuthClient.
const AttributeOwner = "authserver.dev/owner"

// ClientListResponse is a page of clients.
type ClientListResponse struct {
	// Start is the number of the first client of the page, counted from 0.
	Start int `json:"start"`
	// End is the number after the last client that was asked for.
	End int `json:"end"`
	// TotalCount is how many clients there are in all.
	TotalCount int `json:"totalCount"`
	// Clients are the clients of the page.
	Clients []Client `json:"clients,omitempty"`
}

// ClientSecretUpdateRequest imposes a client secret.
type ClientSecretUpdateRequest struct {
	// ClientSecret is the new secret.
	ClientSecret string `json:"clientSecret"`
}

// ClientSecretResponse is the outcome of a change of a client secret.
type ClientSecretResponse struct {
	Result
	// NewClientSecret is in force from now on.
	NewClientSecret string `json:"newClientSecret,omitempty"`
	// OldClientSecret was in force until now.
	OldClientSecret string `json:"oldClientSecret,omitempty"`
}
