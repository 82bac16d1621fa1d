package clientauth_test

import (
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
)

// TestClientsShareNoIDs: the jti of an assertion is its client's own (RFC 7523, section 3): another client may use the same.
func TestClientsShareNoIDs(t *testing.T) {
	t.Parallel()
	f := newClients(t)
	f.AddClient(8, "jwt2", func(c *authlete.Client) {
		c.TokenAuthMethod, c.JWKS = authlete.AuthPrivateKeyJWT, publicKeys(t, ecKey("k1"))
	})
	for _, client := range []string{"jwt", "jwt2"} {
		assertion := goodAssertion(f)
		assertion.claims["iss"], assertion.claims["sub"] = client, client
		body := bodyOf(assertion.sign(t))
		if _, err := f.Clients.Authenticate(t.Context(), credentials(t, body, "", "")); err != nil {
			t.Errorf("%s: %v", client, err)
		}
		_, err := f.Clients.Authenticate(t.Context(), credentials(t, body, "", ""))
		wantRefusal(t, err, oauth.InvalidClient, "E157314")
	}
}

// TestIDsAreKeptForTheSkew: an assertion that is taken a little after its end because clocks differ is known as used until
// then.
func TestIDsAreKeptForTheSkew(t *testing.T) {
	t.Parallel()
	f := newClients(t)
	assertion := goodAssertion(f)
	assertion.claims["exp"] = f.Clock.Now().Unix() + 60
	body := bodyOf(assertion.sign(t))
	if _, err := f.Clients.Authenticate(t.Context(), credentials(t, body, "", "")); err != nil {
		t.Fatal(err)
	}
	f.Clock.Advance(60*time.Second + 29*time.Second)
	if _, err := f.Store.Sweep(t.Context(), f.Clock.Now(), 1000); err != nil {
		t.Fatal(err)
	}
	_, err := f.Clients.Authenticate(t.Context(), credentials(t, body, "", ""))
	wantRefusal(t, err, oauth.InvalidClient, "E157314")
}
