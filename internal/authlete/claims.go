package authlete

import (
	"slices"
	"strings"
)

const (
	// AttributeClaims is the attribute of a scope that names the claims which the scope releases beside those that it
	// stands for anyway, separated by spaces.
	AttributeClaims = "authserver.dev/claims"
	// AttributeIDTokenClaims is the attribute of a client whose value "Minimal" keeps the claims of scopes out of its ID
	// tokens: the client reads them at the userinfo endpoint (OpenID Connect Core 1.0, section 5.4).
	AttributeIDTokenClaims = "authserver.dev/id-token-claims" //nolint:gosec // the name of an attribute
	// IDTokenClaimsMinimal is the value of AttributeIDTokenClaims.
	IDTokenClaimsMinimal = "Minimal"
)

// ScopeClaims are the claims that scopes release beside those that they stand for anyway.
type ScopeClaims map[string][]string

// ScopeClaims returns what the settings say of the supported scopes.
func (s *Service) ScopeClaims() ScopeClaims {
	claims := ScopeClaims{}
	for i := range s.SupportedScopes {
		scope := &s.SupportedScopes[i]
		if names := strings.Fields(attribute(scope.Attributes, AttributeClaims)); len(names) > 0 {
			claims[scope.Name] = names
		}
	}
	return claims
}

// Of returns the names of the claims that scopes release, each once: those of the scopes of OpenID Connect Core 1.0,
// section 5.4, the claim groups of the scope groups, and those that the settings of the scopes name.
func (c ScopeClaims) Of(scopes []string) []string {
	var names []string
	for _, scope := range scopes {
		for _, claims := range [][]string{standardClaims(scope), c[scope]} {
			for _, claim := range claims {
				if !slices.Contains(names, claim) {
					names = append(names, claim)
				}
			}
		}
	}
	return names
}

// standardClaims returns the claims that a scope stands for whatever the settings say.
func standardClaims(scope string) []string {
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
	case "groups":
		return []string{"groups"}
	default:
		return nil
	}
}

// attribute returns the value of an attribute, or the empty string.
func attribute(pairs []Pair, key string) string {
	for _, pair := range pairs {
		if pair.Key == key {
			return pair.Value
		}
	}
	return ""
}
