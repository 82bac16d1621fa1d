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

// readings are what a Basic header may mean, the likelier first: form-decoded and as it was sent, once if both are equal.
//
// OAuth clients form-encode both parts before they join them with a colon (RFC 6749, section 2.3.1), but many libraries do
// not, so that a secret with "+" or "%" arrives as it is.
type readings [2]Credentials

// parseBasic reads the credentials. Only the first colon separates.
func parseBasic(r *http.Request) (found readings, count int, result header) {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return found, 0, absent
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return found, 0, malformed
	}
	user, password, ok := strings.Cut(string(decoded), ":")
	if !ok || user == "" {
		return found, 0, malformed
	}
	sent := Credentials{User: user, Password: password}
	form, ok := sent.formDecoded()
	switch {
	case !ok:
		return readings{sent}, 1, present
	case form == sent:
		return readings{form}, 1, present
	default:
		return readings{form, sent}, 2, present
	}
}

// formDecoded decodes both parts; ok is false if that is not possible.
func (c Credentials) formDecoded() (decoded Credentials, ok bool) {
	user, err := url.QueryUnescape(c.User)
	if err != nil || user == "" {
		return c, false
	}
	password, err := url.QueryUnescape(c.Password)
	return Credentials{User: user, Password: password}, err == nil
}
