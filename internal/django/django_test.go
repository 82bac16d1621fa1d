package django_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/django"
	"github.com/authserver-dev/operator/internal/password"
)

var update = flag.Bool("update", false, "rewrite golden files")

// dump returns what Django 5.2.19 wrote with "manage.py dumpdata auth.group auth.user". The password of a user NAME is "old
// password of NAME".
func dump(tb testing.TB) []byte {
	tb.Helper()
	data, err := os.ReadFile("testdata/dump.json")
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func convert(t *testing.T, input string) []django.User {
	t.Helper()
	users, err := django.Convert(t.Context(), strings.NewReader(input), django.Options{Server: "login"})
	if err != nil {
		t.Fatal(err)
	}
	return users
}

func TestManifests(t *testing.T) {
	t.Parallel()
	users, err := django.Convert(t.Context(), bytes.NewReader(dump(t)), django.Options{Server: "login", Namespace: "people"})
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := django.Write(&got, users); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/dump.golden.yaml"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("manifests (-want +got), rewrite with -update:\n%s", diff)
	}
}

func TestOldPasswordsWork(t *testing.T) {
	t.Parallel()
	verified := 0
	for _, user := range convert(t, string(dump(t))) {
		if user.Secret == nil {
			continue
		}
		ref := user.User.Spec.Password.SecretRef
		if ref.Name != user.Secret.Name {
			t.Errorf("%s refers to Secret %s, which is called %s", user.User.Name, ref.Name, user.Secret.Name)
		}
		ok, err := password.Verify(user.Secret.StringData[ref.Key], "old password of "+user.User.Spec.Username)
		if !ok || err != nil {
			t.Errorf("%s: %v, %v", user.User.Name, ok, err)
		}
		verified++
	}
	if verified != 5 {
		t.Errorf("%d passwords, want 5", verified)
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	users := convert(t, `[
		{"model": "auth.user", "pk": 7, "fields": {"username": "jane", "password": "md5$x$y", "groups": [9], "email": "nowhere"}},
		{"model": "auth.user", "pk": "0b9c", "fields": {"username": "JANE", "password": "!"}},
		{"model": "sessions.session", "pk": "x", "fields": {"username": 1}},
		{"model": "auth.user", "pk": 9, "fields": {"username": "@+@", "password": "!"}}]`)
	got := map[string][]string{}
	for _, user := range users {
		for _, note := range user.Notes {
			got[user.User.Name] = append(got[user.User.Name], note[:20])
		}
	}
	want := map[string][]string{
		"jane":      {`group "9" is not in `, "the format of the pa", "spec.claims.email \"n"},
		"jane-0b9c": {"no usable password: ", `the username "JANE" `},
		"user-9":    {"no usable password: "},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ input, want string }{
		"not JSON":    {"users", "not a list in JSON"},
		"not a list":  {"{}", "not a list in JSON"},
		"entry":       {"[1]", "entry 1"},
		"primary":     {`[{"model":"auth.user","fields":{"username":"a"}}]`, "--natural-primary"},
		"fields":      {`[{"model":"auth.user","pk":1,"fields":{"username":1}}]`, "number in fields.username"},
		"no key":      {`[{"model":"auth.user","fields":{"username":"a"}}]`, "no pk"},
		"no username": {`[{"model":"auth.user","pk":1,"fields":{}}]`, "no username"},
	} {
		_, err := django.Convert(t.Context(), strings.NewReader(test.input), django.Options{Server: "login"})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error = %v", name, err)
		}
	}
	if _, err := django.Convert(t.Context(), strings.NewReader("[]"), django.Options{}); !errors.Is(err, django.ErrNoUsers) {
		t.Errorf("no users: error = %v", err)
	}
}

func FuzzConvert(f *testing.F) {
	f.Add(string(dump(f)))
	f.Add(`[{"model":"auth.user","pk":"a","fields":{"username":"` + strings.Repeat("é", 80) + `"}}]`)
	f.Fuzz(func(t *testing.T, input string) {
		users, err := django.Convert(t.Context(), strings.NewReader(input), django.Options{Server: "login"})
		if err != nil {
			return
		}
		names := map[string]bool{}
		for _, user := range users {
			if names[user.User.Name] {
				t.Errorf("two users are called %q", user.User.Name)
			}
			names[user.User.Name] = true
		}
	})
}
