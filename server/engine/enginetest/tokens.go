package enginetest

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
)

func introspection(d *driver) {
	d.start()
	client := d.client("app")
	tokens := d.tokens(client, exchange(d.code(request("app"))))
	machine := d.tokens(client, form{"grant_type": "client_credentials"})
	for name, test := range map[string]struct {
		req    authlete.IntrospectionRequest
		action authlete.IntrospectionAction
	}{
		"good":            {authlete.IntrospectionRequest{Token: tokens.AccessToken, Scopes: []string{"read"}, Subject: alice}, authlete.IntrospectionOK},
		"machine":         {authlete.IntrospectionRequest{Token: machine.AccessToken}, authlete.IntrospectionOK},
		"missing scope":   {authlete.IntrospectionRequest{Token: tokens.AccessToken, Scopes: []string{"write"}}, authlete.IntrospectionForbidden},
		"another subject": {authlete.IntrospectionRequest{Token: tokens.AccessToken, Subject: "1002"}, authlete.IntrospectionForbidden},
		"unknown":         {authlete.IntrospectionRequest{Token: "nothing"}, authlete.IntrospectionUnauthorized},
		"refresh token":   {authlete.IntrospectionRequest{Token: tokens.RefreshToken}, authlete.IntrospectionUnauthorized},
		"none":            {authlete.IntrospectionRequest{}, authlete.IntrospectionBadRequest},
	} {
		d.sub(name, func(d *driver) {
			response, err := d.Introspection(d.Context(), &test.req)
			d.must(err)
			if response.Action != test.action || !strings.HasPrefix(response.ResponseContent, "Bearer ") {
				d.Errorf("%s %s, want %s", response.Action, response.ResponseContent, test.action)
			}
			if test.action == authlete.IntrospectionOK && (!response.Existent || !response.Usable || !response.Sufficient) {
				d.Errorf("response = %+v", response)
			}
			if test.action == authlete.IntrospectionUnauthorized && (response.Usable || response.Subject != "" || response.ClientID != 0) {
				d.Errorf("response = %+v", response)
			}
		})
	}
	var got map[string]any
	d.must(json.Unmarshal([]byte(d.introspect(tokens.AccessToken)), &got))
	now := float64(d.Clock.Now().Unix())
	want := map[string]any{
		"active": true, "sub": alice, "scope": "openid read", "client_id": "app", "aud": "app", "iss": Issuer, "token_type": "Bearer", "exp": now + 3600, "iat": now,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		d.Errorf("introspection (-want +got):\n%s", diff)
	}
	// A machine's token names no end-user (RFC 9700, section 4.15).
	if content := d.introspect(machine.AccessToken); strings.Contains(content, `"sub"`) {
		d.Errorf("sub in %s", content)
	}
	if content := d.introspect("nothing"); content != `{"active":false}` {
		d.Errorf("unknown token: %s", content)
	}
	bad, err := d.StandardIntrospection(d.Context(), &authlete.StandardIntrospectionRequest{Parameters: "token_type_hint=access_token"})
	d.must(err)
	if bad.Action != authlete.StandardIntrospectionBadRequest {
		d.Errorf("no token: %s", bad.Action)
	}
	d.Clock.Turn(time.Hour)
	if d.active(tokens.AccessToken) || !d.active(tokens.RefreshToken) {
		d.Error("after an hour the refresh token alone must be active")
	}
}

// revoke makes a revocation request.
func (d *driver) revoke(client *authlete.Client, in form) authlete.RevocationAction {
	d.Helper()
	response, err := d.Revocation(d.Context(), &authlete.RevocationRequest{
		Parameters: in.encode(), ClientID: client.ClientIDAlias, ClientSecret: client.ClientSecret,
	})
	d.must(err)
	return response.Action
}

func revocation(d *driver) {
	d.start()
	client, other := d.client("app"), d.client("other")
	first := d.tokens(client, exchange(d.code(request("app"))))
	if action := d.revoke(other, form{"token": first.RefreshToken}); action != authlete.RevocationOK || !d.active(first.RefreshToken) {
		d.Errorf("another client's token: %s", action)
	}
	if action := d.revoke(client, form{"token": first.AccessToken, "token_type_hint": "refresh_token"}); action != authlete.RevocationOK {
		d.Errorf("revocation: %s", action)
	}
	if d.active(first.AccessToken) || !d.active(first.RefreshToken) {
		d.Error("the access token alone must be revoked")
	}
	second := d.tokens(client, refreshed(first.RefreshToken))
	if action := d.revoke(client, form{"token": second.RefreshToken}); action != authlete.RevocationOK {
		d.Errorf("revocation: %s", action)
	}
	if d.active(second.AccessToken) || d.active(second.RefreshToken) {
		d.Error("a revoked refresh token takes its access tokens along (RFC 7009, section 2.1)")
	}
	if action := d.revoke(client, form{"token": "nothing"}); action != authlete.RevocationOK {
		d.Errorf("unknown token: %s", action)
	}
	if action := d.revoke(client, form{}); action != authlete.RevocationBadRequest {
		d.Errorf("no token: %s", action)
	}
	wrong := *client
	wrong.ClientSecret = "wrong"
	if action := d.revoke(&wrong, form{"token": "nothing"}); action != authlete.RevocationInvalidClient {
		d.Errorf("wrong secret: %s", action)
	}
}

func userinfo(d *driver) {
	d.start()
	client := d.client("app")
	tokens := d.tokens(client, exchange(d.code(request("app").with(form{"scope": "openid email"}))))
	response, err := d.UserInfo(d.Context(), &authlete.UserInfoRequest{Token: tokens.AccessToken})
	d.must(err)
	if response.Action != authlete.UserInfoOK || response.Subject != alice || response.ClientID != client.ClientID ||
		!slices.Equal(response.Claims, []string{"email", "email_verified"}) {
		d.Errorf("response = %+v", response)
	}
	issued, err := d.UserInfoIssue(d.Context(), &authlete.UserInfoIssueRequest{Token: tokens.AccessToken, Claims: `{"email":"alice@example.com","sub":"evil"}`})
	d.must(err)
	if issued.Action != authlete.UserInfoIssueJSON || issued.ResponseContent != `{"sub":"1001","email":"alice@example.com"}` {
		d.Errorf("%s %s", issued.Action, issued.ResponseContent)
	}
	plain := d.tokens(client, exchange(d.code(request("app").with(form{"scope": "read"}))))
	machine := d.tokens(client, form{"grant_type": "client_credentials"})
	for name, test := range map[string]struct {
		token string
		want  authlete.UserInfoAction
		error string
	}{
		"none":      {"", authlete.UserInfoBadRequest, "invalid_request"},
		"unknown":   {"nothing", authlete.UserInfoUnauthorized, "invalid_token"},
		"no openid": {plain.AccessToken, authlete.UserInfoForbidden, "insufficient_scope"},
		"machine":   {machine.AccessToken, authlete.UserInfoUnauthorized, "invalid_token"},
	} {
		d.sub(name, func(d *driver) {
			response, err := d.UserInfo(d.Context(), &authlete.UserInfoRequest{Token: test.token})
			d.must(err)
			if response.Action != test.want || !strings.Contains(response.ResponseContent, `error="`+test.error+`"`) {
				d.Errorf("%s %s", response.Action, response.ResponseContent)
			}
		})
	}
	if d.revoke(client, form{"token": tokens.AccessToken}) != authlete.RevocationOK {
		d.Fatal("the token was not revoked")
	}
	late, err := d.UserInfoIssue(d.Context(), &authlete.UserInfoIssueRequest{Token: tokens.AccessToken})
	d.must(err)
	if late.Action != authlete.UserInfoIssueUnauthorized {
		d.Errorf("after revocation: %s", late.Action)
	}
}
