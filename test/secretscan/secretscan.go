package secretscan

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// MinLength is the shortest value that is searched for; shorter ones are found by chance.
const MinLength = 10

// Scanner searches for secrets.
type Scanner struct {
	names map[string]string // by spelling
	count int
}

// Add adds a secret under a name that may be shown, and says whether it is long enough to be searched for. Space around
// the value does not count: a reader of a file may have trimmed it.
func (s *Scanner) Add(name string, value []byte) bool {
	value = bytes.TrimSpace(value)
	if len(value) < MinLength {
		return false
	}
	if s.names == nil {
		s.names = map[string]string{}
	}
	if _, known := s.names[string(value)]; !known {
		s.count++
	}
	for _, spelling := range spellings(value) {
		s.names[spelling] = name
	}
	return true
}

// Len returns how many secrets are searched for.
func (s *Scanner) Len() int { return s.count }

// Search returns the names of the secrets that are in the text, in order.
func (s *Scanner) Search(text string) []string {
	var found []string
	for spelling, name := range s.names {
		if strings.Contains(text, spelling) && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

// spellings returns how a value may look in text.
func spellings(value []byte) []string {
	all := []string{
		string(value), hex.EncodeToString(value), strings.ToUpper(hex.EncodeToString(value)),
		url.QueryEscape(string(value)), url.PathEscape(string(value)),
	}
	quoted := []string{strconv.Quote(string(value))}
	if text, err := json.Marshal(string(value)); err == nil { // it escapes more
		quoted = append(quoted, string(text))
	}
	for _, text := range quoted {
		all = append(all, text[1:len(text)-1])
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			all = append(all, inner(encoding, value, before))
		}
	}
	return all
}

// inner returns the part of the base64 text of a longer value that depends on this value alone, where so many bytes stand
// before it: 3 bytes make 4 characters, so characters at either end are shared with the neighbors.
func inner(encoding *base64.Encoding, value []byte, before int) string {
	text := encoding.EncodeToString(append(make([]byte, before), value...))
	first := (before*8 + 5) / 6
	last := (before + len(value)) * 8 / 6
	return text[first:last]
}
