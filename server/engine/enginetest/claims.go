package enginetest

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
)

func claimsParameter(d *driver) {
	d.start()
	client := d.client("app")
	claims := `{"id_token":{"email":{"essential":true},"name#ja":null,"auth_time":null,"sub":{"value":"1001"},` +
		`"acr":{"essential":true,"values":["urn:acr:otp","urn:acr:hardware"]}},"userinfo":{"given_name":null,"https://example.com/x":{"value":[1]}}}`
	in := request("app").with(form{"claims": claims, "scope": "openid email", "acr_values": "urn:acr:password"})
	response := d.authorize(in)
	if response.Action != authlete.AuthorizationInteraction {
		d.Fatalf("authorization: %s %s", response.Action, response.ResponseContent)
	}
	if response.Subject != alice || !response.AcrEssential {
		d.Errorf("subject %q, acrEssential %v", response.Subject, response.AcrEssential)
	}
	for name, pair := range map[string][2][]string{
		"claims":           {{"email", "name#ja"}, response.Claims},
		"claimsAtUserInfo": {{"email", "email_verified", "given_name", "https://example.com/x"}, response.ClaimsAtUserInfo},
		"acrs":             {{"urn:acr:otp", "urn:acr:hardware"}, response.Acrs},
	} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			d.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, text := range map[string]string{"idTokenClaims": response.IDTokenClaims, "userInfoClaims": response.UserInfoClaims} {
		var object map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &object); err != nil || len(object) == 0 {
			d.Errorf("%s = %s: %v", name, text, err)
		}
	}
	issued := d.issue(authlete.AuthorizationIssueRequest{Ticket: response.Ticket, Claims: `{"name#ja":"アリス"}`})
	tokens := d.tokens(client, exchange(issued.AuthorizationCode))
	if got := d.idToken(tokens.IDToken)["name#ja"]; got != "アリス" {
		d.Errorf("name#ja = %v", got)
	}
	info, err := d.UserInfo(d.Context(), &authlete.UserInfoRequest{Token: tokens.AccessToken})
	d.must(err)
	if diff := cmp.Diff(response.ClaimsAtUserInfo, info.Claims); diff != "" || info.UserInfoClaims != response.UserInfoClaims {
		d.Errorf("userinfo claims (-want +got):\n%s%s", diff, info.UserInfoClaims)
	}

	voluntary := d.authorize(request("app").with(form{"claims": `{"id_token":{"acr":{"values":["urn:acr:hardware","urn:acr:otp"]}}}`}))
	if voluntary.AcrEssential || !slices.Equal(voluntary.Acrs, []string{"urn:acr:otp"}) {
		d.Errorf("voluntary acr: essential %v, %v", voluntary.AcrEssential, voluntary.Acrs)
	}
	withoutValue := d.authorize(request("app").with(form{"claims": `{"id_token":{"acr":{"essential":true}}}`, "acr_values": "urn:acr:otp"}))
	if withoutValue.AcrEssential || !slices.Equal(withoutValue.Acrs, []string{"urn:acr:otp"}) {
		d.Errorf("acr without value: essential %v, %v", withoutValue.AcrEssential, withoutValue.Acrs)
	}
	if plain := d.authorize(request("app").with(form{"claims": claims, "scope": "read"})); len(plain.Claims)+len(plain.ClaimsAtUserInfo) != 0 {
		d.Errorf("claims without openid: %v %v", plain.Claims, plain.ClaimsAtUserInfo)
	}
}

// scopeClaims: claims of scopes are for the userinfo endpoint, unless there will be no access token to fetch them with.
func scopeClaims(d *driver) {
	d.start(everything)
	d.client("app")
	with := d.authorize(request("app").with(form{"scope": "openid email"}))
	if len(with.Claims) != 0 || !slices.Equal(with.ClaimsAtUserInfo, []string{"email", "email_verified"}) {
		d.Errorf("claims %v, at userinfo %v", with.Claims, with.ClaimsAtUserInfo)
	}
	without := d.authorize(request("app").with(form{"scope": "openid email", "response_type": "id_token"}))
	if !slices.Equal(without.Claims, []string{"email", "email_verified"}) {
		d.Errorf("claims %v", without.Claims)
	}
}

func hints(d *driver) {
	d.start()
	client := d.client("app")
	token := d.tokens(client, exchange(d.code(request("app")))).IDToken
	d.Clock.Turn(time.Hour) // an ID token that has expired is a fine hint
	response := d.authorize(request("app").with(form{"id_token_hint": token, "prompt": "none"}))
	if response.Action != authlete.AuthorizationNoInteraction || response.Subject != alice {
		d.Errorf("%s, subject %q: %s", response.Action, response.Subject, response.ResultMessage)
	}
	conflict := request("app").with(form{"id_token_hint": token, "claims": `{"id_token":{"sub":{"value":"1002"}}}`})
	d.checkRefusal(d.authorize(conflict), refusalCase{want: "invalid_request"})
}
