package oauth

import (
	"slices"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
)

// ParseScopes splits a scope parameter (RFC 6749, section 3.3) and drops repetitions.
func ParseScopes(text string) []string {
	var scopes []string
	for scope := range strings.FieldsSeq(text) {
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// DefaultScopes are the scopes of a request that names none (RFC 6749, section 3.3).
func DefaultScopes(service *authlete.Service) []string {
	var names []string
	for i := range service.SupportedScopes {
		if scope := &service.SupportedScopes[i]; scope.DefaultEntry {
			names = append(names, scope.Name)
		}
	}
	return names
}

// JoinScopes returns the scope parameter.
func JoinScopes(scopes []string) string { return strings.Join(scopes, " ") }

// Subset says whether every element of part is in whole.
func Subset(part, whole []string) bool {
	for _, element := range part {
		if !slices.Contains(whole, element) {
			return false
		}
	}
	return true
}

// GrantType returns the API's spelling of a grant_type parameter; false if the engine does not know it.
func GrantType(parameter string) (authlete.GrantType, bool) {
	if strings.ToLower(parameter) != parameter {
		return "", false
	}
	grant := authlete.GrantType(strings.ToUpper(parameter))
	switch grant {
	case authlete.GrantAuthorizationCode, authlete.GrantImplicit, authlete.GrantPassword, authlete.GrantClientCredentials, authlete.GrantRefreshToken:
		return grant, true
	default:
		return "", false
	}
}

// GrantTypeParameter returns the RFC's spelling of a grant type.
func GrantTypeParameter(grant authlete.GrantType) string { return strings.ToLower(string(grant)) }

// ResponseType returns the API's spelling of a response_type parameter, whose values may come in any order.
func ResponseType(parameter string) (authlete.ResponseType, bool) {
	values := strings.Fields(parameter)
	slices.Sort(values)
	switch joined := strings.Join(values, " "); joined {
	case "code", "token", "id_token", "none", "id_token token", "code token", "code id_token", "code id_token token":
		return authlete.ResponseType(strings.ToUpper(strings.ReplaceAll(joined, " ", "_"))), true
	default:
		return "", false
	}
}

// ResponseTypeParameter returns the RFC's spelling of a response type.
func ResponseTypeParameter(response authlete.ResponseType) string {
	text := strings.ToLower(string(response))
	text = strings.ReplaceAll(text, "id_token", "idtoken")
	return strings.ReplaceAll(strings.ReplaceAll(text, "_", " "), "idtoken", "id_token")
}

// AuthMethodParameter returns the RFC's spelling of a client authentication method.
func AuthMethodParameter(method authlete.ClientAuthMethod) string {
	return strings.ToLower(string(method))
}
