package v1alpha1

// ServerReference names an AuthorizationServer in the namespace of the object
// that holds the reference.
type ServerReference struct {
	// name is the name of the AuthorizationServer. Required.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name,omitempty"`
}

// SecretReference names a Secret in the namespace of the object that holds the
// reference.
type SecretReference struct {
	// name is the name of the Secret. Required.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`
}

// SecretKeyReference names a key of a Secret in the namespace of the object
// that holds the reference.
type SecretKeyReference struct {
	// name is the name of the Secret. Required. A Secret that does not exist yet is waited for; a changed one is taken
	// over at once.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// key is the key in the Secret's data. The default depends on the field that holds the reference and is stated there.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[-._a-zA-Z0-9]+$`
	Key string `json:"key,omitempty"`
}

// WebURI is the address of a web page or an image that people are shown. Only
// http and https are accepted, so that no page of the server can carry a
// javascript: link.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=512
// +kubebuilder:validation:XValidation:rule="isURL(self) && (self.startsWith('https://') || self.startsWith('http://')) && size(url(self).getHostname()) > 0",message="must be an absolute URL that starts with https:// (or http://), for example https://www.example.com/logo.svg"
type WebURI string

// GrantType is an OAuth 2.0 grant type in the spelling of RFC 7591.
//
// +kubebuilder:validation:Enum=authorization_code;refresh_token;client_credentials;implicit;password
type GrantType string

// Grant types.
const (
	// GrantAuthorizationCode is the authorization code grant (RFC 6749 section 4.1).
	GrantAuthorizationCode GrantType = "authorization_code"
	// GrantRefreshToken is the refresh of tokens (RFC 6749 section 6).
	GrantRefreshToken GrantType = "refresh_token"
	// GrantClientCredentials is the grant of a client that acts for itself (RFC 6749 section 4.4).
	GrantClientCredentials GrantType = "client_credentials"
	// GrantImplicit allows tokens in the authorization response: the implicit and the hybrid flow. Discouraged by RFC 9700.
	GrantImplicit GrantType = "implicit"
	// GrantPassword is the resource owner password credentials grant (RFC 6749 section 4.3). Discouraged by RFC 9700.
	GrantPassword GrantType = "password"
)

// ResponseType is what an authorization response carries, in the order that
// OAuth 2.0 Multiple Response Type Encoding Practices writes it.
//
// +kubebuilder:validation:Enum=code;token;id_token;"id_token token";"code id_token";"code token";"code id_token token"
type ResponseType string

// Response types.
const (
	// ResponseCode is an authorization code.
	ResponseCode ResponseType = "code"
	// ResponseToken is an access token. Needs the implicit grant.
	ResponseToken ResponseType = "token"
	// ResponseIDToken is an ID token. Needs the implicit grant.
	ResponseIDToken ResponseType = "id_token"
	// ResponseIDTokenToken is an ID token and an access token. Needs the implicit grant.
	ResponseIDTokenToken ResponseType = "id_token token"
	// ResponseCodeIDToken is the hybrid flow with an ID token. Needs the implicit grant too.
	ResponseCodeIDToken ResponseType = "code id_token"
	// ResponseCodeToken is the hybrid flow with an access token. Needs the implicit grant too.
	ResponseCodeToken ResponseType = "code token"
	// ResponseCodeIDTokenToken is the hybrid flow with both. Needs the implicit grant too.
	ResponseCodeIDTokenToken ResponseType = "code id_token token"
)

// SigningAlgorithm is a JWS algorithm (RFC 7518) that the server signs with.
//
// +kubebuilder:validation:Enum=RS256;ES256
type SigningAlgorithm string

// Signing algorithms.
const (
	// SigningRS256 is RSASSA-PKCS1-v1_5 with SHA-256, which every OpenID Connect client accepts.
	SigningRS256 SigningAlgorithm = "RS256"
	// SigningES256 is ECDSA on P-256 with SHA-256: smaller signatures, far cheaper to make.
	SigningES256 SigningAlgorithm = "ES256"
)
