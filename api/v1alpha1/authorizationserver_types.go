package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AuthorizationServer is an OAuth 2.0 and OpenID Connect authorization server
// that the operator runs in the object's namespace.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=authorizationservers,singular=authorizationserver,shortName=authsrv,categories=authserver,scope=Namespaced
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,description="Whether the server works as declared"
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,description="Why it is ready or not"
// +kubebuilder:printcolumn:name="Issuer",type=string,JSONPath=`.spec.issuer`,description="Issuer identifier"
// +kubebuilder:printcolumn:name="Storage",type=string,JSONPath=`.spec.backend.embedded.storage.type`,description="Storage of the embedded engine"
// +kubebuilder:printcolumn:name="Pods",type=integer,JSONPath=`.status.replicas.ready`,description="Pods that are ready"
// +kubebuilder:printcolumn:name="Users",type=integer,JSONPath=`.status.users`,description="Users that are served"
// +kubebuilder:printcolumn:name="Clients",type=integer,JSONPath=`.status.clients`,description="Clients that are registered"
// +kubebuilder:printcolumn:name="Backend",type=string,priority=1,JSONPath=`.spec.backend.type`,description="Protocol engine"
// +kubebuilder:printcolumn:name="Image",type=string,priority=1,JSONPath=`.status.image`,description="Container image in use"
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,description="Explanation for a person"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 40 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name becomes the name of a Service: use at most 40 lower-case letters, digits and hyphens, starting with a letter and without dots",reason=FieldValueInvalid
type AuthorizationServer struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the server that is wanted. Required.
	// +required
	Spec AuthorizationServerSpec `json:"spec,omitzero"`

	// status is the server that was observed. Written by the operator only.
	// +optional
	Status AuthorizationServerStatus `json:"status,omitzero"`
}

// AuthorizationServerList is a list of authorization servers.
//
// +kubebuilder:object:root=true
type AuthorizationServerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`

	// items are the authorization servers.
	Items []AuthorizationServer `json:"items"`
}

// AuthorizationServerSpec is the server that is wanted.
//
// +kubebuilder:validation:XValidation:rule="!has(self.replicas) || self.replicas <= 1 || !has(self.backend.embedded) || self.backend.embedded.storage.type == 'PostgreSQL'",message="more than one replica needs storage that pods can share: set spec.replicas to 1, or spec.backend.embedded.storage.type to PostgreSQL",reason=FieldValueInvalid,fieldPath=".replicas"
// +kubebuilder:validation:XValidation:rule="!has(self.responseTypes) || self.responseTypes.all(r, r == 'code') || (has(self.grantTypes) && 'implicit' in self.grantTypes)",message="response types other than code need the implicit grant: add implicit to spec.grantTypes, or leave only code in spec.responseTypes",reason=FieldValueInvalid,fieldPath=".responseTypes"
// +kubebuilder:validation:XValidation:rule="!has(self.responseTypes) || !self.responseTypes.exists(r, r.startsWith('code')) || !has(self.grantTypes) || 'authorization_code' in self.grantTypes",message="response types with code need the authorization_code grant: add it to spec.grantTypes, or remove them from spec.responseTypes",reason=FieldValueInvalid,fieldPath=".responseTypes"
// +kubebuilder:validation:XValidation:rule="self.backend.type != 'Authlete' || !has(self.signing)",message="with backend.type Authlete signing keys are made and rotated at Authlete: remove spec.signing and configure the keys of the service there",reason=FieldValueForbidden,fieldPath=".signing"
// +kubebuilder:validation:XValidation:rule="self.backend.type != 'Authlete' || !has(self.tokens) || !has(self.tokens.authorizationCodeSeconds)",message="Authlete has no setting for the lifetime of authorization codes: remove spec.tokens.authorizationCodeSeconds",reason=FieldValueForbidden,fieldPath=".tokens"
// +kubebuilder:validation:XValidation:rule="self.backend.type != 'Authlete' || !has(self.tokens) || !has(self.tokens.refreshAbsoluteSeconds)",message="Authlete has no setting for the absolute end of refresh tokens: remove spec.tokens.refreshAbsoluteSeconds",reason=FieldValueForbidden,fieldPath=".tokens"
type AuthorizationServerSpec struct {
	// issuer is the issuer identifier: the URL under which clients reach the server, and the iss claim of its tokens.
	// Required. It starts with https://; http:// is accepted for localhost, 127.0.0.1 and [::1] only. It has no user
	// information, query, fragment or trailing slash; a path is allowed. A change is applied, but tokens and client
	// configurations made under the old issuer stop being valid.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="isURL(self) && self.matches('^[!#-;=?-\\\\[\\\\]-~]+$') && size(url(self).getHostname()) > 0 && (self.startsWith('https://') || self.startsWith('http://'))",message="issuer must be an absolute URL with a host, for example https://login.example.com"
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('http://') || self.matches('^http://(localhost|127[.]0[.]0[.]1|\\\\[::1\\\\])(:[0-9]+)?(/|$)')",message="issuer may use http:// for localhost, 127.0.0.1 and [::1] only: use https:// for any other host"
	// +kubebuilder:validation:XValidation:rule="!self.contains('?') && !self.contains('#')",message="issuer must not have a query or a fragment: remove everything from the ? or # on"
	// +kubebuilder:validation:XValidation:rule="!self.contains('@')",message="issuer must not contain user information: remove the part with the @"
	// +kubebuilder:validation:XValidation:rule="!self.endsWith('/')",message="issuer must not end with a slash: remove it, since clients compare the issuer character by character"
	Issuer string `json:"issuer,omitempty"`

	// backend selects and configures the protocol engine. Required.
	// +required
	Backend Backend `json:"backend,omitzero"`

	// replicas is the number of pods. Default 1. 0 stops the server and keeps its data. More than 1 needs PostgreSQL
	// storage or Authlete, and adds a PodDisruptionBudget.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Replicas *int32 `json:"replicas,omitempty"`

	// image is the container image of the server. Unset follows the operator, which runs the image of its own release;
	// set, an upgrade of the operator alone never restarts the server.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Image string `json:"image,omitempty"`

	// imagePullPolicy says when the image is pulled: Always, IfNotPresent or Never. Unset leaves it to Kubernetes:
	// Always for the tag latest, else IfNotPresent.
	// +optional
	// +kubebuilder:validation:Enum=Always;IfNotPresent;Never
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`

	// imagePullSecrets are Secrets of type kubernetes.io/dockerconfigjson for private registries. Default none.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	ImagePullSecrets []SecretReference `json:"imagePullSecrets,omitempty"`

	// resources are the CPU and memory that the server's container requests and may use. Unset takes the operator's
	// defaults; set, it replaces them whole.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`

	// podTemplate adjusts the pods: labels, placement, time to stop. Unset takes the operator's choices.
	// +optional
	PodTemplate PodTemplate `json:"podTemplate,omitzero"`

	// service configures the Service in front of the pods. Unset makes a ClusterIP Service.
	// +optional
	Service Service `json:"service,omitzero"`

	// tls makes the pods serve HTTPS. Unset, they serve HTTP, for an Ingress or a Gateway that ends TLS.
	// +optional
	TLS *TLS `json:"tls,omitempty"`

	// trustedProxies are address ranges (CIDR) whose X-Forwarded-For header is believed when the address of a caller is
	// taken for login delays and the audit log. Default none: the address of the connection counts,
	// which may be that of a proxy; delays at an address that may be shared are at most 30 seconds.
	// With Authlete, the headers Client-Cert and Client-Cert-Chain (RFC 9440) of these proxies are passed on as the
	// certificate of the client: each of them must remove both headers from what callers send.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	TrustedProxies []CIDR `json:"trustedProxies,omitempty"`

	// display is what people see on the login and consent pages.
	// +optional
	Display Display `json:"display,omitzero"`

	// scopes are scopes that clients may ask for, beside openid, profile, email, address, phone, groups and
	// offline_access, which every server knows. An entry with one of these names changes its description and adds to its
	// claims. Default none.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Scopes []Scope `json:"scopes,omitempty"`

	// grantTypes are the grant types that the server supports. Default authorization_code, refresh_token and
	// client_credentials. implicit and password are discouraged by RFC 9700.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=5
	GrantTypes []GrantType `json:"grantTypes,omitempty"`

	// responseTypes are the response types that the server supports. Default code where authorization_code is a grant
	// type, else none. Every other one needs implicit among the grant types.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=7
	ResponseTypes []ResponseType `json:"responseTypes,omitempty"`

	// tokens sets lifetimes of tokens and codes.
	// +optional
	Tokens Tokens `json:"tokens,omitzero"`

	// signing configures the keys that sign ID tokens. Refused with Authlete, where the keys then are.
	// +optional
	Signing Signing `json:"signing,omitzero"`

	// pkce says from whom a proof key (RFC 7636) is demanded.
	// +optional
	PKCE PKCE `json:"pkce,omitzero"`

	// session configures login sessions in the browser.
	// +optional
	Session Session `json:"session,omitzero"`

	// login configures the login page.
	// +optional
	Login Login `json:"login,omitzero"`

	// users says which OAuthUsers can log in.
	// +optional
	Users Users `json:"users,omitzero"`

	// introspection says who may introspect tokens. Unset, nobody may.
	// +optional
	Introspection Introspection `json:"introspection,omitzero"`

	// log configures the log of the pods.
	// +optional
	Log Log `json:"log,omitzero"`
}

// AuthorizationServerStatus is the server that was observed.
type AuthorizationServerStatus struct {
	// observedGeneration is the metadata.generation that the status describes.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are Ready, which sums up, and the facts behind it: ConfigurationValid, CredentialsReady, IssuerUnique,
	// UsersProjected, Available, BackendReachable, Discoverable and, with Authlete, SettingsMatch. Reconciling and Stalled are there only while true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// endpoints are the URLs under which clients find the server.
	// +optional
	Endpoints Endpoints `json:"endpoints,omitzero"`

	// replicas counts pods.
	// +optional
	Replicas *ReplicaCounts `json:"replicas,omitempty"`

	// users is the number of OAuthUsers that the pods were given, disabled ones included.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Users *int32 `json:"users,omitempty"`

	// clients is the number of OAuthClients that are registered.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Clients *int32 `json:"clients,omitempty"`

	// image is the container image that the pods are told to run.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Image string `json:"image,omitempty"`

	// backend is what was observed of Authlete; absent with the embedded engine.
	// +optional
	Backend *BackendStatus `json:"backend,omitempty"`

	// configHash identifies the configuration that the pods are told to run, in a few characters.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	ConfigHash string `json:"configHash,omitempty"`
}

// Endpoints are the URLs under which clients find a server.
type Endpoints struct {
	// issuer is the issuer identifier.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Issuer string `json:"issuer,omitempty"`

	// discovery is the OpenID Connect discovery document.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Discovery string `json:"discovery,omitempty"`

	// authorization is the authorization endpoint.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Authorization string `json:"authorization,omitempty"`

	// token is the token endpoint.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Token string `json:"token,omitempty"`

	// jwks is the set of public signing keys.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	JWKS string `json:"jwks,omitempty"`

	// userinfo is the userinfo endpoint.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Userinfo string `json:"userinfo,omitempty"`

	// introspection is the introspection endpoint.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Introspection string `json:"introspection,omitempty"`

	// revocation is the revocation endpoint.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Revocation string `json:"revocation,omitempty"`
}

// ReplicaCounts counts the pods of a server.
type ReplicaCounts struct {
	// desired is the number of pods that are wanted.
	// +required
	Desired int32 `json:"desired"`

	// ready is the number of pods that are ready.
	// +required
	Ready int32 `json:"ready"`

	// updated is the number of pods that run the current configuration.
	// +required
	Updated int32 `json:"updated"`
}
