package basicauth

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

// Result says what the Authorization header holds.
type Result int

// Results.
const (
	// Absent means that there is no Basic header.
	Absent Result = iota
	// Malformed means that the header cannot be decoded.
	Malformed
	// Present means that user and password were decoded.
	Present
)

// Credentials are user and password.
type Credentials struct {
	User, Password string
}

// Parse reads the credentials. OAuth clients form-encode both parts before they
// join them with a colon (RFC 6749, section 2.3.1); only the first colon separates.
func Parse(r *http.Request) (Credentials, Result) {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return Credentials{}, Absent
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return Credentials{}, Malformed
	}
	user, password, ok := strings.Cut(string(decoded), ":")
	if !ok || user == "" {
		return Credentials{}, Malformed
	}
	user, userErr := url.QueryUnescape(user)
	password, passwordErr := url.QueryUnescape(password)
	if userErr != nil || passwordErr != nil {
		return Credentials{}, Malformed
	}
	return Credentials{User: user, Password: password}, Present
}
