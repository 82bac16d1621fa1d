package enginetest

import (
	"encoding/json"

	"github.com/authserver-dev/operator/internal/authlete"
)

// clientPKCE: a client may be stricter than the service.
func clientPKCE(d *driver) {
	d.start(func(s *authlete.Service) { s.PkceS256Required = false })
	d.client("free")
	d.client("demanding", func(c *authlete.Client) { c.PkceRequired = true })
	d.client("hashed", func(c *authlete.Client) { c.PkceS256Required = true })
	without := form{"code_challenge": "", "code_challenge_method": ""}
	plain := form{"code_challenge": verifier, "code_challenge_method": "plain"}
	for name, test := range map[string]struct {
		client  string
		change  form
		granted bool
	}{
		"free, without": {"free", without, true}, "free, plain": {"free", plain, true}, "free, S256": {"free", nil, true},
		"demanding, without": {"demanding", without, false}, "demanding, plain": {"demanding", plain, true}, "demanding, S256": {"demanding", nil, true},
		"hashed, without": {"hashed", without, true}, "hashed, plain": {"hashed", plain, false}, "hashed, S256": {"hashed", nil, true},
	} {
		d.sub(name, func(d *driver) {
			response := d.authorize(request(test.client).with(test.change))
			if granted := response.Action == authlete.AuthorizationInteraction; granted != test.granted {
				d.Errorf("%s %s", response.Action, response.ResponseContent)
			}
		})
	}
	// A client that became stricter after its code was issued.
	client := d.client("late")
	code := d.code(request("late").with(plain))
	bare := d.code(request("late").with(without))
	changed, err := d.ClientGet(d.Context(), "late")
	d.must(err)
	changed.PkceRequired, changed.PkceS256Required = true, true
	_, err = d.ClientUpdate(d.Context(), "late", changed)
	d.must(err)
	d.Clock.Turn(cacheTime)
	d.refused(d.token(client, exchange(code)), authlete.TokenBadRequest, "invalid_grant")
	d.refused(d.token(client, exchange(bare).with(form{"code_verifier": ""})), authlete.TokenBadRequest, "invalid_grant")
}

// serviceAuthMethods: a method that discovery does not list is refused, whoever uses it.
func serviceAuthMethods(d *driver) {
	d.start(func(s *authlete.Service) {
		s.SupportedTokenAuthMethods = []authlete.ClientAuthMethod{authlete.AuthClientSecretBasic}
		s.SupportedRevocationAuthMethods = []authlete.ClientAuthMethod{authlete.AuthClientSecretPost}
	})
	basic := d.client("basic")
	post := d.client("post", func(c *authlete.Client) { c.TokenAuthMethod = authlete.AuthClientSecretPost })
	d.client("public", public)
	inBody := form{"client_id": "post", "client_secret": post.ClientSecret}
	grant := form{"grant_type": "client_credentials", "scope": "read"}
	d.tokens(basic, grant)
	for name, in := range map[string]form{"post": inBody, "none": {"client_id": "public"}} {
		response, err := d.Token(d.Context(), &authlete.TokenRequest{Parameters: grant.with(in).encode()})
		d.must(err)
		if response.Action != authlete.TokenInvalidClient {
			d.Errorf("%s at the token endpoint: %s %s", name, response.Action, response.ResponseContent)
		}
	}
	revoked, err := d.Revocation(d.Context(), &authlete.RevocationRequest{Parameters: inBody.with(form{"token": "x"}).encode()})
	d.must(err)
	if revoked.Action != authlete.RevocationOK {
		d.Errorf("post at the revocation endpoint: %s %s", revoked.Action, revoked.ResponseContent)
	}
	revoked, err = d.Revocation(d.Context(), &authlete.RevocationRequest{Parameters: "token=x", ClientID: "basic", ClientSecret: basic.ClientSecret})
	d.must(err)
	if revoked.Action != authlete.RevocationInvalidClient {
		d.Errorf("basic at the revocation endpoint: %s %s", revoked.Action, revoked.ResponseContent)
	}
}

// newerReasons: reasons that libraries have and the documents do not.
func newerReasons(d *driver) {
	d.start(everything)
	client := d.client("app")
	for reason, want := range map[authlete.AuthorizationFailReason]string{
		"INVALID_SCOPE": "invalid_scope", "UNAUTHORIZED_CLIENT": "unauthorized_client", "TEMPORARILY_UNAVAILABLE": "temporarily_unavailable",
	} {
		response, err := d.AuthorizationFail(d.Context(), &authlete.AuthorizationFailRequest{Ticket: d.ticket(request("app")), Reason: reason})
		d.must(err)
		if response.Action != authlete.AuthorizationFailActionLocation || d.answer(response.ResponseContent).Get("error") != want {
			d.Errorf("%s: %s %s", reason, response.Action, response.ResponseContent)
		}
	}
	in := form{"grant_type": "password", "username": "alice", "password": "correct horse", "scope": "read"}
	for reason, want := range map[authlete.TokenFailReason]string{
		"INVALID_SCOPE": "invalid_scope", "UNAUTHORIZED_CLIENT": "unauthorized_client", "INVALID_CLIENT": "invalid_client",
	} {
		response, err := d.TokenFail(d.Context(), &authlete.TokenFailRequest{Ticket: d.token(client, in).Ticket, Reason: reason})
		d.must(err)
		if response.Action != authlete.TokenFailBadRequest || errorOf(response.ResponseContent) != want {
			d.Errorf("%s: %s %s", reason, response.Action, response.ResponseContent)
		}
	}
}

// passwordIssue: the answer says of the tokens what is in the content.
func passwordIssue(d *driver) {
	d.start(everything)
	client := d.client("app")
	in := form{"grant_type": "password", "username": "alice", "password": "correct horse", "scope": "read write"}
	issued, err := d.TokenIssue(d.Context(), &authlete.TokenIssueRequest{Ticket: d.token(client, in).Ticket, Subject: alice})
	d.must(err)
	var content struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Expires int64  `json:"expires_in"`
	}
	d.must(json.Unmarshal([]byte(issued.ResponseContent), &content))
	switch {
	case issued.AccessToken != content.Access, issued.RefreshToken != content.Refresh, content.Refresh == "":
		d.Errorf("other tokens than in the content: %+v", issued)
	case issued.AccessTokenDuration != content.Expires, issued.AccessTokenExpiresAt != d.Clock.Now().UnixMilli()+1000*content.Expires:
		d.Errorf("other lifetimes than in the content: %+v", issued)
	case issued.RefreshTokenDuration != 86400, issued.RefreshTokenExpiresAt != d.Clock.Now().UnixMilli()+86400*1000:
		d.Errorf("the refresh token's lifetime: %+v", issued)
	case issued.ClientID != client.ClientID, issued.ClientIDAlias != "app", !issued.ClientIDAliasUsed, issued.Subject != alice, len(issued.Scopes) != 2:
		d.Errorf("client, subject or scopes: %+v", issued)
	}
}

// excerpts: what is shown of service and client must not say of a setting that it is off where it is on.
func excerpts(d *driver) {
	d.start(func(s *authlete.Service) { s.RefreshTokenKept, s.IssSuppressed, s.ScopeRequired = true, true, true })
	client := d.client("app", func(c *authlete.Client) { c.AuthTimeRequired = true })
	response := d.authorize(request("app"))
	service, err := d.ServiceGet(d.Context())
	d.must(err)
	for name, pair := range map[string][2]any{"service": {response.Service, service}, "client": {response.Client, client}} {
		var excerpt, whole map[string]json.RawMessage
		for i, into := range []*map[string]json.RawMessage{&excerpt, &whole} {
			text, err := json.Marshal(pair[i])
			d.must(err)
			d.must(json.Unmarshal(text, into))
		}
		for member, value := range excerpt {
			if string(value) != string(whole[member]) {
				d.Errorf("%s of the %s is %s in the excerpt, %s in force", member, name, value, whole[member])
			}
		}
	}
}
