package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Display is what people see on the login and consent pages.
type Display struct {
	// serviceName names the service. Default: the host of the issuer.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	ServiceName string `json:"serviceName,omitempty"`

	// logoURI is the address of an image. Default none.
	// +optional
	LogoURI WebURI `json:"logoURI,omitempty"`

	// policyURI is the address of the privacy policy. Default none.
	// +optional
	PolicyURI WebURI `json:"policyURI,omitempty"`

	// tosURI is the address of the terms of service. Default none.
	// +optional
	TosURI WebURI `json:"tosURI,omitempty"`
}

// ScopeGrant says when a scope is granted.
//
// +kubebuilder:validation:Enum=OnRequest;ByDefault
type ScopeGrant string

// Ways to grant a scope.
const (
	// ScopeOnRequest grants the scope to requests that name it.
	ScopeOnRequest ScopeGrant = "OnRequest"
	// ScopeByDefault grants the scope to requests that name no scope, too.
	ScopeByDefault ScopeGrant = "ByDefault"
)

// Names of the scopes that every server knows (OpenID Connect Core 1.0 section 5.4 and 11, and groups).
const (
	ScopeOpenID        = "openid"
	ScopeProfile       = "profile"
	ScopeEmail         = "email"
	ScopeAddress       = "address"
	ScopePhone         = "phone"
	ScopeGroups        = "groups"
	ScopeOfflineAccess = "offline_access"
)

// ScopeName is a scope token of RFC 6749 section 3.3.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=128
// +kubebuilder:validation:XValidation:rule="self.matches('^[!#-\\\\[\\\\]-~]+$')",message="a scope is written with printable ASCII characters, without spaces, double quotes and backslashes"
type ScopeName string

// ClaimName is the name of a claim that a scope may release.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=256
// +kubebuilder:validation:XValidation:rule="self.matches('^[!-~]+$')",message="a claim is written with printable ASCII characters, without spaces"
// +kubebuilder:validation:XValidation:rule="!(self in ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'auth_time', 'nonce', 'acr', 'amr', 'azp', 'at_hash', 'c_hash', 's_hash', 'sid', 'cnf', 'scope', 'client_id', 'active', 'token_type', 'act', 'may_act', '_claim_names', '_claim_sources'])",message="claims must not name a claim that the protocol sets (iss, sub, aud, exp, ...): remove it"
type ClaimName string

// Scope is a scope that clients may ask for.
type Scope struct {
	// name is the scope as requests carry it, for example invoices:read. Required.
	// +required
	Name ScopeName `json:"name,omitempty"`

	// description is shown on the consent page. Default: the name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Description string `json:"description,omitempty"`

	// claims are claims that the scope releases to the client, for example department: names of spec.extraClaims of users,
	// groups, or standard claims. Those that OpenID Connect gives to profile, email, address and phone, and the claim groups
	// of the scope groups, are released anyway. Default none. With Authlete the server adds them to what Authlete releases.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	Claims []ClaimName `json:"claims,omitempty"`

	// grant says when the scope is granted: OnRequest, or ByDefault to requests that name no scope too. Default OnRequest.
	// +optional
	Grant ScopeGrant `json:"grant,omitempty"`
}

// RefreshRotation says what becomes of a refresh token that is used.
//
// +kubebuilder:validation:Enum=Rotate;Keep
type RefreshRotation string

// Treatments of a refresh token that is used.
const (
	// RefreshRotate replaces the token; a second use of the old one revokes the whole family (RFC 9700 section 4.14.2).
	RefreshRotate RefreshRotation = "Rotate"
	// RefreshKeep keeps the token valid until it expires.
	RefreshKeep RefreshRotation = "Keep"
)

// Tokens sets lifetimes of tokens and codes.
//
// +kubebuilder:validation:XValidation:rule="!has(self.refreshAbsoluteSeconds) || self.refreshAbsoluteSeconds >= (has(self.refreshTokenSeconds) ? self.refreshTokenSeconds : 1209600)",message="tokens.refreshAbsoluteSeconds must not be shorter than tokens.refreshTokenSeconds (1209600 by default): raise it, or lower refreshTokenSeconds",reason=FieldValueInvalid,fieldPath=".refreshAbsoluteSeconds"
type Tokens struct {
	// accessTokenSeconds is the lifetime of access tokens in seconds. Default 3600 (an hour).
	// +optional
	// +kubebuilder:validation:Minimum=30
	// +kubebuilder:validation:Maximum=2592000
	AccessTokenSeconds *int32 `json:"accessTokenSeconds,omitempty"`

	// refreshTokenSeconds is the lifetime of refresh tokens in seconds. Default 1209600 (14 days).
	// +optional
	// +kubebuilder:validation:Minimum=60
	// +kubebuilder:validation:Maximum=315360000
	RefreshTokenSeconds *int32 `json:"refreshTokenSeconds,omitempty"`

	// refreshAbsoluteSeconds is how long after a login its last refresh token ends at the latest, however often it was
	// refreshed, in seconds. Default 7776000 (90 days), or refreshTokenSeconds where that is longer. Refused with Authlete,
	// which has no such setting.
	// +optional
	// +kubebuilder:validation:Minimum=60
	// +kubebuilder:validation:Maximum=315360000
	RefreshAbsoluteSeconds *int32 `json:"refreshAbsoluteSeconds,omitempty"`

	// refreshLeewaySeconds is how long after its use a replaced refresh token gets the same client the same tokens again, in
	// seconds: answers get lost, and pages refresh in parallel. After it, a second use revokes the grant. Default 5; 0 allows
	// no repetition. With Authlete, which has a time of its own, it only says whether repetitions are allowed.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=60
	RefreshLeewaySeconds *int32 `json:"refreshLeewaySeconds,omitempty"`

	// idTokenSeconds is the lifetime of ID tokens in seconds. Default 3600 (an hour).
	// +optional
	// +kubebuilder:validation:Minimum=30
	// +kubebuilder:validation:Maximum=604800
	IDTokenSeconds *int32 `json:"idTokenSeconds,omitempty"`

	// authorizationCodeSeconds is how long an authorization code can be redeemed, in seconds. Default 60. Refused with
	// Authlete, which has no such setting.
	// +optional
	// +kubebuilder:validation:Minimum=10
	// +kubebuilder:validation:Maximum=600
	AuthorizationCodeSeconds *int32 `json:"authorizationCodeSeconds,omitempty"`

	// refreshRotation says what becomes of a refresh token that is used: Rotate replaces it, Keep leaves it. Default Rotate.
	// +optional
	RefreshRotation RefreshRotation `json:"refreshRotation,omitempty"`
}

// Signing configures the keys that sign ID tokens. Keys of both algorithms are
// kept, so that a client may ask for the other one.
type Signing struct {
	// algorithm signs ID tokens of clients that name none: RS256 or ES256. Default RS256, which every client accepts;
	// ES256 costs far less to sign with.
	// +optional
	Algorithm SigningAlgorithm `json:"algorithm,omitempty"`

	// rotationIntervalDays is the age, in days, at which a signing key gives way to the next, which was published before.
	// Default 90; 0 rotates on request only, by the annotation authserver.dev/rotate-signing-keys.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=3650
	RotationIntervalDays *int32 `json:"rotationIntervalDays,omitempty"`
}

// PKCERequirement says from whom a proof key is demanded.
//
// +kubebuilder:validation:Enum=Always;PublicClients
type PKCERequirement string

// Extents of the demand for a proof key.
const (
	// PKCEAlways demands it of every client.
	PKCEAlways PKCERequirement = "Always"
	// PKCEPublicClients demands it of clients without a secret; others may use it.
	PKCEPublicClients PKCERequirement = "PublicClients"
)

// PKCEChallengeMethods are the code challenge methods that are accepted.
//
// +kubebuilder:validation:Enum=S256;S256AndPlain
type PKCEChallengeMethods string

// Sets of code challenge methods.
const (
	// PKCES256 accepts S256 only.
	PKCES256 PKCEChallengeMethods = "S256"
	// PKCES256AndPlain accepts plain too, which does not protect against somebody who reads the request.
	PKCES256AndPlain PKCEChallengeMethods = "S256AndPlain"
)

// PKCE says from whom a proof key (RFC 7636) is demanded.
type PKCE struct {
	// required says who must use PKCE with authorization codes: Always means every client, PublicClients those without a
	// secret. Default PublicClients.
	// +optional
	Required PKCERequirement `json:"required,omitempty"`

	// challengeMethods are the methods that are accepted: S256 or S256AndPlain. Default S256.
	// +optional
	ChallengeMethods PKCEChallengeMethods `json:"challengeMethods,omitempty"`
}

// ConsentMode says when the consent page is shown.
//
// +kubebuilder:validation:Enum=Always;Remember
type ConsentMode string

// Consent modes.
const (
	// ConsentAlways asks at each authorization request; prompt=none cannot succeed then, except for clients whose consent
	// is skipped.
	ConsentAlways ConsentMode = "Always"
	// ConsentRemember asks once per login session, client and set of scopes and claims.
	ConsentRemember ConsentMode = "Remember"
)

// Session configures login sessions in the browser.
//
// +kubebuilder:validation:XValidation:rule="(has(self.idleSeconds) ? self.idleSeconds : 3600) <= (has(self.absoluteSeconds) ? self.absoluteSeconds : 43200)",message="session.idleSeconds (default 3600) must not exceed session.absoluteSeconds (default 43200): lower the first or raise the second",reason=FieldValueInvalid,fieldPath=".idleSeconds"
type Session struct {
	// idleSeconds ends a session after that many seconds without use. Default 3600 (an hour).
	// +optional
	// +kubebuilder:validation:Minimum=60
	// +kubebuilder:validation:Maximum=31536000
	IdleSeconds *int32 `json:"idleSeconds,omitempty"`

	// absoluteSeconds ends a session that many seconds after the login. Default 43200 (12 hours).
	// +optional
	// +kubebuilder:validation:Minimum=60
	// +kubebuilder:validation:Maximum=31536000
	AbsoluteSeconds *int32 `json:"absoluteSeconds,omitempty"`

	// interactionSeconds is how long a login or consent page can be submitted, in seconds. Default 900 (15 minutes).
	// +optional
	// +kubebuilder:validation:Minimum=60
	// +kubebuilder:validation:Maximum=3600
	InteractionSeconds *int32 `json:"interactionSeconds,omitempty"`

	// consent says when people are asked: Always, or once per session (Remember). Default Remember.
	// +optional
	Consent ConsentMode `json:"consent,omitempty"`
}

// Login configures the login page.
type Login struct {
	// freeAttempts is how many wrong passwords an account may give at one address before delays start. An address alone may
	// give 10 times as many, an account over all addresses 30 times as many. Default 3; 0 delays after the first.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	FreeAttempts *int32 `json:"freeAttempts,omitempty"`

	// maxDelaySeconds bounds the delay of an account at one address, which doubles with each wrong password, in seconds.
	// Other delays are at most 30 seconds. Default 300.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	MaxDelaySeconds *int32 `json:"maxDelaySeconds,omitempty"`

	// acr is the authentication context class of a login with a password. It is published in discovery and sent in the ID
	// tokens of clients that ask for it (OpenID Connect Core 1.0, section 2). Default none: neither is done.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:Pattern=`^[!-~]+$`
	ACR string `json:"acr,omitempty"`
}

// Users says which OAuthUsers can log in.
type Users struct {
	// selector picks, by their labels, among the OAuthUsers of the namespace that refer to the server. Unset picks all
	// of them.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`

	// defaultEmailVerification is what the claim email_verified says of users with an email address who do not set
	// claims.emailVerified: Verified (true) or Unverified (false). Some applications refuse people whose address is not
	// verified. Verified is right where the addresses come from a directory that has checked them. Default Unverified.
	// +optional
	DefaultEmailVerification EmailVerification `json:"defaultEmailVerification,omitempty"`
}

// EmailVerification says whether email addresses are known to be those of their
// users.
//
// +kubebuilder:validation:Enum=Verified;Unverified
type EmailVerification string

// States of email addresses.
const (
	// EmailVerified means that somebody has checked that the address is the person's.
	EmailVerified EmailVerification = "Verified"
	// EmailUnverified means that nothing is known.
	EmailUnverified EmailVerification = "Unverified"
)

// Introspection says who may introspect tokens.
type Introspection struct {
	// callers are resource servers that may introspect tokens (RFC 7662), with HTTP Basic. Default none: introspection is
	// refused to everybody.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Callers []IntrospectionCaller `json:"callers,omitempty"`
}

// IntrospectionCaller is a resource server that may introspect tokens.
type IntrospectionCaller struct {
	// name is the user name with which it authenticates: letters, digits, dots, hyphens and underscores. Required.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?$`
	Name string `json:"name,omitempty"`

	// secretRef names the Secret key that holds its password. Required; the key is "secret" by default.
	// +required
	SecretRef SecretKeyReference `json:"secretRef,omitzero"`
}
