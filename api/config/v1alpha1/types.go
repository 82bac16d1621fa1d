package v1alpha1

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// APIVersion and KindServerConfig identify the server configuration file; KindUserList a user file.
const (
	APIVersion       = "config.authserver.dev/v1alpha1"
	KindServerConfig = "ServerConfig"
	KindUserList     = "UserList"
)

// Seconds is a length of time. Bounds has its limits in each place.
type Seconds int32

// Duration returns the length of time as Go counts it.
func (s Seconds) Duration() time.Duration { return time.Duration(s) * time.Second }

// ServerConfig configures one authorization server. It holds no secret: every
// credential is a path to a file.
type ServerConfig struct {
	metav1.TypeMeta `json:",inline"`
	// Issuer is the issuer identifier, a URL without query, fragment or trailing slash. Required.
	Issuer string `json:"issuer"`
	// Listen says where the server listens.
	Listen Listen `json:"listen,omitzero"`
	// TLS makes the public port serve HTTPS.
	TLS *TLSFiles `json:"tls,omitempty"`
	// ClientCertificates says whether the public port asks callers for a certificate in the TLS handshake. Default Ignore.
	ClientCertificates ClientCertificateMode `json:"clientCertificates,omitempty"`
	// TrustedProxies are CIDRs whose X-Forwarded-For is believed when the address of a caller is taken for throttling
	// and the request log. Default none: where requests carry the header nevertheless, failed logins slow down accounts
	// only, because many callers may share the address that the server sees. Their Client-Cert and Client-Cert-Chain
	// (RFC 9440) are believed, too.
	TrustedProxies []string `json:"trustedProxies,omitempty"`
	// Backend selects the protocol engine. Required.
	Backend Backend `json:"backend"`
	// Service holds the settings of the OAuth service.
	Service Service `json:"service,omitzero"`
	// Session configures login sessions.
	Session Session `json:"session"`
	// Login configures the login page.
	Login Login `json:"login,omitzero"`
	// Users says where the user files are.
	Users Users `json:"users"`
	// Introspection says who may introspect tokens.
	Introspection Introspection `json:"introspection,omitzero"`
	// Shutdown says how the server stops after a termination signal.
	Shutdown Shutdown `json:"shutdown,omitzero"`
	// Log configures the log.
	Log Log `json:"log,omitzero"`
}

// Listen holds listen addresses, host:port.
type Listen struct {
	// Public serves the OAuth endpoints and pages. Default ":8080".
	Public string `json:"public,omitempty"`
	// Management serves the embedded engine's management API over TLS. Default ":8443".
	Management string `json:"management,omitempty"`
	// Metrics serves /metrics, /healthz and /readyz. Default ":9090".
	Metrics string `json:"metrics,omitempty"`
}

// TLSFiles is a certificate with its key, PEM, reloaded when the files change.
type TLSFiles struct {
	CertFile string `json:"certFile"`
	KeyFile  string `json:"keyFile"`
}

// ClientCertificateMode says whether callers are asked for a certificate.
type ClientCertificateMode string

// Client certificate modes.
const (
	// ClientCertificatesIgnore asks nobody.
	ClientCertificatesIgnore ClientCertificateMode = "Ignore"
	// ClientCertificatesRequest asks everybody, and takes callers without a certificate, too. The backend checks what is
	// presented. Browsers of people who have certificates ask which one to present.
	ClientCertificatesRequest ClientCertificateMode = "Request"
)

// ConsentMode says when the consent page is shown.
type ConsentMode string

// Consent modes.
const (
	// ConsentAlways asks at each authorization request; a request with prompt=none cannot succeed then,
	// first-party clients excepted.
	ConsentAlways ConsentMode = "Always"
	// ConsentRemember asks once per login session, client and set of scopes and claims.
	ConsentRemember ConsentMode = "Remember"
)

// Session configures login sessions, which live in sealed cookies.
type Session struct {
	// KeyRingFile is a KeyRing file. Required.
	KeyRingFile string `json:"keyRingFile"`
	// IdleSeconds ends a session after that long without use. Default 3600.
	IdleSeconds Seconds `json:"idleSeconds,omitempty"`
	// AbsoluteSeconds ends a session that long after the login. Default 43200 (12 hours).
	AbsoluteSeconds Seconds `json:"absoluteSeconds,omitempty"`
	// InteractionSeconds is how long a login or consent page can be submitted. Default 900.
	InteractionSeconds Seconds `json:"interactionSeconds,omitempty"`
	// Consent says when the consent page is shown. Default Remember.
	Consent ConsentMode `json:"consent,omitempty"`
}

// Login configures the login page.
type Login struct {
	// FreeAttempts is how many wrong passwords an account or an address may give before delays start. Default 3; 0 delays
	// after the first.
	FreeAttempts *int32 `json:"freeAttempts,omitempty"`
	// MaxDelaySeconds bounds the growing delay. Default 300.
	MaxDelaySeconds Seconds `json:"maxDelaySeconds,omitempty"`
	// ACR is the authentication context class of a login with a password. Default none: it is neither published nor sent.
	ACR string `json:"acr,omitempty"`
}

// Shutdown says how the server stops after a termination signal.
type Shutdown struct {
	// DrainSeconds is how long the server still accepts connections while it reports that it is not ready. Default 5; 0
	// stops listening at once.
	DrainSeconds *Seconds `json:"drainSeconds,omitempty"`
	// FinishSeconds bounds the time for the requests that are being answered when it stops listening. Default 20.
	FinishSeconds Seconds `json:"finishSeconds,omitempty"`
}

// Users says where the user files are.
type Users struct {
	// Directory holds UserList files, *.json, reloaded when they change. Required.
	Directory string `json:"directory"`
}

// Introspection says who may introspect tokens.
type Introspection struct {
	// Callers are the accepted names. Default none: introspection is refused to everybody.
	Callers []IntrospectionCaller `json:"callers,omitempty"`
}

// IntrospectionCaller authenticates with HTTP Basic.
type IntrospectionCaller struct {
	// Name is the user part. Required.
	Name string `json:"name"`
	// SecretFile holds the password. Required; reloaded when it changes.
	SecretFile string `json:"secretFile"`
}

// Log configures the log.
type Log struct {
	// Level is debug, info, warn or error. Default info.
	Level string `json:"level,omitempty"`
	// Format is json or text. Default json.
	Format string `json:"format,omitempty"`
}
