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

// Client is the client that the request claims to be from, and with which credentials it tries to prove it: false if it sends
// none, or names several clients.
func (c *Call) Client() (identifier string, ok bool) {
	values, err := url.ParseQuery(c.Parameters)
	if err != nil {
		return "", false
	}
	var names []string
	proven := false
	if c.readings > 0 {
		names, proven = append(names, c.basic[0].User), c.basic[0].Password != ""
	}
	names = append(names, values["client_id"]...)
	for _, assertion := range values["client_assertion"] {
		names, proven = append(names, subject(assertion)), true
	}
	if values.Get("client_secret") != "" {
		proven = true
	}
	if !proven || len(names) == 0 || names[0] == "" {
		return "", false
	}
	for _, name := range names[1:] {
		if name != names[0] {
			return "", false
		}
	}
	return names[0], true
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
