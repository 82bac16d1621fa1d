package secretscan_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/test/secretscan"
)

const (
	password = `a "quoted" password/+& of 30 characters`
	token    = "dG9rZW4tb2YtdGhlLXRlc3Q"
)

func scanner(t *testing.T) *secretscan.Scanner {
	t.Helper()
	s := &secretscan.Scanner{}
	for name, value := range map[string]string{"password": password, "token": token + "\n"} {
		if !s.Add(name, []byte(value)) {
			t.Fatalf("%s is not searched for", name)
		}
	}
	return s
}

func TestSearch(t *testing.T) {
	t.Parallel()
	quoted, err := json.Marshal(map[string]string{"message": "the password is " + password})
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		text string
		want []string
	}{
		"nothing":         {"everything works as declared", nil},
		"as it is":        {"wrong: " + password + "!", []string{"password"}},
		"trimmed":         {"Authorization: Bearer " + token, []string{"token"}},
		"both":            {token + password, []string{"password", "token"}},
		"in JSON":         {string(quoted), []string{"password"}},
		"printed as %q":   {fmt.Sprintf("%q", password), []string{"password"}},
		"in a query":      {"/?p=" + url.QueryEscape(password), []string{"password"}},
		"in a path":       {"/" + url.PathEscape(password), []string{"password"}},
		"in hexadecimal":  {hex.EncodeToString([]byte(password)), []string{"password"}},
		"in upper hex":    {strings.ToUpper(hex.EncodeToString([]byte(password))), []string{"password"}},
		"half of it":      {password[:len(password)/2], nil},
		"another spelled": {base64.StdEncoding.EncodeToString([]byte("something else of some length")), nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, scanner(t).Search(tt.text)); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSearchBase64 finds a secret in the base64 of something longer, whatever stands around it.
func TestSearchBase64(t *testing.T) {
	t.Parallel()
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 7 {
			for after := range 4 {
				text := encoding.EncodeToString([]byte(strings.Repeat("?", before) + password + strings.Repeat("~", after)))
				if got := scanner(t).Search("Basic " + text); len(got) != 1 {
					t.Errorf("with %d bytes before and %d after: %v in %s", before, after, got, text)
				}
			}
		}
	}
}

func TestShortSecretsAreNotSearchedFor(t *testing.T) {
	t.Parallel()
	s := &secretscan.Scanner{}
	if s.Add("port", []byte("5432")) || s.Search("port 5432") != nil {
		t.Error("a short value is searched for")
	}
}
