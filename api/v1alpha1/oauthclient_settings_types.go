package v1alpha1

// ApplicationType is the kind of application.
//
// +kubebuilder:validation:Enum=web;native
type ApplicationType string

// Application types.
const (
	// ApplicationWeb is an application on a web server or in a browser.
	ApplicationWeb ApplicationType = "web"
	// ApplicationNative is an application installed on a person's device.
	ApplicationNative ApplicationType = "native"
)

// ClientAuthMethod is how a client authenticates, in the spelling of RFC 7591.
//
// +kubebuilder:validation:Enum=client_secret_basic;client_secret_post;private_key_jwt;none
type ClientAuthMethod string

// Client authentication methods.
const (
	// AuthClientSecretBasic sends the client secret with HTTP Basic.
	AuthClientSecretBasic ClientAuthMethod = "client_secret_basic"
	// AuthClientSecretPost sends the client secret in the form.
	AuthClientSecretPost ClientAuthMethod = "client_secret_post"
	// AuthPrivateKeyJWT signs an assertion with a key of the client's own (RFC 7523).
	AuthPrivateKeyJWT ClientAuthMethod = "private_key_jwt"
	// AuthNone is a public client, which cannot keep a secret.
	AuthNone ClientAuthMethod = "none"
)

// ClientConsent says whether people are asked before a client gets access.
//
// +kubebuilder:validation:Enum=Ask;Skip
type ClientConsent string

// Ways to treat consent.
const (
	// ClientConsentAsk shows the consent page as the server's session settings say.
	ClientConsentAsk ClientConsent = "Ask"
	// ClientConsentSkip never shows it: for a first-party application.
	ClientConsentSkip ClientConsent = "Skip"
)

// AuthMethodMatch says which methods a client with a secret may use.
//
// +kubebuilder:validation:Enum=AnySecretMethod;Exact
type AuthMethodMatch string

// Matches of authentication methods.
const (
	// AuthMethodAnySecret accepts the secret by HTTP Basic and in the body.
	AuthMethodAnySecret AuthMethodMatch = "AnySecretMethod"
	// AuthMethodExact accepts the registered method only.
	AuthMethodExact AuthMethodMatch = "Exact"
)

// IDTokenClaims says which claims ID tokens have.
//
// +kubebuilder:validation:Enum=Minimal;Scopes
type IDTokenClaims string

// Contents of ID tokens.
const (
	// IDTokenMinimal leaves the claims of scopes to the userinfo endpoint (OpenID Connect Core 1.0 section 5.4).
	IDTokenMinimal IDTokenClaims = "Minimal"
	// IDTokenScopes puts the claims of scopes into ID tokens, too.
	IDTokenScopes IDTokenClaims = "Scopes"
)

// ClientAdoption takes over a client that exists. What the object does not name
// stays as it is, the secret included, unless spec.secret.secretRef gives
// another.
type ClientAdoption struct {
	// client is the client to take over: its decimal client ID at the protocol engine, or its alias. Required. It must not
	// belong to another object.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9][A-Za-z0-9._~-]*$')",message="client must be a decimal client ID or an alias: letters, digits, dots, hyphens, underscores and tildes"
	Client string `json:"client,omitempty"`
}

// ClientManagement says what happens to a client that differs from the declared
// one.
//
// +kubebuilder:validation:Enum=Enforce;Observe
type ClientManagement string

// Ways of managing a client.
const (
	// ClientEnforce writes declared settings that differ.
	ClientEnforce ClientManagement = "Enforce"
	// ClientObserve reports declared settings that differ.
	ClientObserve ClientManagement = "Observe"
)

// ClientDeletionPolicy says what happens to a client when its object is deleted.
//
// +kubebuilder:validation:Enum=Delete;Retain
type ClientDeletionPolicy string

// Deletion policies.
const (
	// ClientDelete deletes the client with everything that was granted to it.
	ClientDelete ClientDeletionPolicy = "Delete"
	// ClientRetain leaves the client at the protocol engine and takes the mark of the object off, so that another one may
	// adopt it.
	ClientRetain ClientDeletionPolicy = "Retain"
)

// RedirectURI is an address to which people are sent back.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=512
// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-\\\\[\\\\]-~]+$')",message="a redirect URI is an absolute URI without spaces, for example https://app.example.com/callback"
// +kubebuilder:validation:XValidation:rule="!self.contains('#')",message="a redirect URI must not have a fragment: remove everything from the # on"
// +kubebuilder:validation:XValidation:rule="!self.startsWith('http:') || self.matches('^http://(localhost|127[.]0[.]0[.]1|\\\\[::1\\\\])(:[0-9]+)?([/?]|$)')",message="http:// is accepted for localhost, 127.0.0.1 and [::1] only: use https:// for any other host"
// +kubebuilder:validation:XValidation:rule="!self.startsWith('https:') || self.matches('^https://[^/?@]+([/?]|$)')",message="an https:// redirect URI needs a host and no user information, for example https://app.example.com/callback"
// +kubebuilder:validation:XValidation:rule="self.startsWith('https:') || self.startsWith('http:') || self.matches('^[a-z][a-z0-9+-]*([.][a-z0-9+-]+)+:')",message="a private-use scheme is a domain name of yours in reverse, in lower case, for example com.example.app:/callback"
type RedirectURI string

// ClientSecret says where the client secret is read from, and where the
// application's Secret is written.
type ClientSecret struct {
	// secretRef names the Secret key that holds a client secret of your own; the key is "client_secret" by default. It is
	// waited for, and followed when it changes. Unset, the operator generates the secret: 256 random bits, replaced on
	// request by the annotation authserver.dev/rotate-client-secret. Refused for private_key_jwt and none.
	// +optional
	SecretRef *SecretKeyReference `json:"secretRef,omitempty"`

	// output is the Secret that the operator writes for the application. It is written for every client.
	// +optional
	Output SecretOutput `json:"output,omitzero"`
}

// SecretOutput is the Secret that the operator writes for the application. It is
// deleted with the client. Its keys are client_id, client_secret (where the
// client has one), issuer, discovery_url, authorization_url, token_url, jwks_url,
// userinfo_url, introspection_url and revocation_url.
type SecretOutput struct {
	// name is the name of the Secret. Default: the name of the OAuthClient with "-oauth". A Secret of that name that the
	// operator did not write is left alone, and the condition SecretReady says so. A change makes a new Secret and deletes
	// the old one.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`
}

// ClientTokens sets lifetimes for tokens of a client.
type ClientTokens struct {
	// accessTokenSeconds is the lifetime of access tokens in seconds. Unset takes the server's.
	// +optional
	// +kubebuilder:validation:Minimum=30
	// +kubebuilder:validation:Maximum=2592000
	AccessTokenSeconds *int32 `json:"accessTokenSeconds,omitempty"`

	// refreshTokenSeconds is the lifetime of refresh tokens in seconds. Unset takes the server's.
	// +optional
	// +kubebuilder:validation:Minimum=60
	// +kubebuilder:validation:Maximum=315360000
	RefreshTokenSeconds *int32 `json:"refreshTokenSeconds,omitempty"`
}

// JSONWebKeySet is a set of public keys (RFC 7517 section 5).
type JSONWebKeySet struct {
	// keys are the public keys. Required.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Keys []JSONWebKey `json:"keys,omitempty"`
}

// KeyType is the type of a key (RFC 7518 section 6.1, RFC 8037).
//
// +kubebuilder:validation:Enum=RSA;EC;OKP
type KeyType string

// Key types.
const (
	// KeyRSA is an RSA key.
	KeyRSA KeyType = "RSA"
	// KeyEC is a key on an elliptic curve of RFC 7518.
	KeyEC KeyType = "EC"
	// KeyOKP is a key on an Edwards curve (RFC 8037).
	KeyOKP KeyType = "OKP"
)

// JSONWebKey is a public key (RFC 7517). It has no fields for private keys, so
// that none can get into the object.
//
// +kubebuilder:validation:XValidation:rule="self.kty != 'RSA' || (has(self.n) && has(self.e))",message="an RSA key needs n and e",reason=FieldValueRequired
// +kubebuilder:validation:XValidation:rule="self.kty != 'EC' || (has(self.crv) && has(self.x) && has(self.y))",message="an EC key needs crv, x and y",reason=FieldValueRequired
// +kubebuilder:validation:XValidation:rule="self.kty != 'OKP' || (has(self.crv) && has(self.x))",message="an OKP key needs crv and x",reason=FieldValueRequired
// +kubebuilder:validation:XValidation:rule="self.kty == 'RSA' || !has(self.crv) || (self.kty == 'OKP') == (self.crv == 'Ed25519')",message="crv does not fit kty: an EC key has P-256, P-384 or P-521, an OKP key Ed25519",reason=FieldValueInvalid,fieldPath=".crv"
// +kubebuilder:validation:XValidation:rule="!has(self.alg) || (self.kty == 'RSA' ? self.alg.startsWith('RS') || self.alg.startsWith('PS') : has(self.crv) && self.alg == {'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512', 'Ed25519': 'EdDSA'}[self.crv])",message="alg does not fit the key: RSA keys sign RS256 to PS512, P-256 ES256, P-384 ES384, P-521 ES512, Ed25519 EdDSA",reason=FieldValueInvalid,fieldPath=".alg"
// +kubebuilder:validation:XValidation:rule="self.kty == 'RSA' || !has(self.crv) || !has(self.x) || size(self.x) == (self.crv == 'P-384' ? 64 : self.crv == 'P-521' ? 88 : 43)",message="x does not have the length of the curve: 43 characters for P-256 and Ed25519, 64 for P-384, 88 for P-521",reason=FieldValueInvalid,fieldPath=".x"
// +kubebuilder:validation:XValidation:rule="self.kty != 'EC' || !has(self.y) || !has(self.x) || size(self.y) == size(self.x)",message="y must be as long as x",reason=FieldValueInvalid,fieldPath=".y"
// +kubebuilder:validation:XValidation:rule="!has(self.n) || size(self.n) > 342 || self.n.matches('^[g-z0-9_-]')",message="an RSA key needs at least 2048 bits",reason=FieldValueInvalid,fieldPath=".n"
type JSONWebKey struct {
	// kty is the type of the key: RSA, EC or OKP. Required.
	// +required
	Kty KeyType `json:"kty,omitempty"`

	// kid is the identifier of the key. Unset, the key is tried for every signature.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Kid string `json:"kid,omitempty"`

	// use is what the key is for: sig. Unset means sig.
	// +optional
	// +kubebuilder:validation:Enum=sig
	Use string `json:"use,omitempty"`

	// alg is the algorithm of the key, for example ES256. Unset leaves it to the key type.
	// +optional
	// +kubebuilder:validation:Enum=RS256;RS384;RS512;PS256;PS384;PS512;ES256;ES384;ES512;EdDSA
	Alg string `json:"alg,omitempty"`

	// crv is the curve of an EC or OKP key: P-256, P-384, P-521 or Ed25519.
	// +optional
	// +kubebuilder:validation:Enum=P-256;P-384;P-521;Ed25519
	Crv string `json:"crv,omitempty"`

	// x is the x coordinate of an EC key, or the public key of an OKP key, in base64url.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[-_A-Za-z0-9]+$`
	X string `json:"x,omitempty"`

	// y is the y coordinate of an EC key, in base64url.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[-_A-Za-z0-9]+$`
	Y string `json:"y,omitempty"`

	// n is the modulus of an RSA key, in base64url: at least 2048 bits.
	// +optional
	// +kubebuilder:validation:MinLength=342
	// +kubebuilder:validation:MaxLength=1366
	// +kubebuilder:validation:Pattern=`^[-_A-Za-z0-9]+$`
	N string `json:"n,omitempty"`

	// e is the exponent of an RSA key, in base64url.
	// +optional
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:Pattern=`^[-_A-Za-z0-9]+$`
	E string `json:"e,omitempty"`
}
