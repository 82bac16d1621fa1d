package index_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/index"
)

func TestOlder(t *testing.T) {
	t.Parallel()
	at := func(name string, second int64) *authv1alpha1.OAuthUser {
		return &authv1alpha1.OAuthUser{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(time.Unix(second, 0))}}
	}
	for name, test := range map[string]struct {
		a, b *authv1alpha1.OAuthUser
		want bool
	}{
		"earlier":               {at("z", 1), at("a", 2), true},
		"later":                 {at("a", 2), at("z", 1), false},
		"at once, by name":      {at("a", 1), at("b", 1), true},
		"at once, the other":    {at("b", 1), at("a", 1), false},
		"not older than itself": {at("a", 1), at("a", 1), false},
	} {
		if got := index.Older(test.a, test.b); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	users := []authv1alpha1.OAuthUser{
		{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "ann"}}, {ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "bob"}},
	}
	request := func(name string) reconcile.Request {
		return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "ns", Name: name}}
	}
	for name, test := range map[string]struct {
		wanted func(*authv1alpha1.OAuthUser) bool
		want   []reconcile.Request
	}{
		"all":  {nil, []reconcile.Request{request("ann"), request("bob")}},
		"one":  {func(user *authv1alpha1.OAuthUser) bool { return user.Name == "bob" }, []reconcile.Request{request("bob")}},
		"none": {func(*authv1alpha1.OAuthUser) bool { return false }, nil},
	} {
		if diff := cmp.Diff(test.want, index.Requests(users, test.wanted)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}
