package v1alpha1

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strconv"
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
	errs = append(errs, validateListen(field.NewPath("listen"), &c.Listen)...)
	errs = append(errs, validateService(field.NewPath("service"), &c.Service)...)
	errs = append(errs, validateSession(field.NewPath("session"), &c.Session)...)
	errs = append(errs, validateProcess(c)...)
	errs = append(errs, required(field.NewPath("users", "directory"), c.Users.Directory)...)
	return append(errs, validateCallers(field.NewPath("introspection", "callers"), c.Introspection.Callers)...)
}

// validateProcess checks how the process logs, throttles logins and ends.
func validateProcess(c *ServerConfig) field.ErrorList {
	errs := each(field.NewPath("log", "level"), []string{c.Log.Level}, []string{"debug", "info", "warn", "error"})
	errs = append(errs, each(field.NewPath("log", "format"), []string{c.Log.Format}, []string{"json", "text"})...)
	return append(errs, atLeast(
		bound{field.NewPath("login", "freeAttempts"), int64(c.Login.FreeAttempts), 1},
		bound{field.NewPath("login", "maxDelaySeconds"), int64(c.Login.MaxDelaySeconds), 1},
		bound{field.NewPath("shutdownSeconds"), int64(c.ShutdownSeconds), 1},
		bound{field.NewPath("drainSeconds"), int64(c.DrainSeconds), -1},
	)...)
}

// bound is a number with the least value that it may have.
type bound struct {
	path         *field.Path
	value, least int64
}

func atLeast(bounds ...bound) field.ErrorList {
	var errs field.ErrorList
	for _, b := range bounds {
		if b.value < b.least {
			errs = append(errs, field.Invalid(b.path, b.value, fmt.Sprintf("must be at least %d", b.least)))
		}
	}
	return errs
}

// validateListen checks listen addresses. Port 0 lets the system choose and may be there more than once.
func validateListen(path *field.Path, listen *Listen) field.ErrorList {
	var errs field.ErrorList
	seen := map[string]bool{}
	for _, address := range []struct{ name, value string }{
		{"public", listen.Public}, {"management", listen.Management}, {"metrics", listen.Metrics},
	} {
		host, port, err := net.SplitHostPort(address.value)
		number, portErr := strconv.ParseUint(port, 10, 16)
		switch {
		case err != nil || portErr != nil:
			errs = append(errs, field.Invalid(path.Child(address.name), address.value, "must be host:port or :port, e.g. :8080"))
		case number != 0 && seen[host+":"+port]:
			errs = append(errs, field.Duplicate(path.Child(address.name), address.value))
		}
		seen[host+":"+port] = true
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
	parsed, err := url.Parse(issuer)
	if err != nil || parsed.Host == "" {
		return field.ErrorList{field.Invalid(path, issuer, "must be an absolute URL")}
	}
	for _, rule := range []struct {
		broken bool
		detail string
	}{
		{parsed.RawQuery != "" || parsed.Fragment != "" || strings.ContainsAny(issuer, "?#"), "must have neither query nor fragment"},
		{parsed.User != nil, "must not have user information"},
		{strings.HasSuffix(issuer, "/"), "must not end with a slash"},
		{!plainPath(parsed.EscapedPath()), "must have a path of plain segments: letters, digits, '-', '.', '_' and '~' between single slashes"},
		{parsed.Scheme == "http" && !isLoopback(parsed.Hostname()), "must use https; http is allowed for localhost, 127.0.0.1 and [::1] only"},
		{parsed.Scheme != "http" && parsed.Scheme != "https", "must use https"},
	} {
		if rule.broken {
			return field.ErrorList{field.Invalid(path, issuer, rule.detail)}
		}
	}
	return nil
}

// plainPath says whether a path means the same to every proxy on the way: nothing is escaped, nothing can be shortened.
func plainPath(escaped string) bool {
	foreign := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("/-._~", c)
	}
	return escaped == "" || (strings.IndexFunc(escaped, foreign) < 0 && path.Clean(escaped) == escaped)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func validateTLS(path *field.Path, files TLSFiles) field.ErrorList {
	return append(required(path.Child("certFile"), files.CertFile), required(path.Child("keyFile"), files.KeyFile)...)
}

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
	errs = append(errs, atLeast(
		bound{path.Child("connectSeconds"), int64(authlete.ConnectSeconds), 1},
		bound{path.Child("requestSeconds"), int64(authlete.RequestSeconds), 1},
	)...)
	if most := int32(15); authlete.RequestSeconds > most {
		errs = append(errs, field.Invalid(path.Child("requestSeconds"), authlete.RequestSeconds, "must be at most 15: the server gives a request 20 in all"))
	}
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
	keys := backend.Embedded.SigningKeys
	errs = append(errs, atLeast(
		bound{path.Child("signingKeys", "rotationSeconds"), keys.RotationSeconds, 0},
		bound{path.Child("signingKeys", "publishSeconds"), keys.PublishSeconds, 1},
	)...)
	if keys.RotationSeconds > 0 && keys.RotationSeconds < keys.PublishSeconds {
		errs = append(errs, field.Invalid(path.Child("signingKeys", "rotationSeconds"), keys.RotationSeconds,
			"must not be shorter than publishSeconds: a new key is published that long before it signs"))
	}
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
		return append(errs, atLeast(bound{path.Child("postgresql", "maxConnections"), int64(storage.PostgreSQL.MaxConnections), 1})...)
	default:
		return field.ErrorList{field.NotSupported(path.Child("type"), storage.Type, []StorageType{StorageMemory, StorageSQLite, StoragePostgreSQL})}
	}
}

func validateService(path *field.Path, s *Service) field.ErrorList {
	errs := validateScopes(path.Child("scopes"), s.Scopes)
	grants := []string{"authorization_code", "refresh_token", "client_credentials", "implicit", "password"}
	errs = append(errs, each(path.Child("grantTypes"), s.GrantTypes, grants)...)
	responses := []string{"code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token"}
	errs = append(errs, each(path.Child("responseTypes"), s.ResponseTypes, responses)...)
	if !slices.Contains(s.GrantTypes, "implicit") && slices.ContainsFunc(s.ResponseTypes, func(r string) bool { return r != "code" }) {
		errs = append(errs, field.Forbidden(path.Child("responseTypes"), "response types other than code need the grant type implicit"))
	}
	errs = append(errs, atLeast(
		bound{path.Child("accessTokenSeconds"), s.AccessTokenSeconds, 1},
		bound{path.Child("refreshTokenSeconds"), s.RefreshTokenSeconds, 1},
		bound{path.Child("idTokenSeconds"), s.IDTokenSeconds, 1},
		bound{path.Child("authorizationCodeSeconds"), s.AuthorizationCodeSeconds, 1},
	)...)
	for _, page := range []struct{ name, value string }{{"logoURI", s.LogoURI}, {"policyURI", s.PolicyURI}, {"tosURI", s.TosURI}} {
		errs = append(errs, validateWebPage(path.Child(page.name), page.value)...)
	}
	return append(errs, each(path.Child("signingAlgorithm"), []string{s.SigningAlgorithm}, []string{"RS256", "ES256"})...)
}

// validateScopes checks scope tokens (RFC 6749, section 3.3).
func validateScopes(path *field.Path, scopes []Scope) field.ErrorList {
	var errs field.ErrorList
	seen := map[string]bool{}
	for i, scope := range scopes {
		foreign := strings.IndexFunc(scope.Name, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' })
		if scope.Name == "" || foreign >= 0 {
			errs = append(errs, field.Invalid(path.Index(i).Child("name"), scope.Name, "must be a scope token (RFC 6749, section 3.3)"))
		}
		if seen[scope.Name] {
			errs = append(errs, field.Duplicate(path.Index(i).Child("name"), scope.Name))
		}
		seen[scope.Name] = true
	}
	return errs
}

// validateWebPage checks a URL that pages show.
func validateWebPage(path *field.Path, value string) field.ErrorList {
	if value == "" {
		return nil
	}
	parsed, err := url.Parse(value)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "https" && parsed.Scheme != "http") {
		return field.ErrorList{field.Invalid(path, value, "must be an absolute http or https URL")}
	}
	return nil
}

// each wants every value to be one of the allowed.
func each[T ~string](path *field.Path, values, allowed []T) field.ErrorList {
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
	errs = append(errs, atLeast(bound{path.Child("idleSeconds"), s.IdleSeconds, 1}, bound{path.Child("interactionSeconds"), s.InteractionSeconds, 1})...)
	if s.AbsoluteSeconds < s.IdleSeconds {
		errs = append(errs, field.Invalid(path.Child("absoluteSeconds"), s.AbsoluteSeconds, "must not be shorter than idleSeconds"))
	}
	return append(errs, each(path.Child("consent"), []ConsentMode{s.Consent}, []ConsentMode{ConsentAlways, ConsentRemember})...)
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
