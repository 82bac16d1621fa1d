package django_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/internal/django"
)

// fields are those of a user in a dump.
type fields map[string]any

// dumped returns a dump of one user, and of groups by their names.
func dumped(t *testing.T, user fields, groups ...string) string {
	t.Helper()
	var entries []any
	var ids []int
	for i, group := range groups {
		entries = append(entries, fields{"model": "auth.group", "pk": i, "fields": fields{"name": group}})
		ids = append(ids, i)
	}
	all := fields{"username": "jane", "password": "!", "groups": ids}
	maps.Copy(all, user)
	text, err := json.Marshal(append(entries, fields{"model": "auth.user", "pk": 1, "fields": all}))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// letters returns a text of n characters, each of two bytes.
func letters(n int) string { return strings.Repeat("é", n) }

// TestLimits: a value at the limit is taken over whole; one above it is left out, or the user is, and a note says so.
func TestLimits(t *testing.T) {
	t.Parallel()
	const local = "@example.com"
	for name, test := range map[string]struct {
		at, above fields
		// note is part of what is said of the value above the limit.
		note string
		// refused says that there is no user without the value.
		refused bool
	}{
		"username":   {fields{"username": letters(150)}, fields{"username": letters(151)}, "spec.username", true},
		"first name": {fields{"first_name": letters(256)}, fields{"first_name": letters(257)}, "spec.claims.givenName", false},
		"last name":  {fields{"last_name": letters(256)}, fields{"last_name": letters(257)}, "spec.claims.familyName", false},
		"name": {
			fields{"first_name": letters(255), "last_name": letters(256)}, fields{"first_name": letters(256), "last_name": letters(256)}, "spec.claims.name", false,
		},
		"email": {
			fields{"email": strings.Repeat("a", 254-len(local)) + local}, fields{"email": strings.Repeat("a", 255-len(local)) + local}, "spec.claims.email", false,
		},
		"spaces":             {fields{"username": "j.d"}, fields{"username": "j d"}, "username must not contain spaces", true},
		"control characters": {fields{"username": "j.d"}, fields{"username": "j\td"}, "username must not contain spaces", true},
		"two addresses":      {fields{"email": "a@b"}, fields{"email": "a@b@c"}, "email must have one @", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fits := convert(t, dumped(t, test.at))[0]
			if fits.User == nil || len(fits.Notes) != 1 { // it has no password
				t.Errorf("at the limit: %v", fits.Notes)
			}
			over := convert(t, dumped(t, test.above))[0]
			if (over.User == nil) != test.refused || !strings.Contains(strings.Join(over.Notes, "\n"), test.note) {
				t.Errorf("above the limit: user %v, notes %q", over.User, over.Notes)
			}
			for _, note := range over.Notes {
				if len(note) > 400 {
					t.Errorf("a note of %d bytes", len(note))
				}
			}
		})
	}
}

// TestLimitsOfGroups: a group whose name is too long goes, the others stay.
func TestLimitsOfGroups(t *testing.T) {
	t.Parallel()
	user := convert(t, dumped(t, nil, "staff", letters(151), letters(150), "staff"))[0]
	if got := user.User.Spec.Groups; len(got) != 2 || got[0] != "staff" || got[1] != letters(150) {
		t.Errorf("groups %q", got)
	}
	if notes := strings.Join(user.Notes, "\n"); strings.Count(notes, "spec.groups[") != 2 {
		t.Errorf("notes %q", notes)
	}
	many := make([]string, 257)
	for i := range many {
		many[i] = fmt.Sprint("group-", i)
	}
	if got := convert(t, dumped(t, nil, many[:256]...))[0]; len(got.User.Spec.Groups) != 256 {
		t.Errorf("%d groups of 256", len(got.User.Spec.Groups))
	}
	over := convert(t, dumped(t, nil, many...))[0]
	if !strings.Contains(strings.Join(over.Notes, "\n"), "spec.groups was left out") {
		t.Errorf("notes %q", over.Notes)
	}
}

// TestNaturalKeys: "dumpdata --natural-foreign" writes groups by their names.
func TestNaturalKeys(t *testing.T) {
	t.Parallel()
	user := convert(t, dumped(t, fields{"groups": [][]string{{"staff"}, {"finance"}}}))[0]
	if got := strings.Join(user.User.Spec.Groups, " "); got != "staff finance" {
		t.Errorf("groups %q", got)
	}
	_, err := django.Convert(t.Context(), strings.NewReader(dumped(t, fields{"groups": []fields{{"name": "staff"}}})), django.Options{Server: "login"})
	if err == nil || !strings.Contains(err.Error(), "object in fields.groups") {
		t.Errorf("error: %v", err)
	}
}

// TestAdministrators: what Django's administration knew of people is said.
func TestAdministrators(t *testing.T) {
	t.Parallel()
	notes := strings.Join(convert(t, dumped(t, fields{"is_staff": true, "is_superuser": true}))[0].Notes, "\n")
	for _, flag := range []string{"is_staff", "is_superuser"} {
		if strings.Count(notes, flag) != 1 {
			t.Errorf("%s is not said: %q", flag, notes)
		}
	}
}

// TestNotesStayInTheirDocument: notes are in the document of their user, and no value ends a comment.
func TestNotesStayInTheirDocument(t *testing.T) {
	t.Parallel()
	users := append(convert(t, dumped(t, nil)), convert(t, dumped(t, fields{"username": "a\nkind: Secret", "email": "x\ny"}))...)
	var out strings.Builder
	if err := django.Write(&out, users); err != nil {
		t.Fatal(err)
	}
	documents := strings.Split(out.String(), "---\n")
	if len(documents) != 3 || documents[0] != "" || !strings.Contains(documents[1], "# \"jane\"") || !strings.Contains(documents[2], "is not written") {
		t.Errorf("documents: %q", documents)
	}
	for line := range strings.Lines(documents[2]) {
		if !strings.HasPrefix(line, "# ") {
			t.Errorf("a line that is no comment: %q", line)
		}
	}
}

// BenchmarkConvert tells what a thousand users cost.
func BenchmarkConvert(b *testing.B) {
	users := make([]string, 1000)
	for i := range users {
		users[i] = fmt.Sprintf(`{"model":"auth.user","pk":%d,"fields":{"username":"user-%d","password":"!","email":"user-%d@example.com"}}`, i, i, i)
	}
	data := "[" + strings.Join(users, ",") + "]"
	for b.Loop() {
		if _, err := django.Convert(context.Background(), strings.NewReader(data), django.Options{Server: "login"}); err != nil {
			b.Fatal(err)
		}
	}
}
