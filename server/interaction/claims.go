package interaction

import (
	"net/url"
	"slices"

	"github.com/authserver-dev/operator/internal/authlete"
)

// Release takes over which claims the requested scopes release.
func (in *Interaction) Release(claims authlete.ScopeClaims) {
	in.ScopeClaims = claims.Of(in.ScopeNames())
}

// IDTokenClaims returns the names of the claims of the ID token.
func (in *Interaction) IDTokenClaims() []string {
	if !in.ScopesInIDToken {
		return in.Claims
	}
	return slices.Concat(in.Claims, in.ScopeClaims)
}

// scopesInIDToken says whether the ID token has the claims that scopes release. A client may leave them to the userinfo
// endpoint, but a request for an ID token alone gets no access token to read them there (OpenID Connect Core 1.0,
// section 5.4).
func scopesInIDToken(c *authlete.Client, values url.Values) bool {
	alone := values.Get("response_type") == "id_token"
	return alone || c == nil || c.Attribute(authlete.AttributeIDTokenClaims) != authlete.IDTokenClaimsMinimal
}
