package enginetest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
)

// halfHash is at_hash or c_hash (OpenID Connect Core 1.0, section 3.3.2.11).
func halfHash(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

func codeFlow(d *driver) {
	d.start()
	client := d.client("app")
	ticket := d.ticket(request("app"))
	loggedIn := d.Clock.Now().Unix() - 30
	issued := d.issue(authlete.AuthorizationIssueRequest{
		Ticket: ticket, AuthTime: loggedIn, Acr: "urn:acr:password",
		Claims: `{"name":"Alice Adams","email":"alice@example.com","sub":"someone else","aud":"evil"}`,
	})
	if issued.Action != authlete.AuthorizationIssueLocation {
		d.Fatalf("issue: %s %s", issued.Action, issued.ResultMessage)
	}
	answer := d.answer(issued.ResponseContent)
	if answer.Get("code") != issued.AuthorizationCode || len(issued.AuthorizationCode) < 43 || len(answer) != 3 {
		d.Errorf("answer = %v", answer)
	}
	response := d.tokens(client, exchange(issued.AuthorizationCode))
	var body map[string]any
	d.must(json.Unmarshal([]byte(response.ResponseContent), &body))
	want := map[string]any{
		"access_token": response.AccessToken, "refresh_token": response.RefreshToken, "id_token": response.IDToken,
		"token_type": "Bearer", "expires_in": 3600.0, "scope": "openid read",
	}
	if diff := cmp.Diff(want, body); diff != "" {
		d.Errorf("token response (-want +got):\n%s", diff)
	}
	now := float64(d.Clock.Now().Unix())
	wantClaims := map[string]any{
		"iss": Issuer, "sub": alice, "aud": "app", "exp": now + 600, "iat": now, "auth_time": float64(loggedIn), "nonce": nonce,
		"acr": "urn:acr:password", "at_hash": halfHash(response.AccessToken), "name": "Alice Adams", "email": "alice@example.com",
	}
	if diff := cmp.Diff(wantClaims, d.idToken(response.IDToken)); diff != "" {
		d.Errorf("ID token (-want +got):\n%s", diff)
	}
	if response.Subject != alice || response.ClientID != client.ClientID || response.GrantType != authlete.GrantAuthorizationCode ||
		response.AccessTokenExpiresAt != d.Clock.Now().Add(time.Hour).UnixMilli() {
		d.Errorf("response = %+v", response)
	}
}

func plainCodeFlow(d *driver) {
	d.start()
	app := d.client("app")
	native := d.client("native", public, func(c *authlete.Client) {
		c.ApplicationType, c.RedirectURIs = authlete.ApplicationNative, []string{"http://127.0.0.1/callback"}
	})
	in := form{
		"response_type": "code", "client_id": "native", "redirect_uri": "http://127.0.0.1:49152/callback", "scope": "read",
		"code_challenge": challenge, "code_challenge_method": "S256",
	}
	issued := d.issue(authlete.AuthorizationIssueRequest{Ticket: d.ticket(in)})
	d.contains(issued.ResponseContent, "http://127.0.0.1:49152/callback?code="+issued.AuthorizationCode)
	redirect := form{"redirect_uri": "http://127.0.0.1:49152/callback"}
	response := d.tokens(native, exchange(issued.AuthorizationCode).with(redirect))
	if response.IDToken != "" {
		d.Error("an ID token without the scope openid")
	}
	if response.RefreshToken == "" {
		d.Error("no refresh token")
	}
	odd := "\x00\"'<>\\ü\u2028%"
	issued = d.issue(authlete.AuthorizationIssueRequest{Ticket: d.ticket(request("app").with(form{"nonce": odd, "state": odd}))})
	d.contains(issued.ResponseContent, "&state="+url.QueryEscape(odd)+"&")
	if got := d.idToken(d.tokens(app, exchange(issued.AuthorizationCode)).IDToken)["nonce"]; got != odd {
		d.Errorf("nonce = %q", got)
	}
}

func codeReplay(d *driver) {
	d.start()
	client := d.client("app")
	code := d.code(request("app"))
	first := d.tokens(client, exchange(code))
	if !d.active(first.AccessToken) || !d.active(first.RefreshToken) {
		d.Fatal("the tokens are not active")
	}
	d.refused(d.token(client, exchange(code)), authlete.TokenBadRequest, "invalid_grant")
	if d.active(first.AccessToken) || d.active(first.RefreshToken) {
		d.Error("the tokens of a code that was used twice are still active (RFC 6749, section 4.1.2)")
	}
	d.refused(d.token(client, form{"grant_type": "refresh_token", "refresh_token": first.RefreshToken}), authlete.TokenBadRequest, "invalid_grant")
}

func codeRefusals(d *driver) {
	d.start()
	client := d.client("app")
	other := d.client("other")
	code := d.code(request("app"))
	for name, test := range map[string]struct {
		client *authlete.Client
		change form
		want   string
	}{
		"no code":              {client, form{"code": ""}, "invalid_request"},
		"unknown code":         {client, form{"code": "nothing"}, "invalid_grant"},
		"another client":       {other, nil, "invalid_grant"},
		"another redirect URI": {client, form{"redirect_uri": callback + "/"}, "invalid_grant"},
		"no redirect URI":      {client, form{"redirect_uri": ""}, "invalid_grant"},
		"no verifier":          {client, form{"code_verifier": ""}, "invalid_grant"},
		"wrong verifier":       {client, form{"code_verifier": challenge}, "invalid_grant"},
		"short verifier":       {client, form{"code_verifier": "abc"}, "invalid_grant"},
		"no grant type":        {client, form{"grant_type": ""}, "invalid_request"},
		"unknown grant type":   {client, form{"grant_type": "telepathy"}, "unsupported_grant_type"},
	} {
		d.sub(name, func(d *driver) {
			d.refused(d.token(test.client, exchange(code).with(test.change)), authlete.TokenBadRequest, test.want)
		})
	}
	d.tokens(client, exchange(code)) // none of that used the code up

	late := d.code(request("app"))
	d.Clock.Turn(time.Minute)
	d.refused(d.token(client, exchange(late)), authlete.TokenBadRequest, "invalid_grant")

	unchallenged := d.code(request("app").with(form{"code_challenge": "", "code_challenge_method": ""}))
	d.refused(d.token(client, exchange(unchallenged)), authlete.TokenBadRequest, "invalid_grant") // RFC 9700, section 4.8.2
	d.tokens(client, exchange(unchallenged).with(form{"code_verifier": ""}))
}

// refreshed is the token request for a refresh token.
func refreshed(token string) form { return form{"grant_type": "refresh_token", "refresh_token": token} }

func refresh(d *driver) {
	d.start()
	client := d.client("app")
	first := d.tokens(client, exchange(d.code(request("app"))))
	d.Clock.Turn(time.Minute)
	second := d.tokens(client, refreshed(first.RefreshToken).with(form{"scope": "openid"}))
	if second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken {
		d.Error("the tokens did not change")
	}
	if diff := cmp.Diff([]string{"openid"}, second.Scopes); diff != "" {
		d.Errorf("scopes (-want +got):\n%s", diff)
	}
	claims := d.idToken(second.IDToken)
	if claims["sub"] != alice || claims["aud"] != "app" || claims["nonce"] != nil || claims["at_hash"] != halfHash(second.AccessToken) {
		d.Errorf("ID token = %v", claims)
	}
	before := d.idToken(first.IDToken)
	if claims["auth_time"] != before["auth_time"] || claims["iat"] == before["iat"] {
		d.Errorf("ID token = %v, before %v", claims, before)
	}
	third := d.tokens(client, refreshed(second.RefreshToken)) // narrowing held for one access token
	if diff := cmp.Diff([]string{"openid", "read"}, third.Scopes); diff != "" {
		d.Errorf("scopes (-want +got):\n%s", diff)
	}
	if !d.active(first.AccessToken) || d.active(second.RefreshToken) {
		d.Error("a refresh must leave access tokens alone and end the refresh token")
	}
}

func refreshReplay(d *driver) {
	d.start()
	for _, alias := range []string{"confidential", "public"} {
		d.sub(alias, func(d *driver) {
			var changes []func(*authlete.Client)
			if alias == "public" {
				changes = append(changes, public)
			}
			client := d.client(alias, changes...)
			first := d.tokens(client, exchange(d.code(request(alias))))
			second := d.tokens(client, refreshed(first.RefreshToken))
			d.refused(d.token(client, refreshed(first.RefreshToken)), authlete.TokenBadRequest, "invalid_grant")
			if d.active(second.AccessToken) || d.active(second.RefreshToken) || d.active(first.AccessToken) {
				d.Error("the family of a refresh token that was used twice is still active (RFC 9700, section 4.14.2)")
			}
			d.refused(d.token(client, refreshed(second.RefreshToken)), authlete.TokenBadRequest, "invalid_grant")
		})
	}
}

func refreshRefusals(d *driver) {
	d.start()
	client, other := d.client("app"), d.client("other")
	none := d.client("none", func(c *authlete.Client) { c.GrantTypes = []authlete.GrantType{authlete.GrantAuthorizationCode} })
	tokens := d.tokens(client, exchange(d.code(request("app"))))
	d.refused(d.token(client, refreshed("")), authlete.TokenBadRequest, "invalid_request")
	d.refused(d.token(client, refreshed("nothing")), authlete.TokenBadRequest, "invalid_grant")
	d.refused(d.token(client, refreshed(tokens.AccessToken)), authlete.TokenBadRequest, "invalid_grant")
	d.refused(d.token(other, refreshed(tokens.RefreshToken)), authlete.TokenBadRequest, "invalid_grant")
	d.refused(d.token(client, refreshed(tokens.RefreshToken).with(form{"scope": "openid write"})), authlete.TokenBadRequest, "invalid_scope")
	if without := d.tokens(none, exchange(d.code(request("none")))); without.RefreshToken != "" {
		d.Error("a refresh token for a client that may not use it")
	}
	d.refused(d.token(none, refreshed(tokens.RefreshToken)), authlete.TokenBadRequest, "unauthorized_client")
	d.Clock.Turn(24 * time.Hour)
	d.refused(d.token(client, refreshed(tokens.RefreshToken)), authlete.TokenBadRequest, "invalid_grant")
}

func refreshKept(d *driver) {
	d.start(func(s *authlete.Service) { s.RefreshTokenKept = true })
	client, unproven := d.client("app"), d.client("public", public)
	first := d.tokens(client, exchange(d.code(request("app"))))
	for range 2 {
		if again := d.tokens(client, refreshed(first.RefreshToken)); again.RefreshToken != first.RefreshToken {
			d.Error("the refresh token was not kept")
		}
	}
	rotating := d.tokens(unproven, exchange(d.code(request("public"))))
	if again := d.tokens(unproven, refreshed(rotating.RefreshToken)); again.RefreshToken == rotating.RefreshToken {
		d.Error("the refresh token of a public client was kept (RFC 9700, section 4.14.2)")
	}
}
