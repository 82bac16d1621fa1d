package v1alpha1

import "k8s.io/apimachinery/pkg/api/resource"

// BackendType selects the protocol engine.
//
// +kubebuilder:validation:Enum=Embedded;Authlete
type BackendType string

// Backend types.
const (
	// BackendEmbedded is the engine that runs inside the server's pods.
	BackendEmbedded BackendType = "Embedded"
	// BackendAuthlete is Authlete, called over its Web API.
	BackendAuthlete BackendType = "Authlete"
)

// Backend selects and configures the protocol engine: a union, whose member is
// named by type.
//
// +union
// +kubebuilder:validation:XValidation:rule="self.type != 'Embedded' || has(self.embedded)",message="backend.embedded is required when backend.type is Embedded: add it, with a storage",reason=FieldValueRequired,fieldPath=".embedded"
// +kubebuilder:validation:XValidation:rule="self.type == 'Embedded' || !has(self.embedded)",message="backend.embedded may be set only when backend.type is Embedded: remove it or change the type",reason=FieldValueForbidden,fieldPath=".embedded"
// +kubebuilder:validation:XValidation:rule="self.type != 'Authlete' || has(self.authlete)",message="backend.authlete is required when backend.type is Authlete: add it, with a credentialsSecretRef",reason=FieldValueRequired,fieldPath=".authlete"
// +kubebuilder:validation:XValidation:rule="self.type == 'Authlete' || !has(self.authlete)",message="backend.authlete may be set only when backend.type is Authlete: remove it or change the type",reason=FieldValueForbidden,fieldPath=".authlete"
type Backend struct {
	// type selects the engine: Embedded, which runs inside the pods, or Authlete, which is called over its Web API.
	// Required. A change moves no data: tokens and signing keys stay behind, and clients are registered again.
	// +required
	// +unionDiscriminator
	Type BackendType `json:"type,omitempty"`

	// embedded configures the engine that runs inside the pods. Required when type is Embedded, refused
	// otherwise.
	// +optional
	Embedded *EmbeddedBackend `json:"embedded,omitempty"`

	// authlete configures Authlete. Required when type is Authlete, refused otherwise.
	// +optional
	Authlete *AuthleteBackend `json:"authlete,omitempty"`
}

// EmbeddedBackend configures the engine that runs inside the pods.
type EmbeddedBackend struct {
	// storage is where tokens, clients and signing keys live. Required.
	// +required
	Storage Storage `json:"storage,omitzero"`
}

// StorageType selects the storage of the embedded engine.
//
// +kubebuilder:validation:Enum=Memory;SQLite;PostgreSQL
type StorageType string

// Storage types.
const (
	// StorageMemory keeps everything in the memory of one pod: for trials and tests. A restart signs everybody out of
	// their applications and makes new signing keys; clients are registered again by the operator.
	StorageMemory StorageType = "Memory"
	// StorageSQLite keeps everything in a database file on a volume that one pod uses.
	StorageSQLite StorageType = "SQLite"
	// StoragePostgreSQL keeps everything in a PostgreSQL database that any number of pods share.
	StoragePostgreSQL StorageType = "PostgreSQL"
)

// Storage is where the embedded engine keeps its data: a union, whose member is
// named by type. Memory has no member.
//
// +union
// +kubebuilder:validation:XValidation:rule="self.type == 'SQLite' || !has(self.sqlite)",message="storage.sqlite may be set only when storage.type is SQLite: remove it or change the type",reason=FieldValueForbidden,fieldPath=".sqlite"
// +kubebuilder:validation:XValidation:rule="self.type == 'PostgreSQL' || !has(self.postgresql)",message="storage.postgresql may be set only when storage.type is PostgreSQL: remove it or change the type",reason=FieldValueForbidden,fieldPath=".postgresql"
// +kubebuilder:validation:XValidation:rule="self.type != 'PostgreSQL' || has(self.postgresql)",message="storage.postgresql is required when storage.type is PostgreSQL: add it, with a connectionSecretRef",reason=FieldValueRequired,fieldPath=".postgresql"
type Storage struct {
	// type selects the storage: Memory, SQLite or PostgreSQL. Required. A change moves no data: tokens and signing keys
	// stay behind, and clients are registered again.
	// +required
	// +unionDiscriminator
	Type StorageType `json:"type,omitempty"`

	// sqlite configures SQLite storage. Optional when type is SQLite, refused otherwise.
	// +optional
	SQLite *SQLiteStorage `json:"sqlite,omitempty"`

	// postgresql configures PostgreSQL storage. Required when type is PostgreSQL, refused otherwise.
	// +optional
	PostgreSQL *PostgreSQLStorage `json:"postgresql,omitempty"`
}

// SQLiteStorage configures a database file on a volume.
type SQLiteStorage struct {
	// volumeClaim is the volume for the database file. Unset makes a claim of 1Gi of the default storage class.
	// +optional
	VolumeClaim VolumeClaim `json:"volumeClaim,omitzero"`
}

// VolumeClaim describes a claim that the operator makes, or names an existing
// one.
//
// +kubebuilder:validation:XValidation:rule="!has(self.existingClaimName) || (!has(self.storageClassName) && !has(self.size))",message="existingClaimName uses a claim as it is: remove storageClassName and size, or remove existingClaimName",reason=FieldValueForbidden,fieldPath=".existingClaimName"
type VolumeClaim struct {
	// existingClaimName is a PersistentVolumeClaim in the namespace that is used as it is and never deleted by the
	// operator. Unset, the operator makes a claim, which is deleted with the server. Excludes the other fields.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	ExistingClaimName string `json:"existingClaimName,omitempty"`

	// storageClassName is the storage class of the claim. Unset takes the cluster's default class. A claim that exists
	// keeps its class.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	StorageClassName *string `json:"storageClassName,omitempty"`

	// size is the size of the claim. Default 1Gi. A claim that exists can grow where its class allows it, and never
	// shrinks.
	// +optional
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? int(self) > 0 : (isQuantity(string(self)) && quantity(string(self)).isGreaterThan(quantity('0')))",message="size must be a positive quantity, for example 1Gi"
	Size *resource.Quantity `json:"size,omitempty"`
}

// PostgreSQLStorage configures a PostgreSQL database.
type PostgreSQLStorage struct {
	// connectionSecretRef names the Secret key that holds the connection string, as a URL (postgres://...) or in
	// keyword/value form. Required; the key is "url" by default. A changed Secret replaces the pods one by one.
	// +required
	ConnectionSecretRef SecretKeyReference `json:"connectionSecretRef,omitzero"`

	// maxConnections bounds the connections that each pod opens. Default 10.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	MaxConnections *int32 `json:"maxConnections,omitempty"`

	// tls says whom to trust and how to identify oneself where the database has a private authority, or asks for a client
	// certificate. Default: what the connection string says.
	// +optional
	TLS PostgreSQLTLS `json:"tls,omitzero"`
}

// PostgreSQLTLS configures TLS towards a PostgreSQL database.
type PostgreSQLTLS struct {
	// caSecretRef names the Secret key that holds certificates of authorities in PEM, which then are trusted alone. The
	// database's certificate is then always checked, with its host name unless the connection string says
	// sslmode=verify-ca. The key is "ca.crt" by default. New connections use a changed Secret, without a restart.
	// +optional
	CASecretRef *SecretKeyReference `json:"caSecretRef,omitempty"`

	// clientCertificateSecretRef names a Secret of type kubernetes.io/tls with the certificate that the server shows to
	// the database. New connections use a changed Secret, without a restart.
	// +optional
	ClientCertificateSecretRef *SecretReference `json:"clientCertificateSecretRef,omitempty"`
}
