package authorizationserver

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/status"
)

// person returns a user whom the users' reconciler has accepted.
func person(name, username string, age time.Duration) authv1alpha1.OAuthUser {
	user := authv1alpha1.OAuthUser{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: "identity", UID: types.UID("uid-" + name), CreationTimestamp: metav1.NewTime(time.Unix(1e9, 0).Add(-age)),
		},
		Spec: authv1alpha1.OAuthUserSpec{ServerRef: authv1alpha1.ServerReference{Name: "login"}, Username: username},
	}
	status.Mark(&user, authv1alpha1.ConditionUsernameUnique, true, "Yes", "")
	status.Mark(&user, authv1alpha1.ConditionClaimsValid, true, "Yes", "")
	return user
}

func TestServing(t *testing.T) {
	t.Parallel()
	server := &authv1alpha1.AuthorizationServer{ObjectMeta: metav1.ObjectMeta{Name: "login", Namespace: "identity"}}
	alter := func(user authv1alpha1.OAuthUser, change func(*authv1alpha1.OAuthUser)) authv1alpha1.OAuthUser {
		change(&user)
		return user
	}
	now := metav1.Now()
	all := []authv1alpha1.OAuthUser{
		person("newer", "ALICE", 0),
		person("alice", "alice", time.Hour),
		alter(person("same-subject", "bob", 0), func(u *authv1alpha1.OAuthUser) { u.Spec.Subject = "uid-alice" }),
		alter(person("leaving", "carol", 0), func(u *authv1alpha1.OAuthUser) { u.DeletionTimestamp = &now }),
		alter(person("elsewhere", "dave", 0), func(u *authv1alpha1.OAuthUser) { u.Spec.ServerRef.Name = "other" }),
		alter(person("rejected", "eve", 0), func(u *authv1alpha1.OAuthUser) {
			status.Mark(u, authv1alpha1.ConditionUsernameUnique, false, "No", "")
		}),
		alter(person("bad-claims", "frank", 0), func(u *authv1alpha1.OAuthUser) {
			status.Mark(u, authv1alpha1.ConditionClaimsValid, false, "No", "")
		}),
		alter(person("unseen", "grace", 0), func(u *authv1alpha1.OAuthUser) { u.Status.Conditions = nil }),
		person("heidi", "heidi", time.Minute),
	}
	served, err := serving(server, all)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, user := range served {
		names = append(names, user.Name)
	}
	if diff := cmp.Diff([]string{"alice", "heidi"}, names); diff != "" {
		t.Errorf("served (-want +got):\n%s", diff)
	}
}

func TestProject(t *testing.T) {
	t.Parallel()
	verified, active := true, false
	user := person("alice", "alice", 0)
	user.Spec.Active = &active
	user.Spec.Claims = authv1alpha1.Claims{
		Name: "Alice", GivenName: "A", Email: "alice@example.com", EmailVerified: &verified, PhoneNumber: "+1",
		Address: &authv1alpha1.Address{Locality: "Springfield", PostalCode: "12345"},
	}
	user.Spec.Groups = []string{"staff"}
	user.Spec.ExtraClaims = []authv1alpha1.ExtraClaim{
		{Name: "limits", Value: apiextensionsv1.JSON{Raw: []byte(`{"approval":5000}`)}},
		{Name: "email", Value: apiextensionsv1.JSON{Raw: []byte(`"mallory@example.com"`)}},
	}
	got, err := project(&authv1alpha1.AuthorizationServer{}, &user, "hash")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"subject":"uid-alice","username":"alice","passwordHash":"hash","disabled":true,"claims":{` +
		`"address":{"locality":"Springfield","postal_code":"12345"},"email":"alice@example.com","email_verified":true,"given_name":"A",` +
		`"groups":["staff"],"limits":{"approval":5000},"name":"Alice","phone_number":"+1","phone_number_verified":false,` +
		`"preferred_username":"alice"}}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("user (-want +got):\n%s", diff)
	}
}

// TestEmailVerified walks the server's default x what the user says.
func TestEmailVerified(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		server authv1alpha1.EmailVerification
		user   *bool
		want   string
	}{
		{"", nil, "false"},
		{"", new(true), "true"},
		{"", new(false), "false"},
		{authv1alpha1.EmailUnverified, nil, "false"},
		{authv1alpha1.EmailUnverified, new(true), "true"},
		{authv1alpha1.EmailUnverified, new(false), "false"},
		{authv1alpha1.EmailVerified, nil, "true"},
		{authv1alpha1.EmailVerified, new(true), "true"},
		{authv1alpha1.EmailVerified, new(false), "false"},
	} {
		server := &authv1alpha1.AuthorizationServer{}
		server.Spec.Users.DefaultEmailVerification = test.server
		user := person("alice", "alice", 0)
		user.Spec.Claims = authv1alpha1.Claims{Email: "alice@example.com", EmailVerified: test.user}
		got, err := project(server, &user, "")
		if err != nil || string(got.Claims["email_verified"]) != test.want {
			t.Errorf("server %q, user %v: email_verified is %s, want %s, error %v", test.server, test.user, got.Claims["email_verified"], test.want, err)
		}
		user.Spec.Claims.Email = ""
		if got, err = project(server, &user, ""); err != nil || got.Claims["email_verified"] != nil {
			t.Errorf("without an address: %s, error %v", got.Claims["email_verified"], err)
		}
	}
}

// TestShards: each user is in the file that Shard names and in no other, and an empty file is a list.
func TestShards(t *testing.T) {
	t.Parallel()
	users := []configv1alpha1.User{{Subject: "a", Username: "a"}, {Subject: "b", Username: "b"}, {Subject: "c", Username: "c"}}
	found := map[string]int{}
	for number := range configv1alpha1.UserShards {
		content, err := encodeShard(users, number)
		if err != nil {
			t.Fatal(err)
		}
		var list configv1alpha1.UserList
		if err := json.Unmarshal(content, &list); err != nil {
			t.Fatal(err)
		}
		if list.Users == nil || list.Kind != configv1alpha1.KindUserList {
			t.Errorf("shard %d is %s", number, content)
		}
		for _, user := range list.Users {
			found[user.Subject] = number
		}
	}
	want := map[string]int{"a": configv1alpha1.Shard("a"), "b": configv1alpha1.Shard("b"), "c": configv1alpha1.Shard("c")}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("shards (-want +got):\n%s", diff)
	}
}
