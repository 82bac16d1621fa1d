package v1alpha1

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
	ConnectSeconds Seconds `json:"connectSeconds,omitempty"`
	// RequestSeconds bounds one call, connecting included. Default 10.
	RequestSeconds Seconds `json:"requestSeconds,omitempty"`
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
	// Signing configures the keys that sign ID tokens.
	Signing Signing `json:"signing,omitzero"`
}

// Management configures the management API of the embedded engine.
type Management struct {
	// TokenFile holds the bearer token of the operator. Required.
	TokenFile string `json:"tokenFile"`
	// TLS is the serving certificate. Required.
	TLS TLSFiles `json:"tls"`
}

// SigningAlgorithm is a signature algorithm of RFC 7518.
type SigningAlgorithm string

// Signature algorithms.
const (
	SigningRS256 SigningAlgorithm = "RS256"
	SigningES256 SigningAlgorithm = "ES256"
)

// Signing configures the keys that sign ID tokens. Keys of both algorithms are kept, so that clients may choose.
type Signing struct {
	// Algorithm signs ID tokens of clients that name no algorithm. Default RS256.
	Algorithm SigningAlgorithm `json:"algorithm,omitempty"`
	// RotationSeconds is the age at which the active key is replaced by the pending one. Default 7776000 (90 days); 0
	// replaces it on request only.
	RotationSeconds *Seconds `json:"rotationSeconds,omitempty"`
	// PublishSeconds is how long a new key is published before it signs. Default 86400. It is longer than relying parties
	// may keep the JWK Set (DocumentMaxAgeSeconds).
	PublishSeconds Seconds `json:"publishSeconds,omitempty"`
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
	// CAFile holds certificates of authorities, PEM, which are trusted alone. TLS is then used and checked whatever the
	// connection string says, except that sslmode=verify-ca leaves out the host name. It is read for each new connection.
	CAFile string `json:"caFile,omitempty"`
	// ClientCertificate is shown to the database. It is read for each new connection.
	ClientCertificate *TLSFiles `json:"clientCertificate,omitempty"`
}
