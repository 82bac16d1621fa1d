package oauthclient

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

// declared is an object, changed.
func declared(change func(*authv1alpha1.OAuthClient)) *authv1alpha1.OAuthClient {
	c := &authv1alpha1.OAuthClient{
		ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "shop", UID: "uid-1"},
		Spec:       authv1alpha1.OAuthClientSpec{RedirectURIs: []authv1alpha1.RedirectURI{"https://shop.example.com/b", "https://shop.example.com/a"}},
	}
	if change != nil {
		change(c)
	}
	return c
}

func adopting(identifier string) func(*authv1alpha1.OAuthClient) {
	return func(c *authv1alpha1.OAuthClient) { c.Spec.Adopt = &authv1alpha1.ClientAdoption{Client: identifier} }
}

func TestClaim(t *testing.T) {
	t.Parallel()
	const mine, predecessor, other = "apps/shop/uid-1", "apps/shop/uid-0", "elsewhere/till/uid-9"
	for name, test := range map[string]struct {
		owner  string
		change func(*authv1alpha1.OAuthClient)
		shared bool
		want   string // part of the refusal; "" for none
	}{
		"its own":                             {mine, nil, true, ""},
		"nobody's":                            {"", nil, true, `spec.adopt.client to "42"`},
		"nobody's, adopted by number":         {"", adopting("42"), true, ""},
		"nobody's, adopted by alias":          {"", adopting("shop"), true, ""},
		"nobody's, another is to be adopted":  {"", adopting("43"), true, "no OAuthClient made"},
		"another object's":                    {other, nil, true, "elsewhere/till"},
		"another object's, adopted":           {other, adopting("42"), true, "elsewhere/till"},
		"another object's, engine in pods":    {other, nil, false, "elsewhere/till"},
		"a predecessor's":                     {predecessor, nil, true, "an earlier OAuthClient of this name"},
		"a predecessor's, adopted":            {predecessor, adopting("42"), true, ""},
		"a predecessor's, the engine in pods": {predecessor, nil, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			have := &authlete.Client{ClientID: 42, ClientIDAlias: "shop"}
			if test.owner != "" {
				have.Attributes = []authlete.Pair{{Key: authlete.AttributeOwner, Value: test.owner}}
			}
			err := claim(have, declared(test.change), test.shared)
			if (err == nil) != (test.want == "") || (err != nil && !strings.Contains(err.Error(), test.want)) {
				t.Errorf("error = %v, want %q", err, test.want)
			}
		})
	}
}
