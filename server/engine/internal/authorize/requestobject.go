package authorize

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/params"
)

// unsupported refuses what OpenID Connect Core 1.0, section 6 lets a server refuse.
func unsupported(values params.Values) *oauth.Error {
	switch {
	case values.Has("request"):
		return oauth.NewError(oauth.RequestNotSupported, "E008301", "Request objects are not supported.")
	case values.Has("request_uri"):
		return oauth.NewError(oauth.RequestURINotSupported, "E008302", "request_uri is not supported.")
	case values.Has("registration"):
		return oauth.NewError(oauth.RegistrationNotSupported, "E008303", "The registration parameter is not supported.")
	default:
		return nil
	}
}

// refusalOptions are the members of a request object that say how its refusal is sent. They are read without verification,
// which does no harm: the same could be asked for by parameters, and the redirect URI is never taken from the object.
type refusalOptions struct {
	state, mode string
}

// readRefusalOptions reads a request object; what cannot be read is empty.
func readRefusalOptions(object string) (options refusalOptions) {
	_, rest, _ := strings.Cut(object, ".")
	payload, signature, ok := strings.Cut(rest, ".")
	if !ok || strings.Contains(signature, ".") { // an encrypted object has five parts
		return options
	}
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return options
	}
	var members map[string]any
	if json.Unmarshal(text, &members) != nil {
		return options
	}
	if state, _ := members["state"].(string); len(state) <= maxEcho {
		options.state = state
	}
	options.mode, _ = members["response_mode"].(string)
	return options
}
