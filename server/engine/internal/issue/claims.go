package issue

import (
	"slices"

	"github.com/authserver-dev/operator/internal/authlete"
)

// ScopeOpenID makes a request an OpenID Connect request.
const ScopeOpenID = "openid"

// ScopeOfflineAccess asks for a refresh token (OpenID Connect Core 1.0, section 11).
const ScopeOfflineAccess = "offline_access"

// UserInfoClaimNames returns the claims to return at the userinfo endpoint: those
// that the scopes release, then those requested by name, each once.
func UserInfoClaimNames(service *authlete.Service, scopes, requested []string) []string {
	names := service.ScopeClaims().Of(scopes)
	for _, name := range requested {
		if name != claimSub && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
