package clientcall

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

// header says what the Authorization header holds.
type header int

const (
	absent    header = iota // there is no Basic header
	malformed               // it cannot be decoded
	present                 // user and password were decoded
)

// Credentials are user and password.
type Credentials struct {
	User, Password string
}

// parseBasic reads the credentials. OAuth clients form-encode both parts before they
// join them with a colon (RFC 6749, section 2.3.1); only the first colon separates.
func parseBasic(r *http.Request) (Credentials, header) {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return Credentials{}, absent
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return Credentials{}, malformed
	}
	user, password, ok := strings.Cut(string(decoded), ":")
	if !ok || user == "" {
		return Credentials{}, malformed
	}
	user, userErr := url.QueryUnescape(user)
	password, passwordErr := url.QueryUnescape(password)
	if userErr != nil || passwordErr != nil {
		return Credentials{}, malformed
	}
	return Credentials{User: user, Password: password}, present
}
