package clientauth

import (
	"slices"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
)

// codeMethodOff is the result code for a method that the service does not support at the endpoint.
const codeMethodOff = "E157371"

// Presented is the method by which a request authenticates the client.
func Presented(in *Credentials) authlete.ClientAuthMethod {
	switch {
	case in.Parameters.Has("client_assertion"):
		return authlete.AuthPrivateKeyJWT
	case in.BasicSecret != "":
		return authlete.AuthClientSecretBasic
	case in.Parameters.Has("client_secret"):
		return authlete.AuthClientSecretPost
	default:
		return authlete.AuthNone
	}
}

// CheckPresented refuses a method that is not among those that the service supports at the endpoint, which is what discovery
// says. None listed means that there is no limit.
func CheckPresented(in *Credentials, supported []authlete.ClientAuthMethod) *oauth.Error {
	method := Presented(in)
	if len(supported) == 0 || slices.Contains(supported, method) {
		return nil
	}
	return oauth.NewError(oauth.InvalidClient, codeMethodOff, "The service does not support the client authentication method %s here.",
		oauth.AuthMethodParameter(method))
}
