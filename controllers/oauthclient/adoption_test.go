package oauthclient

import (
	"context"
	"errors"
	"net/http"
	"testing"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

// clients are those of a backend that only reads them.
type clients struct {
	authlete.Management
	all []*authlete.Client
}

// ClientGet finds a client by its number or alias.
func (c clients) ClientGet(_ context.Context, identifier string) (*authlete.Client, error) {
	for _, one := range c.all {
		if identifies(identifier, one) {
			return one, nil
		}
	}
	return nil, &authlete.Error{Status: http.StatusNotFound}
}

// TestLocate: an adopted client is found again under any alias, and another one is never taken for it.
func TestLocate(t *testing.T) {
	t.Parallel()
	const lost, nothing = authv1alpha1.ReasonAdoptedClientLost, authv1alpha1.ReasonNothingToAdopt
	marked := []authlete.Pair{{Key: authlete.AttributeOwner, Value: "apps/shop/uid-1"}}
	for name, test := range map[string]struct {
		named, clientID, before string
		observe                 bool
		there                   []*authlete.Client
		want                    int64
		reason                  string
	}{
		"by number":                          {"5", "", "", false, []*authlete.Client{{ClientID: 5}}, 5, ""},
		"by alias":                           {"conf", "", "", false, []*authlete.Client{{ClientID: 5, ClientIDAlias: "conf"}}, 5, ""},
		"not there":                          {"conf", "", "", false, nil, 0, nothing},
		"taken over, another alias since":    {"conf", "shop", "5", false, []*authlete.Client{{ClientID: 5, ClientIDAlias: "shop", Attributes: marked}}, 5, ""},
		"the status was lost, another alias": {"conf", "shop", "", false, []*authlete.Client{{ClientID: 5, ClientIDAlias: "shop", Attributes: marked}}, 5, ""},
		"gone, by number":                    {"5", "", "5", false, nil, 0, lost},
		"gone, by alias":                     {"conf", "", "5", false, nil, 0, lost},
		"gone, and made anew by somebody":    {"conf", "", "5", false, []*authlete.Client{{ClientID: 6, ClientIDAlias: "conf"}}, 0, lost},
		"the same, only observed":            {"conf", "", "5", true, []*authlete.Client{{ClientID: 6, ClientIDAlias: "conf"}}, 6, ""},
		"the same, named by number":          {"6", "", "5", false, []*authlete.Client{{ClientID: 6, ClientIDAlias: "conf"}}, 6, ""},
		"another number, which is not there": {"6", "", "5", false, []*authlete.Client{{ClientID: 5}}, 0, nothing},
		"two clients for one object": {
			"6", "", "5", false, []*authlete.Client{{ClientID: 5, Attributes: marked}, {ClientID: 6}}, 0, authv1alpha1.ReasonNotManaged,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := declared(adopting(test.named))
			c.Spec.ClientID, c.Status.BackendClientID, c.Spec.Management = test.clientID, test.before, authv1alpha1.ClientEnforce
			if test.observe {
				c.Spec.Management = authv1alpha1.ClientObserve
			}
			have, err := locate(t.Context(), c, clients{all: test.there})
			var missing *missingError
			switch {
			case test.reason == "" && (err != nil || have.ClientID != test.want):
				t.Errorf("client %+v, error %v", have, err)
			case test.reason != "" && (!errors.As(err, &missing) || missing.reason != test.reason):
				t.Errorf("client %+v, error %v, want %s", have, err, test.reason)
			}
		})
	}
}
