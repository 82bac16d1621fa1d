package v1alpha1

// Paths at which the operator mounts files into the server's container. The
// server knows them only through its configuration file.
const (
	ConfigFile             = "/etc/authserver/config/config.yaml"
	UsersDirectory         = "/etc/authserver/users"
	SessionKeyRingFile     = "/etc/authserver/secrets/session/keyring.json"
	KeyEncryptionKeyFile   = "/etc/authserver/secrets/engine/kek"
	ManagementTokenFile    = "/etc/authserver/secrets/management/token" //nolint:gosec // a path
	ManagementCertFile     = "/etc/authserver/secrets/management/tls.crt"
	ManagementKeyFile      = "/etc/authserver/secrets/management/tls.key"
	PostgreSQLFile         = "/etc/authserver/secrets/postgresql/url"
	PostgreSQLCAFile       = "/etc/authserver/secrets/postgresql-ca/ca.crt"
	PostgreSQLCertFile     = "/etc/authserver/secrets/postgresql-client/tls.crt"
	PostgreSQLKeyFile      = "/etc/authserver/secrets/postgresql-client/tls.key"
	PublicCertFile         = "/etc/authserver/secrets/tls/tls.crt"
	PublicKeyFile          = "/etc/authserver/secrets/tls/tls.key"
	CallerSecretsDirectory = "/etc/authserver/secrets/callers" //nolint:gosec // a path
	AuthleteDirectory      = "/etc/authserver/secrets/authlete"
	AuthleteCAFile         = "/etc/authserver/secrets/authlete-ca/ca.crt"
	AuthleteCertFile       = "/etc/authserver/secrets/authlete-client/tls.crt"
	AuthleteKeyFile        = "/etc/authserver/secrets/authlete-client/tls.key"
	DataDirectory          = "/var/lib/authserver"
)
