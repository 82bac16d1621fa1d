package interaction

import (
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
)

// TestRequestObject: what the front end decides from the request itself, it decides from the request object where there is
// one: where the person is sent to, and that max_age=0 demands a login.
func TestRequestObject(t *testing.T) {
	t.Parallel()
	const outside, inside = "https://app.example.com/outside", "https://app.example.com/inside"
	for name, test := range map[string]struct {
		parameters, object string
		redirect           string
		fresh              bool
	}{
		"none":                   {"redirect_uri=" + outside, "", outside, false},
		"max_age outside":        {"redirect_uri=" + outside + "&max_age=0", "", outside, true},
		"a redirect URI":         {"request=x&redirect_uri=" + outside, `{"redirect_uri":"` + inside + `"}`, inside, false},
		"max_age, a number":      {"request=x", `{"redirect_uri":"` + inside + `","max_age":0}`, inside, true},
		"max_age, text":          {"request=x", `{"max_age":"0"}`, "", true},
		"another max_age":        {"request=x&max_age=0", `{"max_age":60}`, "", false},
		"members of other types": {"redirect_uri=" + outside, `{"redirect_uri":["x"],"max_age":null,"claims":{},"x":true}`, outside, false},
		"no JSON":                {"redirect_uri=" + outside, `x`, outside, false},
	} {
		in := New(&authlete.AuthorizationResponse{Ticket: "t", Client: &authlete.Client{}, RequestObjectPayload: test.object}, test.parameters, now())
		if in.RedirectURI != test.redirect || in.FreshLogin != test.fresh {
			t.Errorf("%s: %q, fresh login %v", name, in.RedirectURI, in.FreshLogin)
		}
	}
}
