package registry

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/url"
	"slices"
	"strconv"

	"github.com/authserver-dev/operator/internal/authlete"
)

// Client is a registered client. It is shared between requests and must not be changed.
type Client struct {
	authlete.Client
	// Version is the store's version of the record.
	Version int64

	hasSecret  bool
	secretHash [sha256.Size]byte
}

// HasSecret says whether the client has a secret.
func (c *Client) HasSecret() bool { return c.hasSecret }

// SecretMatches compares a presented secret in constant time.
func (c *Client) SecretMatches(presented string) bool {
	sum := sha256.Sum256([]byte(presented))
	equal := subtle.ConstantTimeCompare(sum[:], c.secretHash[:]) == 1
	return equal && c.hasSecret
}

// AllowsGrant says whether the grant type is among those of the client.
func (c *Client) AllowsGrant(grant authlete.GrantType) bool {
	return slices.Contains(c.GrantTypes, grant)
}

// MayUseGrant says whether the client may use the grant type at the service.
func (c *Client) MayUseGrant(service *authlete.Service, grant authlete.GrantType) bool {
	return slices.Contains(service.SupportedGrantTypes, grant) && c.AllowsGrant(grant)
}

// AllowsResponse says whether the client may use the response type.
func (c *Client) AllowsResponse(response authlete.ResponseType) bool {
	return slices.Contains(c.ResponseTypes, response)
}

// PKCERequired says whether the client needs a code challenge. A public client always does: nothing else ties its codes to it.
func (c *Client) PKCERequired(service *authlete.Service) bool {
	return service.PkceRequired || c.PkceRequired || c.ClientType == authlete.ClientPublic
}

// PKCES256Required says whether the client's code challenges must be hashed.
func (c *Client) PKCES256Required(service *authlete.Service) bool {
	return service.PkceS256Required || c.PkceS256Required
}

// HasRedirectURI says whether the redirect URI is registered: by exact match, but for the port of a loopback
// redirect of a native client (RFC 8252, section 7.3).
func (c *Client) HasRedirectURI(uri string) bool {
	if slices.Contains(c.RedirectURIs, uri) {
		return true
	}
	if c.ApplicationType != authlete.ApplicationNative {
		return false
	}
	presented, ok := withoutLoopbackPort(uri)
	return ok && slices.ContainsFunc(c.RedirectURIs, func(registered string) bool {
		stripped, ok := withoutLoopbackPort(registered)
		return ok && stripped == presented
	})
}

// withoutLoopbackPort removes the port of an http URI on a loopback address.
func withoutLoopbackPort(uri string) (string, bool) {
	parsed, err := url.Parse(uri)
	if err != nil || parsed.Scheme != "http" || parsed.User != nil {
		return "", false
	}
	if !loopbackAddress(parsed.Hostname()) {
		return "", false
	}
	parsed.Host = parsed.Hostname()
	return parsed.String(), true
}

// LoopbackHost says whether a host is the machine of the browser: a loopback address or localhost.
func LoopbackHost(host string) bool { return host == "localhost" || loopbackAddress(host) }

// loopbackAddress leaves localhost out, which RFC 8252, section 8.3 does not recommend.
func loopbackAddress(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// AllowedScopes returns those of the requested scopes that the service supports and the client may have.
func (c *Client) AllowedScopes(service *authlete.Service, requested []string) []string {
	var allowed []string
	for _, name := range requested {
		supported := slices.ContainsFunc(service.SupportedScopes, func(s authlete.Scope) bool { return s.Name == name })
		if supported && c.mayRequest(name) {
			allowed = append(allowed, name)
		}
	}
	return allowed
}

// mayRequest says whether the client's own limit, if any, lets it have the scope.
func (c *Client) mayRequest(scope string) bool {
	if c.Extension == nil || !c.Extension.RequestableScopesEnabled {
		return true
	}
	return slices.Contains(c.Extension.RequestableScopes, scope)
}

// Identifier returns the client_id as the request named it.
func (c *Client) Identifier(aliasUsed bool) string {
	if aliasUsed && c.ClientIDAlias != "" {
		return c.ClientIDAlias
	}
	return strconv.FormatInt(c.ClientID, 10)
}

// IDString is the decimal form of a client id, under which Registry.Client finds it.
func IDString(id int64) string { return strconv.FormatInt(id, 10) }
