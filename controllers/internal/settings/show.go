package settings

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxShown is how many characters of a value fit into a status.
const maxShown = 256

// text is a value as JSON; empty where there is none.
func text(value any) string {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false) // addresses are for people to read
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprintf("%T", value) // none of the types above can fail to encode
	}
	encoded := strings.TrimSpace(buffer.String())
	if encoded == `""` || encoded == "[]" || encoded == "null" {
		return ""
	}
	return encoded
}

// shown is a value as a status may have it: of bounded length, and not at all if it is secret.
func shown(field, value string) string {
	if value == "" {
		return ""
	}
	if confidential(field) {
		return "(not shown)"
	}
	if utf8.RuneCountInString(value) <= maxShown {
		return value
	}
	return string([]rune(value)[:maxShown-1]) + "…"
}

// confidential says whether the value of a member of the service is secret, like apiSecret, developerSnsCredentials and
// jwks, which has the private keys. None of them can be declared; whoever changes that shall not show it by accident.
func confidential(field string) bool {
	lower := strings.ToLower(field)
	return strings.Contains(lower, "secret") || strings.Contains(lower, "password") ||
		strings.HasSuffix(lower, "credentials") || strings.HasSuffix(lower, "jwks")
}
