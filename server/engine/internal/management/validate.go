package management

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/clientkeys"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/registry"
)

// Bounds of a client's settings.
const (
	maxRedirectURIs = 100
	maxText         = 2048
	minSecret       = 16
	maxSecret       = 512
	subjectPublic   = "PUBLIC"
)

// refuse returns the error for a bad field.
func refuse(call, code, format string, args ...any) *authlete.Error {
	message := "[" + code + "] " + fmt.Sprintf(format, args...)
	return &authlete.Error{Call: call, Status: statusBadRequest, Result: authlete.Result{ResultCode: code, ResultMessage: message}}
}

// completed returns the client with the defaults of the API where the caller gave nothing.
func completed(c authlete.Client) authlete.Client {
	if c.TokenAuthMethod == "" {
		c.TokenAuthMethod = authlete.AuthClientSecretBasic
	}
	if c.ClientType == "" {
		c.ClientType = authlete.ClientConfidential
		if c.TokenAuthMethod == authlete.AuthNone {
			c.ClientType = authlete.ClientPublic
		}
	}
	if c.ApplicationType == "" {
		c.ApplicationType = authlete.ApplicationWeb
	}
	if c.SubjectType == "" {
		c.SubjectType = subjectPublic
	}
	c.ClientIDAliasEnabled = c.ClientIDAlias != ""
	return c
}

// check validates a client's settings.
func check(call string, c *authlete.Client) error {
	steps := []func(string, *authlete.Client) *authlete.Error{
		checkIdentity, checkPages, checkTypes, checkRedirects, checkAuthentication, checkAlgorithms, checkLimits,
	}
	for _, step := range steps {
		if refusal := step(call, c); refusal != nil {
			return refusal
		}
	}
	return nil
}

func checkIdentity(call string, c *authlete.Client) *authlete.Error {
	if len(c.ClientIDAlias) > registry.MaxAlias || strings.ContainsFunc(c.ClientIDAlias, registry.NotAlias) {
		return refuse(call, "E201301", "clientIdAlias must be at most %d printable ASCII characters without spaces", registry.MaxAlias)
	}
	if c.ClientIDAlias != "" && strings.Trim(c.ClientIDAlias, "0123456789") == "" {
		return refuse(call, "E201302", "clientIdAlias must not be a number: numbers are client ids")
	}
	return nil
}

// checkPages checks what the login and consent page shows.
func checkPages(call string, c *authlete.Client) *authlete.Error {
	for _, field := range []struct{ name, text string }{{"clientName", c.ClientName}, {"description", c.Description}} {
		if len(field.text) > maxText {
			return refuse(call, "E201303", "%s is longer than %d bytes", field.name, maxText)
		}
	}
	for _, field := range []struct{ name, uri string }{
		{"clientUri", c.ClientURI}, {"logoUri", c.LogoURI}, {"policyUri", c.PolicyURI}, {"tosUri", c.TosURI},
	} {
		if field.uri != "" && !pageURI(field.uri) {
			return refuse(call, "E201319", "%s must be an http or https URL of at most %d bytes", field.name, maxText)
		}
	}
	return nil
}

func pageURI(uri string) bool {
	parsed, err := url.Parse(uri)
	return err == nil && len(uri) <= maxText && (parsed.Scheme == "https" || parsed.Scheme == "http") && parsed.Hostname() != ""
}

// checkTypes wants grant and response types that the engine knows.
func checkTypes(call string, c *authlete.Client) *authlete.Error {
	for _, grant := range c.GrantTypes {
		if known, ok := oauth.GrantType(oauth.GrantTypeParameter(grant)); !ok || known != grant {
			return refuse(call, "E201320", "grantTypes: %q is not supported", grant)
		}
	}
	for _, response := range c.ResponseTypes {
		if known, ok := oauth.ResponseType(oauth.ResponseTypeParameter(response)); !ok || known != response {
			return refuse(call, "E201321", "responseTypes: %q is not supported", response)
		}
	}
	if c.ApplicationType != authlete.ApplicationWeb && c.ApplicationType != authlete.ApplicationNative {
		return refuse(call, "E201322", "applicationType must be WEB or NATIVE")
	}
	if c.SubjectType != subjectPublic {
		return refuse(call, "E201323", "subjectType must be %s", subjectPublic)
	}
	return nil
}

func checkRedirects(call string, c *authlete.Client) *authlete.Error {
	if len(c.RedirectURIs) > maxRedirectURIs {
		return refuse(call, "E201304", "redirectUris has more than %d entries", maxRedirectURIs)
	}
	for _, uri := range c.RedirectURIs {
		if problem := redirectProblem(uri, c.ApplicationType); problem != "" {
			return refuse(call, "E201305", "redirectUris: %q %s", uri, problem)
		}
	}
	if slices.Contains(c.GrantTypes, authlete.GrantAuthorizationCode) && len(c.RedirectURIs) == 0 {
		return refuse(call, "E201306", "redirectUris is empty, but the grant type AUTHORIZATION_CODE needs one")
	}
	return nil
}

// redirectProblem says what is wrong with a redirect URI (RFC 6749, section 3.1.2; RFC 8252, section 7; RFC 9700, section 2.1).
func redirectProblem(uri string, application authlete.ApplicationType) string {
	parsed, err := url.Parse(uri)
	switch {
	case err != nil || !parsed.IsAbs():
		return "is not an absolute URI"
	case strings.ContainsFunc(uri, notURI):
		return "has a character that must be percent-encoded"
	case parsed.Fragment != "" || strings.Contains(uri, "#"):
		return "has a fragment"
	case len(uri) > maxText:
		return "is too long"
	default:
		return schemeProblem(parsed, application)
	}
}

func schemeProblem(uri *url.URL, application authlete.ApplicationType) string {
	switch {
	case uri.Scheme == "https" && uri.Hostname() == "":
		return "has no host"
	case uri.Scheme == "http" && !registry.LoopbackHost(uri.Hostname()):
		return "uses http, which is allowed for loopback hosts only; use https"
	case uri.Scheme == "https", uri.Scheme == "http":
		return ""
	case application == authlete.ApplicationNative && strings.Contains(uri.Scheme, "."):
		return ""
	default:
		return "uses a private scheme, which is allowed to clients of applicationType NATIVE, in reverse domain notation"
	}
}

// notURI is true for characters that no URI contains (RFC 3986, appendix A).
func notURI(c rune) bool {
	return c <= ' ' || c > '~' || strings.ContainsRune(`"<>\^`+"`{|}", c)
}

func checkAuthentication(call string, c *authlete.Client) *authlete.Error {
	switch c.TokenAuthMethod {
	case authlete.AuthNone:
		if c.ClientType != authlete.ClientPublic {
			return refuse(call, "E201307", "tokenAuthMethod NONE needs clientType PUBLIC")
		}
	case authlete.AuthClientSecretBasic, authlete.AuthClientSecretPost, authlete.AuthPrivateKeyJWT:
		if c.ClientType != authlete.ClientConfidential {
			return refuse(call, "E201308", "clientType PUBLIC needs tokenAuthMethod NONE")
		}
	default:
		return refuse(call, "E201309", "tokenAuthMethod %q is not supported", c.TokenAuthMethod)
	}
	if c.ClientType == authlete.ClientPublic && slices.Contains(c.GrantTypes, authlete.GrantClientCredentials) {
		return refuse(call, "E201310", "grantTypes: a public client cannot use CLIENT_CREDENTIALS")
	}
	if c.TokenAuthMethod != authlete.AuthPrivateKeyJWT {
		return nil
	}
	if (c.JWKS == "") == (c.JWKSURI == "") {
		return refuse(call, "E201311", "tokenAuthMethod PRIVATE_KEY_JWT needs exactly one of jwks and jwksUri")
	}
	if c.JWKS != "" {
		return checkJWKS(call, c)
	}
	if !strings.HasPrefix(c.JWKSURI, "https://") {
		return refuse(call, "E201312", "jwksUri must be an https URL")
	}
	return nil
}

// checkJWKS wants a JWK Set with a key that can verify the client's assertions.
func checkJWKS(call string, c *authlete.Client) *authlete.Error {
	if err := clientkeys.Check([]byte(c.JWKS), c.TokenAuthSignAlg); err != nil {
		return refuse(call, "E201313", "jwks: %v", err)
	}
	return nil
}

func checkAlgorithms(call string, c *authlete.Client) *authlete.Error {
	if c.IDTokenSignAlg != "" && c.IDTokenSignAlg != authlete.RS256 && c.IDTokenSignAlg != authlete.ES256 {
		return refuse(call, "E201315", "idTokenSignAlg must be RS256 or ES256")
	}
	if c.TokenAuthSignAlg != "" && !clientkeys.Supported(c.TokenAuthSignAlg) {
		return refuse(call, "E201324", "tokenAuthSignAlg must be one of %v", clientkeys.Algorithms())
	}
	return nil
}

// maxSeconds bounds every lifetime and age: ten years. Added to a time it cannot overflow.
const maxSeconds = 10 * 365 * 24 * 60 * 60

// outOfBounds says whether one of the lifetimes or ages, in seconds, cannot be in force.
func outOfBounds(seconds ...int64) bool {
	return slices.ContainsFunc(seconds, func(value int64) bool { return value < 0 || value > maxSeconds })
}

func checkLimits(call string, c *authlete.Client) *authlete.Error {
	if c.Extension != nil && outOfBounds(c.Extension.AccessTokenDuration, c.Extension.RefreshTokenDuration) {
		return refuse(call, "E201316", "extension: durations must be from 0 to %d seconds", maxSeconds)
	}
	if outOfBounds(c.DefaultMaxAge) {
		return refuse(call, "E201325", "defaultMaxAge must be from 0 to %d seconds", maxSeconds)
	}
	return nil
}

// checkSecret bounds an imposed secret.
func checkSecret(call, secret string) error {
	// RFC 6749, appendix A.2: a secret has printable ASCII characters.
	if len(secret) < minSecret || len(secret) > maxSecret || strings.ContainsFunc(secret, func(c rune) bool { return c < ' ' || c > '~' }) {
		return refuse(call, "E149301", "clientSecret must have %d to %d printable ASCII characters", minSecret, maxSecret)
	}
	return nil
}

// Statuses of the API's refusals; the engine does not import net/http.
const (
	statusBadRequest = 400
	statusNotFound   = 404
	statusConflict   = 409
)
