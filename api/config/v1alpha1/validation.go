package v1alpha1

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Validate returns what is wrong with a configuration to which Default was applied.
func Validate(c *ServerConfig) field.ErrorList {
	var errs field.ErrorList
	if c.APIVersion != APIVersion {
		errs = append(errs, field.NotSupported(field.NewPath("apiVersion"), c.APIVersion, []string{APIVersion}))
	}
	if c.Kind != KindServerConfig {
		errs = append(errs, field.NotSupported(field.NewPath("kind"), c.Kind, []string{KindServerConfig}))
	}
	errs = append(errs, validateIssuer(field.NewPath("issuer"), c.Issuer)...)
	for i, cidr := range c.TrustedProxies {
		if _, err := netip.ParsePrefix(cidr); err != nil {
			errs = append(errs, field.Invalid(field.NewPath("trustedProxies").Index(i), cidr, "must be a CIDR, e.g. 10.0.0.0/8"))
		}
	}
	if c.TLS != nil {
		errs = append(errs, validateTLS(field.NewPath("tls"), *c.TLS)...)
	}
	errs = append(errs, validateBackend(field.NewPath("backend"), &c.Backend)...)
	errs = append(errs, validateService(field.NewPath("service"), &c.Service)...)
	errs = append(errs, validateSession(field.NewPath("session"), &c.Session)...)
	errs = append(errs, required(field.NewPath("users", "directory"), c.Users.Directory)...)
	errs = append(errs, validateCallers(field.NewPath("introspection", "callers"), c.Introspection.Callers)...)
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		errs = append(errs, field.NotSupported(field.NewPath("log", "level"), c.Log.Level, []string{"debug", "info", "warn", "error"}))
	}
	if !slices.Contains([]string{"json", "text"}, c.Log.Format) {
		errs = append(errs, field.NotSupported(field.NewPath("log", "format"), c.Log.Format, []string{"json", "text"}))
	}
	return errs
}

func required(path *field.Path, value string) field.ErrorList {
	if value == "" {
		return field.ErrorList{field.Required(path, "")}
	}
	return nil
}

// validateIssuer checks an issuer identifier (RFC 8414, section 2), http allowed on loopback hosts only.
func validateIssuer(path *field.Path, issuer string) field.ErrorList {
	if issuer == "" {
		return field.ErrorList{field.Required(path, "the URL under which clients know the server")}
	}
	invalid := func(detail string) field.ErrorList { return field.ErrorList{field.Invalid(path, issuer, detail)} }
	parsed, err := url.Parse(issuer)
	switch {
	case err != nil || parsed.Host == "":
		return invalid("must be an absolute URL")
	case parsed.RawQuery != "" || parsed.Fragment != "" || strings.ContainsAny(issuer, "?#"):
		return invalid("must have neither query nor fragment")
	case parsed.User != nil:
		return invalid("must not have user information")
	case strings.HasSuffix(issuer, "/"):
		return invalid("must not end with a slash")
	case parsed.Scheme == "http" && !isLoopback(parsed.Hostname()):
		return invalid("must use https; http is allowed for localhost, 127.0.0.1 and [::1] only")
	case parsed.Scheme != "http" && parsed.Scheme != "https":
		return invalid("must use https")
	default:
		return nil
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func validateTLS(path *field.Path, files TLSFiles) field.ErrorList {
	return append(required(path.Child("certFile"), files.CertFile), required(path.Child("keyFile"), files.KeyFile)...)
}

func validateBackend(path *field.Path, backend *Backend) field.ErrorList {
	if backend.Type != BackendEmbedded {
		return field.ErrorList{field.NotSupported(path.Child("type"), backend.Type, []BackendType{BackendEmbedded})}
	}
	if backend.Embedded == nil {
		return field.ErrorList{field.Required(path.Child("embedded"), "type is Embedded")}
	}
	path = path.Child("embedded")
	errs := required(path.Child("keyEncryptionKeyFile"), backend.Embedded.KeyEncryptionKeyFile)
	if m := backend.Embedded.Management; m != nil {
		errs = append(errs, required(path.Child("management", "tokenFile"), m.TokenFile)...)
		errs = append(errs, validateTLS(path.Child("management", "tls"), m.TLS)...)
	}
	return append(errs, validateStorage(path.Child("storage"), &backend.Embedded.Storage)...)
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
		if storage.PostgreSQL.MaxConnections < 1 {
			errs = append(errs, field.Invalid(path.Child("postgresql", "maxConnections"), storage.PostgreSQL.MaxConnections, "must be at least 1"))
		}
		return errs
	default:
		return field.ErrorList{field.NotSupported(path.Child("type"), storage.Type, []StorageType{StorageMemory, StorageSQLite, StoragePostgreSQL})}
	}
}

func validateService(path *field.Path, s *Service) field.ErrorList {
	var errs field.ErrorList
	seen := map[string]bool{}
	for i, scope := range s.Scopes {
		if scope.Name == "" || strings.ContainsAny(scope.Name, " \"\\") {
			errs = append(errs, field.Invalid(path.Child("scopes").Index(i).Child("name"), scope.Name, "must be a scope token (RFC 6749, section 3.3)"))
		}
		if seen[scope.Name] {
			errs = append(errs, field.Duplicate(path.Child("scopes").Index(i).Child("name"), scope.Name))
		}
		seen[scope.Name] = true
	}
	grants := []string{"authorization_code", "refresh_token", "client_credentials", "implicit", "password"}
	errs = append(errs, each(path.Child("grantTypes"), s.GrantTypes, grants)...)
	responses := []string{"code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token"}
	errs = append(errs, each(path.Child("responseTypes"), s.ResponseTypes, responses)...)
	if !slices.Contains(s.GrantTypes, "implicit") && slices.ContainsFunc(s.ResponseTypes, func(r string) bool { return r != "code" }) {
		errs = append(errs, field.Forbidden(path.Child("responseTypes"), "response types other than code need the grant type implicit"))
	}
	for name, seconds := range map[string]int64{
		"accessTokenSeconds": s.AccessTokenSeconds, "refreshTokenSeconds": s.RefreshTokenSeconds,
		"idTokenSeconds": s.IDTokenSeconds, "authorizationCodeSeconds": s.AuthorizationCodeSeconds,
	} {
		if seconds < 1 {
			errs = append(errs, field.Invalid(path.Child(name), seconds, "must be at least 1"))
		}
	}
	return append(errs, each(path.Child("signingAlgorithm"), []string{s.SigningAlgorithm}, []string{"RS256", "ES256"})...)
}

// each wants every value to be one of the allowed.
func each(path *field.Path, values, allowed []string) field.ErrorList {
	var errs field.ErrorList
	for _, value := range values {
		if !slices.Contains(allowed, value) {
			errs = append(errs, field.NotSupported(path, value, allowed))
		}
	}
	return errs
}

func validateSession(path *field.Path, s *Session) field.ErrorList {
	errs := required(path.Child("keyRingFile"), s.KeyRingFile)
	if s.IdleSeconds < 1 || s.AbsoluteSeconds < s.IdleSeconds {
		errs = append(errs, field.Invalid(path.Child("absoluteSeconds"), s.AbsoluteSeconds, "must not be shorter than idleSeconds, which must be at least 1"))
	}
	if s.Consent != ConsentAlways && s.Consent != ConsentRemember {
		errs = append(errs, field.NotSupported(path.Child("consent"), s.Consent, []ConsentMode{ConsentAlways, ConsentRemember}))
	}
	return errs
}

func validateCallers(path *field.Path, callers []IntrospectionCaller) field.ErrorList {
	var errs field.ErrorList
	seen := map[string]bool{}
	for i, caller := range callers {
		errs = append(errs, required(path.Index(i).Child("name"), caller.Name)...)
		errs = append(errs, required(path.Index(i).Child("secretFile"), caller.SecretFile)...)
		if seen[caller.Name] {
			errs = append(errs, field.Duplicate(path.Index(i).Child("name"), caller.Name))
		}
		seen[caller.Name] = true
	}
	return errs
}
