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
	errs = append(errs, validateClientCertificates(field.NewPath("clientCertificates"), c)...)
	errs = append(errs, validateBackend(field.NewPath("backend"), &c.Backend)...)
	errs = append(errs, validateListen(field.NewPath("listen"), &c.Listen)...)
	errs = append(errs, validateService(field.NewPath("service"), &c.Service)...)
	errs = append(errs, validateSession(field.NewPath("session"), &c.Session)...)
	errs = append(errs, validateACR(field.NewPath("login", "acr"), c.Login.ACR)...)
	errs = append(errs, validateLog(field.NewPath("log"), &c.Log)...)
	errs = append(errs, required(field.NewPath("users", "directory"), c.Users.Directory)...)
	errs = append(errs, validateCallers(field.NewPath("introspection", "callers"), c.Introspection.Callers)...)
	return append(errs, validateNumbers(c)...)
}

// validateClientCertificates checks that only a port with TLS asks for certificates.
func validateClientCertificates(path *field.Path, c *ServerConfig) field.ErrorList {
	switch {
	case c.ClientCertificates == "":
		return nil // as Ignore: the default is not written into files
	case c.ClientCertificates == ClientCertificatesRequest && c.TLS == nil:
		return field.ErrorList{field.Invalid(path, c.ClientCertificates, "needs tls: the handshake is where a certificate is presented")}
	}
	return each(path, []string{string(c.ClientCertificates)}, []string{string(ClientCertificatesIgnore), string(ClientCertificatesRequest)})
}

// validateACR checks a class, which is a word in acr_values.
func validateACR(path *field.Path, class string) field.ErrorList {
	const longest = 256
	if len(class) <= longest && !strings.ContainsFunc(class, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return nil
	}
	return field.ErrorList{field.Invalid(path, class, fmt.Sprintf("must have at most %d printable ASCII characters without spaces", longest))}
}

// validateLog checks how the process logs.
func validateLog(path *field.Path, log *Log) field.ErrorList {
	errs := each(path.Child("level"), []string{log.Level}, []string{"debug", "info", "warn", "error"})
	return append(errs, each(path.Child("format"), []string{log.Format}, []string{"json", "text"})...)
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

func validateService(path *field.Path, s *Service) field.ErrorList {
	errs := validateScopes(path.Child("scopes"), s.Scopes)
	grants := []string{"authorization_code", "refresh_token", "client_credentials", "implicit", "password"}
	errs = append(errs, each(path.Child("grantTypes"), s.GrantTypes, grants)...)
	responses := []string{"code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token"}
	errs = append(errs, each(path.Child("responseTypes"), s.ResponseTypes, responses)...)
	if !slices.Contains(s.GrantTypes, "implicit") && slices.ContainsFunc(s.ResponseTypes, func(r string) bool { return r != "code" }) {
		errs = append(errs, field.Forbidden(path.Child("responseTypes"), "response types other than code need the grant type implicit"))
	}
	if s.Tokens.RefreshAbsoluteSeconds < s.Tokens.RefreshTokenSeconds {
		errs = append(errs, field.Invalid(path.Child("tokens", "refreshAbsoluteSeconds"), s.Tokens.RefreshAbsoluteSeconds,
			"must not be shorter than refreshTokenSeconds"))
	}
	rotation := []RefreshRotation{s.Tokens.RefreshRotation}
	errs = append(errs, each(path.Child("tokens", "refreshRotation"), rotation, []RefreshRotation{RefreshRotate, RefreshKeep})...)
	errs = append(errs, validatePKCE(path.Child("pkce"), &s.PKCE)...)
	for _, page := range []struct{ name, value string }{{"logoURI", s.LogoURI}, {"policyURI", s.PolicyURI}, {"tosURI", s.TosURI}} {
		errs = append(errs, validateWebPage(path.Child(page.name), page.value)...)
	}
	return errs
}

func validatePKCE(path *field.Path, pkce *PKCE) field.ErrorList {
	errs := each(path.Child("required"), []PKCERequirement{pkce.Required}, []PKCERequirement{PKCEAlways, PKCEPublicClients})
	methods := []PKCEChallengeMethods{pkce.ChallengeMethods}
	return append(errs, each(path.Child("challengeMethods"), methods, []PKCEChallengeMethods{PKCES256, PKCES256AndPlain})...)
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
		errs = append(errs, validateClaims(path.Index(i).Child("claims"), scope.Claims)...)
		errs = append(errs, each(path.Index(i).Child("grant"), []ScopeGrant{scope.Grant}, []ScopeGrant{ScopeOnRequest, ScopeByDefault})...)
		seen[scope.Name] = true
	}
	return errs
}

// validateClaims checks the names of claims that a scope releases.
func validateClaims(path *field.Path, claims []string) field.ErrorList {
	var errs field.ErrorList
	for i, claim := range claims {
		if claim == "" || strings.IndexFunc(claim, func(c rune) bool { return c <= ' ' || c > '~' }) >= 0 {
			errs = append(errs, field.Invalid(path.Index(i), claim, "must be printable ASCII characters without spaces"))
		}
		if slices.Contains(protocolClaims(), claim) {
			errs = append(errs, field.Forbidden(path.Index(i), "the protocol sets the claim "+claim))
		}
	}
	return errs
}

// protocolClaims are the claims that the server sets itself.
func protocolClaims() []string {
	return []string{
		"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash", "s_hash", "sid", "cnf",
		"scope", "client_id", "active", "token_type", "act", "may_act", "_claim_names", "_claim_sources",
	}
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
