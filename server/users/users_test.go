package users_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/server/users"
)

const header = `"apiVersion":"config.authserver.dev/v1alpha1","kind":"UserList"`

func open(t *testing.T, files map[string]string) (*users.Directory, error) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return users.Open(dir, slog.New(slog.DiscardHandler))
}

func TestLookup(t *testing.T) {
	t.Parallel()
	directory, err := open(t, map[string]string{
		"users-00.json": `{` + header + `,"users":[{"subject":"1","username":"Alice"},{"subject":"2","username":"bob","disabled":true}]}`,
		"users-01.json": `{` + header + `,"users":[{"subject":"3","username":"ALICE"},{"subject":"1","username":"mallory"}]}`,
		"ignored.txt":   "not a user file",
	})
	if err != nil {
		t.Fatal(err)
	}
	if user := directory.ByUsername(" aLiCe "); user == nil || user.Subject != "1" {
		t.Errorf("ByUsername(alice) = %+v, want the first holder", user)
	}
	if directory.ByUsername("bob") != nil || directory.BySubject("2") != nil {
		t.Error("a disabled user can be found")
	}
	if directory.ByUsername("mallory") != nil {
		t.Error("a second user with a taken subject can be found")
	}
	if directory.ByUsername("nobody") != nil || directory.BySubject("") != nil {
		t.Error("somebody who is not there can be found")
	}
}

func TestMalformedFilesAreRefused(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"not JSON":    "{",
		"wrong kind":  `{"apiVersion":"v1","kind":"Secret"}`,
		"no subject":  `{` + header + `,"users":[{"username":"x"}]}`,
		"no username": `{` + header + `,"users":[{"subject":"x"}]}`,
	} {
		if _, err := open(t, map[string]string{"users-00.json": content}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := users.Open("/does/not/exist", slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a directory that is not there is accepted")
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	user := &configv1alpha1.User{Subject: "1", Claims: map[string]json.RawMessage{
		"name": json.RawMessage(`"Alice"`), "name#ja": json.RawMessage(`"アリス"`), "email": json.RawMessage(`"a@example.com"`), "sub": json.RawMessage(`"evil"`),
	}}
	for name, test := range map[string]struct {
		names, locales []string
		want           map[string]string
	}{
		"plain":       {[]string{"name", "email", "phone_number"}, nil, map[string]string{"name": `"Alice"`, "email": `"a@example.com"`}},
		"tagged":      {[]string{"name#ja"}, nil, map[string]string{"name#ja": `"アリス"`}},
		"unknown tag": {[]string{"name#fr"}, nil, map[string]string{"name#fr": `"Alice"`}},
		"by locale":   {[]string{"name"}, []string{"fr", "ja"}, map[string]string{"name": `"アリス"`}},
		"never sub":   {[]string{"sub"}, nil, map[string]string{}},
	} {
		got := map[string]string{}
		for claim, value := range users.Claims(user, test.names, test.locales) {
			got[claim] = string(value)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(`{%s,"users":[{"subject":"1","username":"a","claims":{"x":[1]}}]}`, header)))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := users.Parse(data)
		if (list == nil) == (err == nil) {
			t.Errorf("Parse = %v, %v", list, err)
		}
	})
}
