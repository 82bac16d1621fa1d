package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// OAuthClient is an application that is registered at an AuthorizationServer of
// the same namespace: the client metadata of RFC 7591 in Kubernetes spelling.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=oauthclients,singular=oauthclient,shortName=oclient,categories=authserver,scope=Namespaced
// +kubebuilder:printcolumn:name="Client-ID",type=string,JSONPath=`.status.clientID`,description="What the application uses as client_id"
// +kubebuilder:printcolumn:name="Server",type=string,JSONPath=`.spec.serverRef.name`,description="AuthorizationServer"
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,description="Whether the client is registered as declared"
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,description="Why it is ready or not"
// +kubebuilder:printcolumn:name="Auth-Method",type=string,priority=1,JSONPath=`.spec.tokenEndpointAuthMethod`,description="How the client authenticates"
// +kubebuilder:printcolumn:name="Secret",type=string,priority=1,JSONPath=`.status.secretName`,description="Secret written for the application"
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,description="Explanation for a person"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 100",message="metadata.name must have at most 100 characters, because the names of other objects are made from it",reason=FieldValueInvalid
// +kubebuilder:validation:XValidation:rule="has(self.spec.clientID) || has(self.spec.adopt) || !self.metadata.name.matches('^[0-9]+$')",message="metadata.name is used as the client ID, which must not be digits only: set spec.clientID or take another name",reason=FieldValueInvalid
// +kubebuilder:validation:XValidation:rule="(has(self.spec.clientID) ? self.spec.clientID : self.metadata.name) == (has(oldSelf.spec.clientID) ? oldSelf.spec.clientID : oldSelf.metadata.name) || (!has(oldSelf.spec.clientID) && (has(self.spec.clientID) ? has(oldSelf.spec.adopt) : has(self.spec.adopt)))",message="clientID cannot be changed, since applications use it: create another OAuthClient instead",reason=FieldValueInvalid,fieldPath=".spec.clientID"
// +kubebuilder:validation:XValidation:rule="!has(self.spec.secret) || !has(self.spec.secret.secretRef) || self.spec.secret.secretRef.name != (has(self.spec.secret.output) && has(self.spec.secret.output.name) ? self.spec.secret.output.name : self.metadata.name + '-oauth')",message="secret.secretRef is the Secret that the operator writes (secret.output.name, by default the object's name with -oauth): use two Secrets",reason=FieldValueInvalid,fieldPath=".spec.secret"
type OAuthClient struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the client that is wanted. Required.
	// +required
	Spec OAuthClientSpec `json:"spec,omitzero"`

	// status is the client that was observed. Written by the operator only.
	// +optional
	Status OAuthClientStatus `json:"status,omitzero"`
}

// OAuthClientList is a list of clients.
//
// +kubebuilder:object:root=true
type OAuthClientList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`

	// items are the clients.
	Items []OAuthClient `json:"items"`
}

// OAuthClientSpec is the client that is wanted.
//
// +kubebuilder:validation:XValidation:rule="has(self.adopt) || has(self.grantTypes) && !('authorization_code' in self.grantTypes) && !('implicit' in self.grantTypes) || (has(self.redirectURIs) && size(self.redirectURIs) > 0)",message="redirectURIs needs an entry for the grant types authorization_code (a default) and implicit: add one, or set spec.grantTypes without them",reason=FieldValueRequired,fieldPath=".redirectURIs"
// +kubebuilder:validation:XValidation:rule="!has(self.grantTypes) || !('client_credentials' in self.grantTypes) || !has(self.tokenEndpointAuthMethod) || self.tokenEndpointAuthMethod != 'none'",message="client_credentials needs a client that authenticates: remove it from spec.grantTypes, or set tokenEndpointAuthMethod to something else than none",reason=FieldValueInvalid,fieldPath=".grantTypes"
// +kubebuilder:validation:XValidation:rule="has(self.adopt) || !has(self.responseTypes) || self.responseTypes.all(r, r == 'code') || (has(self.grantTypes) && 'implicit' in self.grantTypes)",message="response types other than code need the implicit grant: add implicit to spec.grantTypes, or leave only code in spec.responseTypes",reason=FieldValueInvalid,fieldPath=".responseTypes"
// +kubebuilder:validation:XValidation:rule="has(self.adopt) || !has(self.responseTypes) || !self.responseTypes.exists(r, r.startsWith('code')) || !has(self.grantTypes) || 'authorization_code' in self.grantTypes",message="response types with code need the authorization_code grant: add it to spec.grantTypes, or remove them from spec.responseTypes",reason=FieldValueInvalid,fieldPath=".responseTypes"
// +kubebuilder:validation:XValidation:rule="!has(self.redirectURIs) || (has(self.applicationType) ? self.applicationType == 'native' : has(self.adopt)) || self.redirectURIs.all(u, u.startsWith('https://') || u.startsWith('http://'))",message="redirect URIs with a private-use scheme belong to native applications: set applicationType to native, or use https://",reason=FieldValueInvalid,fieldPath=".redirectURIs"
// +kubebuilder:validation:XValidation:rule="!has(self.secret) || !has(self.secret.secretRef) || !has(self.tokenEndpointAuthMethod) || self.tokenEndpointAuthMethod in ['client_secret_basic', 'client_secret_post']",message="secret.secretRef gives a client secret, which only client_secret_basic and client_secret_post use: remove it or change tokenEndpointAuthMethod",reason=FieldValueForbidden,fieldPath=".secret"
// +kubebuilder:validation:XValidation:rule="!has(self.tokenEndpointAuthMethod) || self.tokenEndpointAuthMethod != 'private_key_jwt' || (has(self.adopt) ? !(has(self.jwks) && has(self.jwksURI)) : has(self.jwks) != has(self.jwksURI))",message="private_key_jwt needs the client's public keys in one place: set exactly one of jwks and jwksURI",reason=FieldValueInvalid,fieldPath=".tokenEndpointAuthMethod"
// +kubebuilder:validation:XValidation:rule="(!has(self.jwks) && !has(self.jwksURI)) || (has(self.tokenEndpointAuthMethod) ? self.tokenEndpointAuthMethod == 'private_key_jwt' : has(self.adopt))",message="jwks and jwksURI are for clients that authenticate with a key: set tokenEndpointAuthMethod to private_key_jwt, or remove them",reason=FieldValueForbidden,fieldPath=".tokenEndpointAuthMethod"
// +kubebuilder:validation:XValidation:rule="!has(self.management) || self.management != 'Observe' || has(self.adopt)",message="management Observe is for a client that exists: set spec.adopt, or remove management",reason=FieldValueInvalid,fieldPath=".management"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.adopt) || has(self.adopt)",message="adopt cannot be removed: delete this object, which leaves an adopted client in place by default, and create another",reason=FieldValueInvalid,fieldPath=".adopt"
type OAuthClientSpec struct {
	// serverRef names the AuthorizationServer, in the same namespace, at which the client is registered. Required; cannot
	// be changed. A server that does not exist yet is waited for.
	// +required
	// +kubebuilder:validation:XValidation:rule="self.name == oldSelf.name",message="serverRef cannot be changed: create another OAuthClient for the other server",reason=FieldValueInvalid,fieldPath=".name"
	ServerRef ServerReference `json:"serverRef,omitzero"`

	// clientID is what the application uses as client_id. Default metadata.name; of an adopted client what it is. Cannot be
	// changed. No two clients of a server share one: the older object has it and the newer one says so in its condition
	// ClientIDUnique.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9][A-Za-z0-9._~-]*$') && !self.matches('^[0-9]+$')",message="clientID must be letters, digits, dots, hyphens, underscores and tildes, must start with a letter or digit, and must not be digits only"
	ClientID string `json:"clientID,omitempty"`

	// clientName names the application on the consent page (client_name). Default: the client ID.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	ClientName string `json:"clientName,omitempty"`

	// description says on the consent page what the application is. Default none.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=200
	Description string `json:"description,omitempty"`

	// clientURI is the address of the application's web page (client_uri). Default none.
	// +optional
	ClientURI WebURI `json:"clientURI,omitempty"`

	// logoURI is the address of the application's logo (logo_uri). Default none.
	// +optional
	LogoURI WebURI `json:"logoURI,omitempty"`

	// policyURI is the address of the application's privacy policy (policy_uri). Default none.
	// +optional
	PolicyURI WebURI `json:"policyURI,omitempty"`

	// tosURI is the address of the application's terms of service (tos_uri). Default none.
	// +optional
	TosURI WebURI `json:"tosURI,omitempty"`

	// contacts are ways to reach the people responsible for the application, usually email addresses. Default none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=254
	Contacts []string `json:"contacts,omitempty"`

	// applicationType is web, or native for an application on a person's device, which may have redirect URIs with a
	// private-use scheme (application_type). Default web.
	// +optional
	ApplicationType ApplicationType `json:"applicationType,omitempty"`

	// redirectURIs are the addresses to which people may be sent back, compared character by character (redirect_uris):
	// https://, or http:// on localhost, 127.0.0.1 and [::1], or for native applications a private-use scheme such as
	// com.example.app:/callback. Required for the grant types authorization_code and implicit.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	RedirectURIs []RedirectURI `json:"redirectURIs,omitempty"`

	// grantTypes are the grant types that the client may use (grant_types). Default authorization_code and refresh_token.
	// One that the server does not support has no effect.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=5
	GrantTypes []GrantType `json:"grantTypes,omitempty"`

	// responseTypes are the response types that the client may ask for (response_types). Default code where
	// authorization_code is a grant type, else none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=7
	ResponseTypes []ResponseType `json:"responseTypes,omitempty"`

	// scopes are the scopes that the client may ask for (scope). Unset allows every scope of the server.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	Scopes []ScopeName `json:"scopes,omitempty"`

	// tokenEndpointAuthMethod is how the client authenticates (token_endpoint_auth_method): client_secret_basic,
	// client_secret_post, private_key_jwt, or none for a public client, which must use PKCE. Default client_secret_basic. A
	// client with a secret may use both ways of sending it, unless tokenEndpointAuthMethodMatch is Exact.
	// +optional
	TokenEndpointAuthMethod ClientAuthMethod `json:"tokenEndpointAuthMethod,omitempty"`

	// tokenEndpointAuthMethodMatch says which methods a client with a secret may use: AnySecretMethod accepts
	// client_secret_basic and client_secret_post alike, whichever is registered (RFC 6749 section 2.3.1), Exact accepts the
	// registered one only. The other methods are always exact, and with Authlete all are. Default AnySecretMethod.
	// +optional
	TokenEndpointAuthMethodMatch AuthMethodMatch `json:"tokenEndpointAuthMethodMatch,omitempty"`

	// jwks are the client's public keys (jwks). For private_key_jwt exactly one of jwks and jwksURI is required.
	// +optional
	JWKS *JSONWebKeySet `json:"jwks,omitempty"`

	// jwksURI is the address of the client's public keys (jwks_uri), which starts with https://.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="isURL(self) && self.startsWith('https://') && size(url(self).getHostname()) > 0",message="jwksURI must be an absolute URL that starts with https://"
	JWKSURI string `json:"jwksURI,omitempty"`

	// secret says where the client secret is read from, and where the application's Secret is written.
	// +optional
	Secret ClientSecret `json:"secret,omitzero"`

	// idTokenSignedResponseAlg signs ID tokens for the client (id_token_signed_response_alg): RS256 or ES256. Default: the
	// server's algorithm.
	// +optional
	IDTokenSignedResponseAlg SigningAlgorithm `json:"idTokenSignedResponseAlg,omitempty"`

	// idTokenClaims says which claims ID tokens have beside those of the protocol: Scopes puts in what the granted scopes
	// release (name, email, groups, ...), Minimal leaves that to the userinfo endpoint, except where a response has no
	// access token for it. Claims that a request asks for by name are in both. Refreshed ID tokens have what the first one
	// had. Default Scopes, because many applications read nothing but the ID token.
	// +optional
	IDTokenClaims IDTokenClaims `json:"idTokenClaims,omitempty"`

	// defaultMaxAgeSeconds is the age of a login, in seconds, beyond which people log in again when a request has no
	// max_age (default_max_age). Unset sets no limit; 0 asks for a login each time.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=31536000
	DefaultMaxAgeSeconds *int32 `json:"defaultMaxAgeSeconds,omitempty"`

	// tokens sets lifetimes for tokens of the client. Unset takes the server's.
	// +optional
	Tokens ClientTokens `json:"tokens,omitzero"`

	// consent says whether people are asked before the application gets access: Ask, or Skip for an application of your
	// own. Default Ask.
	// +optional
	Consent ClientConsent `json:"consent,omitempty"`

	// adopt takes over a client that the protocol engine has already. What this object does not name stays as it is there,
	// for every field: the defaults are those of new clients. Unset, such a client is left alone, and the condition
	// Registered says so. Cannot be removed. A client that was adopted and is not there any more is not made anew.
	// +optional
	Adopt *ClientAdoption `json:"adopt,omitempty"`

	// management says what happens where the client at the protocol engine is not as this object declares it: Enforce
	// changes it there, Observe only lists the differences in status and changes nothing, not even the mark that says whose
	// the client is. Default Observe for an adopted client, else Enforce.
	// +optional
	Management ClientManagement `json:"management,omitempty"`

	// deletionPolicy says what happens to the client at the protocol engine when this object is deleted: Delete, with
	// everything that was granted to it, or Retain. Default Retain for an adopted client, else Delete. A client that is only
	// observed is never deleted.
	// +optional
	DeletionPolicy ClientDeletionPolicy `json:"deletionPolicy,omitempty"`
}

// OAuthClientStatus is the client that was observed.
type OAuthClientStatus struct {
	// observedGeneration is the metadata.generation that the status describes.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are Ready, which sums up, and the facts behind it: ClientIDUnique, SecretReady and Registered.
	// Reconciling and Stalled are there only while true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// clientID is what the application uses as client_id.
	// +optional
	// +kubebuilder:validation:MaxLength=100
	ClientID string `json:"clientID,omitempty"`

	// differences are the members of the client that are not as declared, sorted by field. Empty where all are, and where
	// spec.management is Enforce.
	// +optional
	// +listType=map
	// +listMapKey=field
	// +kubebuilder:validation:MaxItems=64
	Differences []SettingDifference `json:"differences,omitempty"`

	// backendClientID is the number that the protocol engine gave the client, in decimal. Applications do not need it.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	BackendClientID string `json:"backendClientID,omitempty"`

	// secretName is the Secret that was written for the application.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	SecretName string `json:"secretName,omitempty"`
}
