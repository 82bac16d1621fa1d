package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// OAuthUser is a person who can log in at an AuthorizationServer of the same
// namespace.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=oauthusers,singular=oauthuser,shortName=ouser,categories=authserver,scope=Namespaced
// +kubebuilder:printcolumn:name="Username",type=string,JSONPath=`.spec.username`,description="Login name"
// +kubebuilder:printcolumn:name="Server",type=string,JSONPath=`.spec.serverRef.name`,description="AuthorizationServer"
// +kubebuilder:printcolumn:name="Active",type=boolean,JSONPath=`.spec.active`,description="Whether the person may log in"
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,description="Whether the server has the user as declared"
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,description="Why it is ready or not"
// +kubebuilder:printcolumn:name="Subject",type=string,priority=1,JSONPath=`.status.subject`,description="Subject identifier"
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,description="Explanation for a person"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type OAuthUser struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the user that is wanted. Required.
	// +required
	Spec OAuthUserSpec `json:"spec,omitzero"`

	// status is the user that was observed. Written by the operator only.
	// +optional
	Status OAuthUserStatus `json:"status,omitzero"`
}

// OAuthUserList is a list of users.
//
// +kubebuilder:object:root=true
type OAuthUserList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`

	// items are the users.
	Items []OAuthUser `json:"items"`
}

// OAuthUserSpec is the user that is wanted.
//
// +kubebuilder:validation:XValidation:rule="has(self.subject) == has(oldSelf.subject) && (!has(self.subject) || self.subject == oldSelf.subject)",message="subject is what applications know the person by and cannot be added, changed or removed: create another OAuthUser instead",reason=FieldValueInvalid,fieldPath=".subject"
type OAuthUserSpec struct {
	// serverRef names the AuthorizationServer, in the same namespace, at which the person logs in. Required; cannot be
	// changed. A server that does not exist yet is waited for.
	// +required
	// +kubebuilder:validation:XValidation:rule="self.name == oldSelf.name",message="serverRef cannot be changed: create another OAuthUser for the other server",reason=FieldValueInvalid,fieldPath=".name"
	ServerRef ServerReference `json:"serverRef,omitzero"`

	// username is the login name. Required. Upper and lower case are the same; no two users of a server share one: the
	// older object has it and the newer one says so in its condition UsernameUnique. It may be changed.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=150
	// +kubebuilder:validation:XValidation:rule="self.matches('^[^\\\\pZ\\\\pC]+$')",message="username must not contain spaces or control characters"
	Username string `json:"username,omitempty"`

	// subject is the stable identifier of the person, the sub claim of tokens. Cannot be added, changed or removed later.
	// Unset takes metadata.uid, which no other object ever has; set it to keep the identity over a re-creation of the
	// object.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:XValidation:rule="self.matches('^[!-~]+$')",message="subject must be printable ASCII without spaces"
	Subject string `json:"subject,omitempty"`

	// active says whether the person may log in. Default true. false refuses logins and ends sessions.
	// +optional
	// +kubebuilder:default=true
	Active *bool `json:"active,omitempty"`

	// password says where the password is. Unset, no password opens the account.
	// +optional
	Password *Password `json:"password,omitempty"`

	// claims are the standard claims of OpenID Connect Core 1.0 section 5.1. Which of them an application gets depends on
	// the scopes and claims that it asks for.
	// +optional
	Claims Claims `json:"claims,omitzero"`

	// groups are the groups of the person, the groups claim. Default none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=150
	Groups []string `json:"groups,omitempty"`

	// extraClaims are further claims, with any JSON value. Default none. Names that the protocol gives a meaning (iss, sub,
	// aud, exp, iat, ...) and names that have a field under claims, or groups, are refused.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	ExtraClaims []ExtraClaim `json:"extraClaims,omitempty"`
}

// PasswordFormat says what the Secret holds.
//
// +kubebuilder:validation:Enum=Plain;Hash
type PasswordFormat string

// Password formats.
const (
	// PasswordPlain is the password itself, which the operator hashes with argon2id.
	PasswordPlain PasswordFormat = "Plain"
	// PasswordHash is a hash of it: an argon2id string in PHC format, a bcrypt hash, or a hash as Django writes it. It is
	// used as it is.
	PasswordHash PasswordFormat = "Hash"
)

// Password says where the password of a user is.
type Password struct {
	// secretRef names the Secret key that holds the password. Required; the key is "password" by default. A changed
	// Secret changes the password within seconds. The password is neither copied nor logged; pods get its hash only.
	// +required
	SecretRef SecretKeyReference `json:"secretRef,omitzero"`

	// format says what the Secret holds: Plain, the password itself, which the operator hashes with argon2id; or Hash, an
	// argon2id string in PHC format, a bcrypt hash, or a hash as Django writes it (PBKDF2, argon2, bcrypt, scrypt).
	// Default Plain.
	// +optional
	Format PasswordFormat `json:"format,omitempty"`
}

// OAuthUserStatus is the user that was observed.
type OAuthUserStatus struct {
	// observedGeneration is the metadata.generation that the status describes.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are Ready, which sums up, and the facts behind it: UsernameUnique, PasswordReady, ClaimsValid and
	// Projected. Reconciling and Stalled are there only while true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// subject is the subject identifier in effect: spec.subject or metadata.uid.
	// +optional
	// +kubebuilder:validation:MaxLength=100
	Subject string `json:"subject,omitempty"`

	// server is the AuthorizationServer whose pods have the user. Unset while none has.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Server string `json:"server,omitempty"`

	// passwordHashedAt is when the password in use was taken from its Secret.
	// +optional
	PasswordHashedAt *metav1.Time `json:"passwordHashedAt,omitempty"`

	// passwordSecretVersion is the metadata.resourceVersion of the Secret that the password in use was taken from.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	PasswordSecretVersion string `json:"passwordSecretVersion,omitempty"`
}
