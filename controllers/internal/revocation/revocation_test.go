package revocation_test

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/revocation"
)

func file(t *testing.T, users ...configv1alpha1.User) []byte {
	t.Helper()
	data, err := json.Marshal(configv1alpha1.UserList{Users: users})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestFind(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	second := now.Truncate(time.Second)
	alice := configv1alpha1.User{Subject: "alice", Username: "alice", PasswordHash: "one"}
	changed := func(mutate func(*configv1alpha1.User)) configv1alpha1.User {
		user := alice
		mutate(&user)
		return user
	}
	disabled := changed(func(u *configv1alpha1.User) { u.Disabled = true })
	other := changed(func(u *configv1alpha1.User) { u.PasswordHash = "two" })
	open := changed(func(u *configv1alpha1.User) { u.PasswordHash = "" })
	tests := map[string]struct {
		before, after []byte
		have, want    revocation.Pending
	}{
		"first file":          {nil, file(t, alice), nil, revocation.Pending{}},
		"nothing changed":     {file(t, alice), file(t, alice), nil, revocation.Pending{}},
		"gone":                {file(t, alice), file(t), nil, revocation.Pending{"alice": second.Add(revocation.Settle)}},
		"disabled":            {file(t, alice), file(t, disabled), nil, revocation.Pending{"alice": second.Add(revocation.Settle)}},
		"gone after disabled": {file(t, disabled), file(t), nil, revocation.Pending{}},
		"enabled":             {file(t, disabled), file(t, alice), nil, revocation.Pending{}},
		"added":               {file(t), file(t, alice), nil, revocation.Pending{}},
		"other password":      {file(t, alice), file(t, other), nil, revocation.Pending{"alice": second}},
		"password taken away": {file(t, alice), file(t, open), nil, revocation.Pending{"alice": second}},
		"first password":      {file(t, open), file(t, alice), nil, revocation.Pending{}},
		"other name":          {file(t, alice), file(t, changed(func(u *configv1alpha1.User) { u.Username = "al" })), nil, revocation.Pending{}},
		"broken file before":  {[]byte("{"), file(t, alice), nil, revocation.Pending{}},
		"pending stays":       {file(t), file(t), revocation.Pending{"bob": second.Add(5)}, revocation.Pending{"bob": second.Add(5)}},
		"let in again":        {file(t), file(t, alice), revocation.Pending{"alice": second.Add(revocation.Settle)}, revocation.Pending{"alice": second}},
		"overdue stays":       {file(t), file(t, alice), revocation.Pending{"alice": second.Add(-5)}, revocation.Pending{"alice": second.Add(-5)}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := revocation.Pending{}
			maps.Copy(got, tt.have)
			if err := got.Find(tt.before, tt.after, now); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("pending (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFindRefusesABrokenFile(t *testing.T) {
	t.Parallel()
	if err := (revocation.Pending{}).Find(nil, []byte("{"), time.Now()); err == nil {
		t.Error("a broken file of users is taken")
	}
}

func TestRevoked(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p := revocation.Pending{"early": now.Add(time.Second), "due": now, "late": now.Add(-time.Hour)}
	for subject, want := range map[string]bool{"early": false, "due": true, "late": true} {
		if last := p.Revoked(subject, now); last != want {
			t.Errorf("%s: last is %v, want %v", subject, last, want)
		}
	}
	if diff := cmp.Diff([]string{"early"}, p.Subjects()); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

func TestEncode(t *testing.T) {
	t.Parallel()
	second := time.Now().UTC().Truncate(time.Second)
	want := revocation.Pending{"b": second, "a": second.Add(time.Minute)}
	data, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := revocation.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	if data, err := (revocation.Pending{}).Encode(); data != nil || err != nil {
		t.Errorf("nothing is encoded as %q, %v", data, err)
	}
	if got, err := revocation.Parse(nil); err != nil || len(got) != 0 {
		t.Errorf("nothing is read as %v, %v", got, err)
	}
	if _, err := revocation.Parse([]byte("{")); err == nil {
		t.Error("broken text is read")
	}
}
