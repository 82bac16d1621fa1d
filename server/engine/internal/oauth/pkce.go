package oauth

import "strings"

// Lengths of a code verifier and of a code challenge (RFC 7636, sections 4.1 and 4.2).
const (
	minPKCEText = 43
	maxPKCEText = 128
)

// PKCEText says whether a text is a well-formed code verifier or code challenge: both have one grammar.
func PKCEText(text string) bool {
	return len(text) >= minPKCEText && len(text) <= maxPKCEText && !strings.ContainsFunc(text, notUnreserved)
}

// notUnreserved is true for characters outside RFC 3986's unreserved set.
func notUnreserved(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-._~", c)
}
