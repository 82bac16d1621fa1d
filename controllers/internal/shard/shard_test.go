package shard_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/shard"
)

func TestSecretName(t *testing.T) {
	t.Parallel()
	for _, server := range []string{"login", "a-users-b", "x"} {
		got, number, ok := shard.ParseSecretName(shard.SecretName(server, 7))
		if !ok || got != server || number != 7 {
			t.Errorf("%s: %q, %d, %v", server, got, number, ok)
		}
	}
	for _, name := range []string{"login", "login-users-", "login-users-16", "login-users-7", "-users-07", "login-users-xx"} {
		if _, _, ok := shard.ParseSecretName(name); ok {
			t.Errorf("%q is taken for a shard", name)
		}
	}
}

func TestSelected(t *testing.T) {
	t.Parallel()
	user := &authv1alpha1.OAuthUser{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Labels: map[string]string{"team": "a"}}}
	user.Spec.ServerRef.Name = "login"
	server := func(namespace, name string, selector *metav1.LabelSelector) *authv1alpha1.AuthorizationServer {
		s := &authv1alpha1.AuthorizationServer{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
		s.Spec.Users.Selector = selector
		return s
	}
	team := func(name string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{"team": name}}
	}
	for name, test := range map[string]struct {
		server *authv1alpha1.AuthorizationServer
		want   bool
	}{
		"no selector":       {server("n", "login", nil), true},
		"matching selector": {server("n", "login", team("a")), true},
		"other selector":    {server("n", "login", team("b")), false},
		"other server":      {server("n", "other", nil), false},
		"other namespace":   {server("m", "login", nil), false},
	} {
		if got, err := shard.Selected(test.server, user); err != nil || got != test.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
