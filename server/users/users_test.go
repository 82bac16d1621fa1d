package users_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

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

// TestDecoy: whoever is not there looks like some user, and always like the same one.
func TestDecoy(t *testing.T) {
	t.Parallel()
	const argon, django = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5",
		"pbkdf2_sha256$1000000$salt$Sk65mC0J3NMRMSjqLg+Fg7HqC4GHwEk81jwwL1ocrUo="
	file := func(order ...string) map[string]string {
		list := ""
		for i, hash := range order {
			list += fmt.Sprintf(`,{"subject":%q,"username":%q,"passwordHash":%q}`, hash[:3]+fmt.Sprint(len(hash)), hash[:5]+fmt.Sprint(i), hash)
		}
		return map[string]string{"users-00.json": `{` + header + `,"users":[` + list[1:] + `]}`}
	}
	one, err := open(t, file(argon, django, "unusable-hash"))
	if err != nil {
		t.Fatal(err)
	}
	replica, err := open(t, file("unusable-hash", django, argon))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i := range 100 {
		name := fmt.Sprint("nobody-", i)
		decoy := one.Decoy(name)
		seen[decoy] = true
		if replica.Decoy(name) != decoy || one.Decoy(" "+name+" ") != decoy {
			t.Errorf("%s has another decoy elsewhere", name)
		}
	}
	if len(seen) != 2 || !seen[argon] || !seen[django] {
		t.Errorf("decoys = %v", seen)
	}
	empty, err := open(t, nil)
	if err != nil || empty.Decoy("a") != "" {
		t.Errorf("without users: %q, %v", empty.Decoy("a"), err)
	}
}

// TestDecoysAreCheap: one imported hash that takes much memory does not make attempts for unknown names expensive, and neither
// does a directory that has nothing else.
func TestDecoysAreCheap(t *testing.T) {
	t.Parallel()
	const tail = "$c2FsdHNhbHRzYWx0$a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5"
	for hash, want := range map[string]string{
		"$argon2id$v=19$m=38912,t=2,p=1" + tail:                               "$argon2id$v=19$m=38912,t=2,p=1" + tail,
		"$argon2id$v=19$m=38913,t=2,p=1" + tail:                               "",
		"$argon2id$v=19$m=131072,t=1,p=1" + tail:                              "",
		"scrypt$131072$salt$8$1$Sk65mC0J3NMRMSjqLg+Fg7HqC4GHwEk81jwwL1ocrUo=": "",
	} {
		directory, err := open(t, map[string]string{
			"users-00.json": fmt.Sprintf(`{%s,"users":[{"subject":"1","username":"a","passwordHash":%q}]}`, header, hash),
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := directory.Decoy("nobody"); got != want {
			t.Errorf("with a user's hash %s the decoy is %q", hash, got)
		}
	}
}

// TestMalformedFile: a file that cannot be read costs nobody else the login, and is reported.
func TestMalformedFile(t *testing.T) {
	t.Parallel()
	const good = `{` + header + `,"users":[{"subject":"1","username":"alice"}]}`
	for name, content := range map[string]string{
		"not JSON":    "{",
		"wrong kind":  `{"apiVersion":"v1","kind":"Secret"}`,
		"no subject":  `{` + header + `,"users":[{"username":"x"}]}`,
		"no username": `{` + header + `,"users":[{"subject":"x"}]}`,
	} {
		directory, err := open(t, map[string]string{"users-00.json": content, "users-01.json": good})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if directory.Ready() == nil || directory.Healthy() || directory.Count() != 1 || directory.ByUsername("alice") == nil {
			t.Errorf("%s: healthy %v, %d users", name, directory.Healthy(), directory.Count())
		}
	}
	if _, err := users.Open("/does/not/exist", slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a directory that is not there is accepted")
	}
}

// TestReload: a file that turns bad keeps its users while another one changes; a file that goes takes its users along.
func TestReload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "tmp"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "tmp"), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	file := func(subject string) string {
		return `{` + header + `,"users":[{"subject":"` + subject + `","username":"` + subject + `"}]}`
	}
	write("users-00.json", file("a"))
	write("users-01.json", file("b"))
	directory, err := users.Open(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); directory.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	await := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %d users, healthy %v", what, directory.Count(), directory.Healthy())
			}
		}
	}
	write("users-00.json", "{")
	await("a bad file", func() bool { return !directory.Healthy() })
	if err := directory.Ready(); err != nil {
		t.Errorf("a file that turns bad later makes the server useless: %v", err)
	}
	write("users-01.json", file("c"))
	await("a good file beside a bad one", func() bool { return directory.BySubject("c") != nil && directory.BySubject("b") == nil })
	if directory.BySubject("a") == nil {
		t.Error("the bad file lost its last good content")
	}
	write("users-00.json", file("d"))
	await("a mended file", func() bool {
		return directory.Healthy() && directory.BySubject("d") != nil && directory.BySubject("a") == nil
	})
	if err := os.Remove(filepath.Join(dir, "users-01.json")); err != nil {
		t.Fatal(err)
	}
	await("a file that is gone", func() bool { return directory.Count() == 1 })
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
		"tag's case":  {[]string{"name#JA"}, nil, map[string]string{"name#JA": `"アリス"`}},
		"by case":     {[]string{"name"}, []string{"Ja"}, map[string]string{"name": `"アリス"`}},
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

// TestDirectoryIsNoPattern: characters of a path mean themselves.
func TestDirectoryIsNoPattern(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"[users", "a[b]c", "users*", "users?", `back\slash`, "{a,b}"} {
		dir := filepath.Join(t.TempDir(), name)
		if err := os.MkdirAll(filepath.Join(dir, "folder.json"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "users.json"), []byte(`{`+header+`,"users":[{"subject":"1","username":"alice"}]}`), 0o600); err != nil {
			t.Fatal(err)
		}
		directory, err := users.Open(dir, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if directory.ByUsername("alice") == nil {
			t.Errorf("%s: the users are not read", name)
		}
	}
}
