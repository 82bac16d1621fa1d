package v1alpha1

// Service holds the settings of the OAuth service.
type Service struct {
	// Name is shown on the pages. Default: the issuer's host.
	Name string `json:"name,omitempty"`
	// LogoURI, PolicyURI and TosURI are shown on the pages.
	LogoURI   string `json:"logoURI,omitempty"`
	PolicyURI string `json:"policyURI,omitempty"`
	TosURI    string `json:"tosURI,omitempty"`
	// Scopes are the supported scopes. Default: openid, profile, email, address, phone,
	// groups, offline_access.
	Scopes []Scope `json:"scopes,omitempty"`
	// GrantTypes are the supported grant types in RFC 7591 spelling.
	// Default: authorization_code, refresh_token, client_credentials.
	GrantTypes []string `json:"grantTypes,omitempty"`
	// ResponseTypes are the supported response types, e.g. "code id_token". Default: code.
	ResponseTypes []string `json:"responseTypes,omitempty"`
	// Tokens sets lifetimes of tokens and codes.
	Tokens Tokens `json:"tokens,omitzero"`
	// PKCE says who must send a code challenge (RFC 7636).
	PKCE PKCE `json:"pkce,omitzero"`
}

// RefreshRotation says what happens to a refresh token that is used.
type RefreshRotation string

// Treatments of a refresh token that is used.
const (
	// RefreshRotate replaces it.
	RefreshRotate RefreshRotation = "Rotate"
	// RefreshKeep keeps it valid until it expires. Refresh tokens of public clients are replaced nevertheless.
	RefreshKeep RefreshRotation = "Keep"
)

// Tokens sets lifetimes of tokens and codes.
type Tokens struct {
	// AccessTokenSeconds is the lifetime of access tokens. Default 3600.
	AccessTokenSeconds Seconds `json:"accessTokenSeconds,omitempty"`
	// RefreshTokenSeconds is the lifetime of refresh tokens. Default 1209600 (14 days).
	RefreshTokenSeconds Seconds `json:"refreshTokenSeconds,omitempty"`
	// IDTokenSeconds is the lifetime of ID tokens. Default 3600.
	IDTokenSeconds Seconds `json:"idTokenSeconds,omitempty"`
	// AuthorizationCodeSeconds is the lifetime of authorization codes. Default 60.
	AuthorizationCodeSeconds Seconds `json:"authorizationCodeSeconds,omitempty"`
	// RefreshAbsoluteSeconds is how long after a login its last refresh token ends at the latest, however often it was
	// refreshed. Default 7776000 (90 days), or RefreshTokenSeconds where that is longer.
	RefreshAbsoluteSeconds Seconds `json:"refreshAbsoluteSeconds,omitempty"`
	// RefreshLeewaySeconds is how long after its use a replaced refresh token gets the same client the same tokens again. After
	// it, a second use revokes the grant. Default 5; 0 allows no repetition.
	RefreshLeewaySeconds *Seconds `json:"refreshLeewaySeconds,omitempty"`
	// RefreshRotation says what happens to a refresh token that is used. Default Rotate.
	RefreshRotation RefreshRotation `json:"refreshRotation,omitempty"`
}

// PKCERequirement says who must send a code challenge.
type PKCERequirement string

// Who must send a code challenge.
const (
	// PKCEAlways demands it of every client.
	PKCEAlways PKCERequirement = "Always"
	// PKCEPublicClients demands it of clients without a secret; others may send it.
	PKCEPublicClients PKCERequirement = "PublicClients"
)

// PKCEChallengeMethods are the code challenge methods that are accepted.
type PKCEChallengeMethods string

// Sets of code challenge methods.
const (
	// PKCES256 accepts S256 only.
	PKCES256 PKCEChallengeMethods = "S256"
	// PKCES256AndPlain accepts plain, too, which does not protect against somebody who reads the request.
	PKCES256AndPlain PKCEChallengeMethods = "S256AndPlain"
)

// PKCE says who must send a code challenge (RFC 7636).
type PKCE struct {
	// Required says of whom a code challenge is demanded. Default PublicClients.
	Required PKCERequirement `json:"required,omitempty"`
	// ChallengeMethods are the methods that are accepted. Default S256.
	ChallengeMethods PKCEChallengeMethods `json:"challengeMethods,omitempty"`
}

// ScopeGrant says when a scope is granted.
type ScopeGrant string

// Ways to grant a scope.
const (
	// ScopeOnRequest grants the scope to requests that name it.
	ScopeOnRequest ScopeGrant = "OnRequest"
	// ScopeByDefault grants the scope to requests that name no scope, too.
	ScopeByDefault ScopeGrant = "ByDefault"
)

// Scope is a scope that clients may ask for.
type Scope struct {
	// Name is the scope as requests carry it. Required.
	Name string `json:"name"`
	// Description is shown on the consent page.
	Description string `json:"description,omitempty"`
	// Claims are claims that the scope releases, beside those that OpenID Connect Core 1.0, section 5.4 gives it, and the
	// claim groups of the scope groups. Default none.
	Claims []string `json:"claims,omitempty"`
	// Grant says when the scope is granted. Default OnRequest.
	Grant ScopeGrant `json:"grant,omitempty"`
}
