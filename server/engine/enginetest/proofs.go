package enginetest

import "github.com/authserver-dev/operator/internal/authlete"

// proofs: tokens are bound to nothing, so that a proof of possession is refused, and spends nothing.
func proofs(d *driver) {
	d.start()
	client := d.client("app")
	code := d.code(request("app"))
	proof := authlete.DPoPProof{DPoP: "proof", HTM: "POST", HTU: "https://login.example.com/api/token"}
	response, err := d.Token(d.Context(), &authlete.TokenRequest{
		Parameters: exchange(code).encode(), ClientID: client.ClientIDAlias, ClientSecret: client.ClientSecret, Proofs: authlete.Proofs{DPoPProof: proof},
	})
	d.must(err)
	d.refused(response, authlete.TokenBadRequest, "invalid_request")
	tokens := d.tokens(client, exchange(code))
	for name, test := range map[string]struct {
		request authlete.UserInfoRequest
		want    authlete.UserInfoAction
	}{
		"with a proof": {authlete.UserInfoRequest{Token: tokens.AccessToken, DPoPProof: proof}, authlete.UserInfoUnauthorized},
		"without":      {authlete.UserInfoRequest{Token: tokens.AccessToken}, authlete.UserInfoOK},
	} {
		got, err := d.UserInfo(d.Context(), &test.request)
		d.must(err)
		if got.Action != test.want {
			d.Errorf("%s: %s %s", name, got.Action, got.ResponseContent)
		}
	}
}

// federation: there is no entity configuration.
func federation(d *driver) {
	d.start()
	response, err := d.FederationConfiguration(d.Context(), &authlete.FederationConfigurationRequest{EntityTypes: []string{authlete.EntityOpenIDProvider}})
	d.must(err)
	if response.Action != authlete.FederationConfigurationNotFound || errorOf(response.ResponseContent) != "not_found" {
		d.Errorf("%s %s", response.Action, response.ResponseContent)
	}
}
