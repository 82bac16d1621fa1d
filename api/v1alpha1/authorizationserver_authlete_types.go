package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AuthleteBackend configures Authlete, whose Web API then is the protocol
// engine: tokens, clients and signing keys live there.
type AuthleteBackend struct {
	// credentialsSecretRef names the Secret with the credentials of the service. Required. A Secret that does not exist
	// yet is waited for; a changed one is taken over without a restart. It holds a whole authlete.ini or
	// authlete.properties under that key, or single values, which go before those of a file, under the keys
	//
	// - api_version: V2 (API 2.x, the default) or V3 (API 3.0);
	//
	// - base_url: scheme and host, https://api.authlete.com by default with V2, required with V3, for example
	// https://us.authlete.com;
	//
	// - service.api_key: the number of the service, with V3 its service ID;
	//
	// - service.api_secret: with V2;
	//
	// - service.access_token: the service access token, with V3;
	//
	// - service_owner.api_key and service_owner.api_secret: with V2 and a management other than None.
	// +required
	CredentialsSecretRef SecretReference `json:"credentialsSecretRef,omitzero"`

	// management says what happens to the settings that this object declares (issuer and endpoints, and whatever of
	// display, scopes, grantTypes, responseTypes, tokens and pkce is set) where the service at Authlete has others:
	// Enforce changes them there, Observe only reports them in status and events, None does not even look. Settings that
	// this object does not declare are never touched. Default Observe.
	// +optional
	Management AuthleteManagement `json:"management,omitempty"`

	// connectTimeoutSeconds bounds the time until a connection to Authlete is there, TLS included. Default 5.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=15
	ConnectTimeoutSeconds *int32 `json:"connectTimeoutSeconds,omitempty"`

	// requestTimeoutSeconds bounds one call to Authlete, connecting included. Default 10.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=15
	RequestTimeoutSeconds *int32 `json:"requestTimeoutSeconds,omitempty"`

	// proxyURL is an HTTP proxy (http:// or https://) or SOCKS proxy (socks5://) on the way to Authlete, for the pods and
	// the operator. Default what HTTPS_PROXY and NO_PROXY say in their environment: a direct connection where they are unset.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="isURL(self) && size(url(self).getHostname()) > 0 && self.matches('^(https?|socks5)://[^@?#]+$')",message="proxyURL must be a URL with a host that starts with http://, https:// or socks5:// and has neither user information nor query, for example http://proxy.example.com:3128"
	ProxyURL string `json:"proxyURL,omitempty"`

	// tls says whom to trust and how to identify oneself where Authlete runs on premises. Default: the authorities of the
	// container image, and no client certificate.
	// +optional
	TLS AuthleteTLS `json:"tls,omitzero"`
}

// AuthleteManagement says what happens to service settings that differ from the
// declared ones.
//
// +kubebuilder:validation:Enum=Enforce;Observe;None
type AuthleteManagement string

// Ways of managing service settings.
const (
	// ManagementEnforce writes declared settings that differ.
	ManagementEnforce AuthleteManagement = "Enforce"
	// ManagementObserve reports declared settings that differ.
	ManagementObserve AuthleteManagement = "Observe"
	// ManagementNone does not read the settings.
	ManagementNone AuthleteManagement = "None"
)

// AuthleteTLS configures TLS towards Authlete.
type AuthleteTLS struct {
	// caSecretRef names the Secret key that holds certificates of authorities in PEM, which then are trusted alone.
	// The key is "ca.crt" by default. A changed Secret replaces the pods one by one.
	// +optional
	CASecretRef *SecretKeyReference `json:"caSecretRef,omitempty"`

	// clientCertificateSecretRef names a Secret of type kubernetes.io/tls with the certificate that the server shows to
	// Authlete. A changed Secret is taken over without a restart.
	// +optional
	ClientCertificateSecretRef *SecretReference `json:"clientCertificateSecretRef,omitempty"`
}

// SettingDifference is a setting of the service or of a client that is not as
// declared.
type SettingDifference struct {
	// field is the name of the setting in Authlete's API, for example accessTokenDuration; a dot leads to a member of a member.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Field string `json:"field"`

	// declared is the declared value as JSON, shortened where it is long.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Declared string `json:"declared,omitempty"`

	// actual is the value at the backend as JSON, shortened where it is long; empty where there is none.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Actual string `json:"actual,omitempty"`
}

// BackendStatus is what was observed of Authlete.
type BackendStatus struct {
	// lastReachableTime is when Authlete last answered, to within five minutes while it does.
	// +optional
	LastReachableTime *metav1.Time `json:"lastReachableTime,omitempty"`

	// differences are the settings of the service that are not as declared, sorted by field. Empty where all are, and
	// where spec.backend.authlete.management is None.
	// +optional
	// +listType=map
	// +listMapKey=field
	// +kubebuilder:validation:MaxItems=64
	Differences []SettingDifference `json:"differences,omitempty"`

	// repairs counts how often settings at Authlete were changed back to the declared values.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Repairs int64 `json:"repairs,omitempty"`
}
