package clientcall

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
)

// claimed is the client that the request claims to be from, for the log: that of the Authorization header, of the
// parameter client_id, or the subject of an assertion, none of them verified.
func (c *Call) claimed() string {
	if c.basic[0].User != "" {
		return c.basic[0].User
	}
	if client := parameter(c.Parameters, "client_id"); client != "" {
		return client
	}
	return subject(parameter(c.Parameters, "client_assertion"))
}

// parameter returns the first value of a parameter in a form.
func parameter(form, name string) string {
	for pair := range strings.SplitSeq(form, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if key == name {
			if decoded, err := url.QueryUnescape(value); err == nil {
				return decoded
			}
		}
	}
	return ""
}

// subject returns the subject that a JWT claims; "" if it cannot be read.
func subject(jwt string) string {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims struct {
		Subject string `json:"sub"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	return claims.Subject
}
