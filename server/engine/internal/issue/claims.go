package issue

import (
	"slices"
)

// ScopeOpenID makes a request an OpenID Connect request.
const ScopeOpenID = "openid"

// ScopeOfflineAccess asks for a refresh token (OpenID Connect Core 1.0, section 11).
const ScopeOfflineAccess = "offline_access"

// ScopeClaims returns the names of the claims that a scope stands for
// (OpenID Connect Core 1.0, section 5.4); none for other scopes.
func ScopeClaims(scope string) []string {
	switch scope {
	case "profile":
		return []string{
			"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile",
			"picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
		}
	case "email":
		return []string{"email", "email_verified"}
	case "address":
		return []string{"address"}
	case "phone":
		return []string{"phone_number", "phone_number_verified"}
	default:
		return nil
	}
}

// UserInfoClaimNames returns the claims to return at the userinfo endpoint: those
// of the scopes, then those requested by name, each once.
func UserInfoClaimNames(scopes, requested []string) []string {
	var names []string
	for _, scope := range scopes {
		names = append(names, ScopeClaims(scope)...)
	}
	for _, name := range requested {
		if name != claimSub && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
