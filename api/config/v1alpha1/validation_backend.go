package v1alpha1

import (
	"net/url"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateBackend checks the member that the type names, and that it is the only one.
func validateBackend(path *field.Path, backend *Backend) field.ErrorList {
	const excluded = "may be set only for its own type"
	switch backend.Type {
	case BackendEmbedded:
		if backend.Authlete != nil {
			return field.ErrorList{field.Forbidden(path.Child("authlete"), excluded)}
		}
		return validateEmbedded(path, backend)
	case BackendAuthlete:
		if backend.Embedded != nil {
			return field.ErrorList{field.Forbidden(path.Child("embedded"), excluded)}
		}
		return validateAuthlete(path.Child("authlete"), backend.Authlete)
	default:
		return field.ErrorList{field.NotSupported(path.Child("type"), backend.Type, []BackendType{BackendEmbedded, BackendAuthlete})}
	}
}

func validateAuthlete(path *field.Path, authlete *AuthleteBackend) field.ErrorList {
	if authlete == nil {
		return field.ErrorList{field.Required(path, "type is Authlete")}
	}
	errs := required(path.Child("credentialsDirectory"), authlete.CredentialsDirectory)
	if proxy := authlete.ProxyURL; proxy != "" {
		parsed, err := url.Parse(proxy)
		if err != nil || parsed.Host == "" || parsed.User != nil || !slices.Contains([]string{"http", "https", "socks5"}, parsed.Scheme) {
			errs = append(errs, field.Invalid(path.Child("proxyURL"), "", "must be a URL with http, https or socks5, without user information"))
		}
	}
	if files := authlete.ClientCertificate; files != nil {
		errs = append(errs, validateTLS(path.Child("clientCertificate"), *files)...)
	}
	return errs
}

func validateEmbedded(path *field.Path, backend *Backend) field.ErrorList {
	if backend.Embedded == nil {
		return field.ErrorList{field.Required(path.Child("embedded"), "type is Embedded")}
	}
	path = path.Child("embedded")
	errs := required(path.Child("keyEncryptionKeyFile"), backend.Embedded.KeyEncryptionKeyFile)
	errs = append(errs, validateSigning(path.Child("signing"), &backend.Embedded.Signing)...)
	if m := backend.Embedded.Management; m != nil {
		errs = append(errs, required(path.Child("management", "tokenFile"), m.TokenFile)...)
		errs = append(errs, validateTLS(path.Child("management", "tls"), m.TLS)...)
	}
	return append(errs, validateStorage(path.Child("storage"), &backend.Embedded.Storage)...)
}

func validateSigning(path *field.Path, signing *Signing) field.ErrorList {
	errs := each(path.Child("algorithm"), []SigningAlgorithm{signing.Algorithm}, []SigningAlgorithm{SigningRS256, SigningES256})
	if rotation := signing.RotationSeconds; rotation != nil && *rotation != 0 && *rotation < signing.PublishSeconds {
		errs = append(errs, field.Invalid(path.Child("rotationSeconds"), *rotation,
			"must not be shorter than publishSeconds: a new key is published that long before it signs"))
	}
	return errs
}

func validateStorage(path *field.Path, storage *Storage) field.ErrorList {
	switch storage.Type {
	case StorageMemory:
		return nil
	case StorageSQLite:
		if storage.SQLite == nil {
			return field.ErrorList{field.Required(path.Child("sqlite"), "type is SQLite")}
		}
		return required(path.Child("sqlite", "path"), storage.SQLite.Path)
	case StoragePostgreSQL:
		if storage.PostgreSQL == nil {
			return field.ErrorList{field.Required(path.Child("postgresql"), "type is PostgreSQL")}
		}
		errs := required(path.Child("postgresql", "connectionFile"), storage.PostgreSQL.ConnectionFile)
		if files := storage.PostgreSQL.ClientCertificate; files != nil {
			errs = append(errs, validateTLS(path.Child("postgresql", "clientCertificate"), *files)...)
		}
		return errs
	default:
		return field.ErrorList{field.NotSupported(path.Child("type"), storage.Type, []StorageType{StorageMemory, StorageSQLite, StoragePostgreSQL})}
	}
}
