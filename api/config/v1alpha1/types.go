package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// APIVersion and KindServerConfig identify the server configuration file; KindUserList a user file.
const (
	APIVersion       = "config.authserver.dev/v1alpha1"
	KindServerConfig = "ServerConfig"
	KindUserList     = "UserList"
)

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
	// TrustedProxies are CIDRs whose X-Forwarded-For is believed when the address of a caller is taken for throttling
	// and the audit log. Default none: where requests carry the header nevertheless, failed logins slow down accounts
	// only, because the address that is seen may be everybody's.
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
	// ShutdownSeconds is how long the server finishes requests after a termination signal. Default 20.
	ShutdownSeconds int32 `json:"shutdownSeconds,omitempty"`
	// DrainSeconds is how long the server reports not ready but keeps accepting before it stops listening. Default 5;
	// 0 means the default, -1 means none.
	DrainSeconds int32 `json:"drainSeconds,omitempty"`
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

// BackendType selects the protocol engine.
type BackendType string

// Backend types.
const (
	// BackendEmbedded is the engine that runs inside the server.
	BackendEmbedded BackendType = "Embedded"
	// BackendAuthlete is Authlete, called over its Web API.
	BackendAuthlete BackendType = "Authlete"
)

// Backend is a union: exactly the member that Type names is set.
type Backend struct {
	// Type is the discriminator. Required.
	Type BackendType `json:"type"`
	// Embedded configures the embedded engine.
	Embedded *EmbeddedBackend `json:"embedded,omitempty"`
	// Authlete configures Authlete.
	Authlete *AuthleteBackend `json:"authlete,omitempty"`
}

// AuthleteBackend configures Authlete.
type AuthleteBackend struct {
	// CredentialsDirectory holds the credentials: authlete.ini or authlete.properties, or a file per value named after its
	// key, e.g. service.api_key. Reloaded when files change. Required.
	CredentialsDirectory string `json:"credentialsDirectory"`
	// ConnectSeconds bounds the time until a connection is there, TLS included. Default 5.
	ConnectSeconds int32 `json:"connectSeconds,omitempty"`
	// RequestSeconds bounds one call, connecting included. Default 10.
	RequestSeconds int32 `json:"requestSeconds,omitempty"`
	// ProxyURL is a proxy on the way to Authlete, without credentials. Default: as HTTPS_PROXY and its siblings in the
	// environment say.
	ProxyURL string `json:"proxyURL,omitempty"`
	// CAFile holds certificates of authorities, PEM, which are trusted instead of the system's.
	CAFile string `json:"caFile,omitempty"`
	// ClientCertificate is shown to Authlete.
	ClientCertificate *TLSFiles `json:"clientCertificate,omitempty"`
}

// EmbeddedBackend configures the embedded engine.
type EmbeddedBackend struct {
	// Storage is where tokens, clients and signing keys live. Required.
	Storage Storage `json:"storage"`
	// KeyEncryptionKeyFile holds 32 random bytes, base64, that encrypt signing keys and client secrets at rest. Required.
	KeyEncryptionKeyFile string `json:"keyEncryptionKeyFile"`
	// Management configures the management API. Unset switches it off.
	Management *Management `json:"management,omitempty"`
	// SigningKeys configures the life of signing keys.
	SigningKeys SigningKeys `json:"signingKeys,omitzero"`
}

// Management configures the management API of the embedded engine.
type Management struct {
	// TokenFile holds the bearer token of the operator. Required.
	TokenFile string `json:"tokenFile"`
	// TLS is the serving certificate. Required.
	TLS TLSFiles `json:"tls"`
}

// SigningKeys configures the life of signing keys.
type SigningKeys struct {
	// RotationSeconds is the age at which the active key gives way to the pending one. 0 means only on request.
	RotationSeconds int64 `json:"rotationSeconds,omitempty"`
	// PublishSeconds is how long a new key is published before it signs. Default 86400.
	PublishSeconds int64 `json:"publishSeconds,omitempty"`
	// RotationRequest is an opaque value; a change of it rotates the keys once.
	RotationRequest string `json:"rotationRequest,omitempty"`
}

// StorageType selects the storage of the embedded engine.
type StorageType string

// Storage types.
const (
	StorageMemory     StorageType = "Memory"
	StorageSQLite     StorageType = "SQLite"
	StoragePostgreSQL StorageType = "PostgreSQL"
)

// Storage is a union: the member that Type names is set; Memory has none.
type Storage struct {
	// Type is the discriminator. Required.
	Type StorageType `json:"type"`
	// SQLite configures a database file.
	SQLite *SQLiteStorage `json:"sqlite,omitempty"`
	// PostgreSQL configures a PostgreSQL database.
	PostgreSQL *PostgreSQLStorage `json:"postgresql,omitempty"`
}

// SQLiteStorage configures a database file.
type SQLiteStorage struct {
	// Path is the database file; its folder must be writable. Required.
	Path string `json:"path"`
}

// PostgreSQLStorage configures a PostgreSQL database.
type PostgreSQLStorage struct {
	// ConnectionFile holds a connection string (URL or keyword/value form). Required.
	ConnectionFile string `json:"connectionFile"`
	// MaxConnections bounds the connection pool. Default 10.
	MaxConnections int32 `json:"maxConnections,omitempty"`
}

// Service holds the settings of the OAuth service. Durations are in seconds.
type Service struct {
	// Name is shown on the pages. Default: the issuer's host.
	Name string `json:"name,omitempty"`
	// LogoURI, PolicyURI and TosURI are shown on the pages.
	LogoURI   string `json:"logoURI,omitempty"`
	PolicyURI string `json:"policyURI,omitempty"`
	TosURI    string `json:"tosURI,omitempty"`
	// Scopes are the supported scopes. Default: openid, profile, email, address, phone, offline_access.
	Scopes []Scope `json:"scopes,omitempty"`
	// GrantTypes are the supported grant types in RFC 7591 spelling.
	// Default: authorization_code, refresh_token, client_credentials.
	GrantTypes []string `json:"grantTypes,omitempty"`
	// ResponseTypes are the supported response types, e.g. "code id_token". Default: code.
	ResponseTypes []string `json:"responseTypes,omitempty"`
	// AccessTokenSeconds is the lifetime of access tokens. Default 3600.
	AccessTokenSeconds int64 `json:"accessTokenSeconds,omitempty"`
	// RefreshTokenSeconds is the lifetime of refresh tokens. Default 1209600 (14 days).
	RefreshTokenSeconds int64 `json:"refreshTokenSeconds,omitempty"`
	// IDTokenSeconds is the lifetime of ID tokens. Default 3600.
	IDTokenSeconds int64 `json:"idTokenSeconds,omitempty"`
	// AuthorizationCodeSeconds is the lifetime of authorization codes. Default 60.
	AuthorizationCodeSeconds int64 `json:"authorizationCodeSeconds,omitempty"`
	// RefreshTokenKept keeps a refresh token over its use instead of rotating it. Default false.
	RefreshTokenKept bool `json:"refreshTokenKept,omitempty"`
	// SigningAlgorithm signs ID tokens of clients that name no algorithm: RS256 or ES256. Default RS256.
	// Keys for both are kept, so that clients may choose.
	SigningAlgorithm string `json:"signingAlgorithm,omitempty"`
	// PKCERequired demands a code challenge of confidential clients too. Public clients always need one. Default false.
	PKCERequired bool `json:"pkceRequired,omitempty"`
	// PKCEPlainAllowed accepts the challenge method "plain". Default false.
	PKCEPlainAllowed bool `json:"pkcePlainAllowed,omitempty"`
}

// Scope is a scope that clients may ask for.
type Scope struct {
	// Name is the scope as requests carry it. Required.
	Name string `json:"name"`
	// Description is shown on the consent page.
	Description string `json:"description,omitempty"`
	// Default grants the scope to requests that name none.
	Default bool `json:"default,omitempty"`
}

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
	IdleSeconds int64 `json:"idleSeconds,omitempty"`
	// AbsoluteSeconds ends a session that long after the login. Default 43200 (12 hours).
	AbsoluteSeconds int64 `json:"absoluteSeconds,omitempty"`
	// InteractionSeconds is how long a login or consent page can be submitted. Default 900.
	InteractionSeconds int64 `json:"interactionSeconds,omitempty"`
	// Consent says when the consent page is shown. Default Remember.
	Consent ConsentMode `json:"consent,omitempty"`
}

// Login configures the login page.
type Login struct {
	// FreeAttempts is how many wrong passwords an account or an address may give before delays start. Default 3.
	FreeAttempts int32 `json:"freeAttempts,omitempty"`
	// MaxDelaySeconds bounds the growing delay. Default 300.
	MaxDelaySeconds int32 `json:"maxDelaySeconds,omitempty"`
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
