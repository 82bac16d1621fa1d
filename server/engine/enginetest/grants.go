package enginetest

import (
	"net/url"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
)

// frontChannel is what an authorization response carries beside state and iss.
type frontChannel struct{ code, token, idToken bool }

// checkFrontChannel checks an answer with tokens.
func (d *driver) checkFrontChannel(answer url.Values, response *authlete.AuthorizationIssueResponse, want frontChannel) {
	d.Helper()
	got := frontChannel{answer.Has("code"), answer.Has("access_token"), answer.Has("id_token")}
	if got != want {
		d.Fatalf("answer = %v", answer)
	}
	if want.token {
		if answer.Get("token_type") != "Bearer" || answer.Get("expires_in") != "3600" || answer.Get("scope") != "openid read" ||
			response.AccessToken != answer.Get("access_token") || response.AccessTokenDuration != 3600 || !d.active(response.AccessToken) {
			d.Errorf("answer = %v, response = %+v", answer, response)
		}
	}
	if !want.idToken {
		return
	}
	claims := d.idToken(answer.Get("id_token"))
	wanted := map[string]any{"at_hash": nil, "c_hash": nil, "nonce": nonce, "sub": alice, "aud": "app"}
	if want.token {
		wanted["at_hash"] = halfHash(answer.Get("access_token"))
	}
	if want.code {
		wanted["c_hash"] = halfHash(answer.Get("code"))
	}
	for name, value := range wanted {
		if claims[name] != value {
			d.Errorf("%s = %v, want %v", name, claims[name], value)
		}
	}
}

func hybridFlows(d *driver) {
	d.start(everything)
	client := d.client("app")
	for responseType, want := range map[string]frontChannel{
		"code id_token":       {code: true, idToken: true},
		"code token":          {code: true, token: true},
		"id_token code token": {code: true, token: true, idToken: true},
	} {
		d.sub(responseType, func(d *driver) {
			answer, issued := d.grant(request("app").with(form{"response_type": responseType}))
			d.checkFrontChannel(answer, issued, want)
			d.contains(issued.ResponseContent, callback+"#")
			code := answer.Get("code")
			tokens := d.tokens(client, exchange(code))
			d.idToken(tokens.IDToken)
			// A replay takes what the front channel gave too.
			d.refused(d.token(client, exchange(code)), authlete.TokenBadRequest, "invalid_grant")
			if issued.AccessToken != "" && d.active(issued.AccessToken) {
				d.Error("the access token from the front channel is still active")
			}
		})
	}
}

func implicitFlows(d *driver) {
	d.start(everything)
	d.client("app")
	for responseType, want := range map[string]frontChannel{
		"id_token":       {idToken: true},
		"token":          {token: true},
		"token id_token": {token: true, idToken: true},
	} {
		d.sub(responseType, func(d *driver) {
			answer, issued := d.grant(request("app").with(form{"response_type": responseType}))
			d.checkFrontChannel(answer, issued, want)
			d.contains(issued.ResponseContent, callback+"#")
		})
	}
	d.sub("none", func(d *driver) {
		answer, _ := d.grant(request("app").with(form{"response_type": "none"}))
		if len(answer) != 2 {
			d.Errorf("answer = %v", answer)
		}
	})
}

func implicitOff(d *driver) {
	d.start()
	d.client("app")
	for _, responseType := range []string{"id_token", "token", "id_token token", "code id_token", "code token", "code id_token token", "none"} {
		response := d.authorize(request("app").with(form{"response_type": responseType}))
		if response.Action != authlete.AuthorizationLocation {
			d.Fatalf("%s: %s", responseType, response.Action)
		}
		if answer := d.answer(response.ResponseContent); answer.Get("error") != "unsupported_response_type" {
			d.Errorf("%s: %v", responseType, answer)
		}
	}
}

func clientCredentials(d *driver) {
	d.start()
	client := d.client("app")
	response := d.tokens(client, form{"grant_type": "client_credentials", "scope": "read openid nonsense offline_access"})
	if diff := cmp.Diff([]string{"read"}, response.Scopes); diff != "" {
		d.Errorf("scopes (-want +got):\n%s", diff)
	}
	if response.RefreshToken != "" || response.IDToken != "" || response.Subject != "" {
		d.Errorf("response = %+v", response)
	}
	if byDefault := d.tokens(client, form{"grant_type": "client_credentials"}); len(byDefault.Scopes) != 1 || byDefault.Scopes[0] != "read" {
		d.Errorf("default scopes = %v", byDefault.Scopes)
	}
	d.refused(d.token(client, form{"grant_type": "client_credentials", "scope": "nonsense"}), authlete.TokenBadRequest, "invalid_scope")
	limited := d.client("limited", func(c *authlete.Client) {
		c.Extension = &authlete.ClientExtension{RequestableScopesEnabled: true, RequestableScopes: []string{"write"}, AccessTokenDuration: 60}
	})
	response = d.tokens(limited, form{"grant_type": "client_credentials", "scope": "read write"})
	if len(response.Scopes) != 1 || response.Scopes[0] != "write" || response.AccessTokenDuration != 60 {
		d.Errorf("scopes = %v, duration = %d", response.Scopes, response.AccessTokenDuration)
	}
	d.refused(d.token(d.client("public", public), form{"grant_type": "client_credentials"}), authlete.TokenBadRequest, "unauthorized_client")
	d.Clock.Turn(time.Minute)
	if d.active(response.AccessToken) {
		d.Error("the access token is active after its time")
	}
}

func passwordGrant(d *driver) {
	d.start()
	client := d.client("app")
	in := form{"grant_type": "password", "username": "alice", "password": "correct horse", "scope": "read"}
	d.refused(d.token(client, in), authlete.TokenBadRequest, "unsupported_grant_type")

	d.start(everything)
	client = d.client("app")
	asked := d.token(client, in)
	if asked.Action != authlete.TokenPassword || asked.Username != "alice" || asked.Password != "correct horse" || asked.Ticket == "" {
		d.Fatalf("token: %s %s", asked.Action, asked.ResultMessage)
	}
	issued, err := d.TokenIssue(d.Context(), &authlete.TokenIssueRequest{Ticket: asked.Ticket, Subject: alice})
	d.must(err)
	if issued.Action != authlete.TokenIssueOK || issued.Subject != alice || !d.active(issued.AccessToken) {
		d.Errorf("issue: %s %s", issued.Action, issued.ResponseContent)
	}
	again, err := d.TokenIssue(d.Context(), &authlete.TokenIssueRequest{Ticket: asked.Ticket, Subject: alice})
	d.must(err)
	if again.Action != authlete.TokenIssueInternalServerError || again.AccessToken != "" {
		d.Errorf("second issue: %s", again.Action)
	}
	failed, err := d.TokenFail(d.Context(), &authlete.TokenFailRequest{
		Ticket: d.token(client, in).Ticket, Reason: authlete.TokenFailInvalidResourceOwnerCredentials,
	})
	d.must(err)
	if failed.Action != authlete.TokenFailBadRequest || errorOf(failed.ResponseContent) != "invalid_grant" {
		d.Errorf("fail: %s %s", failed.Action, failed.ResponseContent)
	}
}

func clientAuthentication(d *driver) {
	d.start()
	basic := d.client("basic")
	post := d.client("post", func(c *authlete.Client) { c.TokenAuthMethod = authlete.AuthClientSecretPost })
	exact := d.client("exact", func(c *authlete.Client) {
		c.Attributes = []authlete.Pair{{Key: authlete.AttributeAuthMethodMatch, Value: authlete.AuthMethodMatchExact}}
	})
	in := form{"grant_type": "client_credentials"}
	inBody := func(c *authlete.Client, secret string) form {
		return in.with(form{"client_id": c.ClientIDAlias, "client_secret": secret})
	}
	for name, test := range map[string]struct {
		in           form
		id, secret   string
		appendToForm string
		want         authlete.TokenAction
	}{
		"basic":                        {in, "basic", basic.ClientSecret, "", authlete.TokenOK},
		"basic, wrong secret":          {in, "basic", post.ClientSecret, "", authlete.TokenInvalidClient},
		"basic, no secret":             {in, "basic", "", "", authlete.TokenInvalidClient},
		"basic, unknown client":        {in, "nobody", "secret", "", authlete.TokenInvalidClient},
		"basic, impossible client":     {in, "\x00", "secret", "", authlete.TokenInvalidClient},
		"nothing":                      {in, "", "", "", authlete.TokenInvalidClient},
		"post":                         {inBody(post, post.ClientSecret), "", "", "", authlete.TokenOK},
		"post, wrong secret":           {inBody(post, "wrong"), "", "", "", authlete.TokenInvalidClient},
		"post by a client of basic":    {inBody(basic, basic.ClientSecret), "", "", "", authlete.TokenOK},
		"basic by a client of post":    {in, "post", post.ClientSecret, "", authlete.TokenOK},
		"post by a pinned client":      {inBody(exact, exact.ClientSecret), "", "", "", authlete.TokenInvalidClient},
		"two methods":                  {inBody(post, post.ClientSecret), "post", post.ClientSecret, "", authlete.TokenBadRequest},
		"a repeated parameter":         {in, "basic", basic.ClientSecret, "&grant_type=password", authlete.TokenBadRequest},
		"parameters that do not parse": {in, "basic", basic.ClientSecret, "&scope=%zz", authlete.TokenBadRequest},
	} {
		d.sub(name, func(d *driver) {
			response, err := d.Token(d.Context(), &authlete.TokenRequest{
				Parameters: test.in.encode() + test.appendToForm, ClientID: test.id, ClientSecret: test.secret,
			})
			d.must(err)
			if response.Action != test.want {
				d.Errorf("action %s, want %s: %s", response.Action, test.want, response.ResponseContent)
			}
		})
	}
}
