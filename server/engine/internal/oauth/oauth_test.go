package oauth_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
)

func TestErrorContent(t *testing.T) {
	t.Parallel()
	refusal := oauth.NewError(oauth.InvalidGrant, "E050305", "bad %q\n\u00fc", `a\b`)
	var content map[string]string
	if err := json.Unmarshal([]byte(refusal.Content()), &content); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"error": "invalid_grant", "error_description": "[E050305] bad 'a''b'??"}
	if diff := cmp.Diff(want, content); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
	challenge := refusal.Challenge("Bearer")
	if challenge != `Bearer error="invalid_grant",error_description="[E050305] bad 'a''b'??"` {
		t.Errorf("challenge = %s", challenge)
	}
}

func TestSpellings(t *testing.T) {
	t.Parallel()
	for parameter, api := range map[string]authlete.ResponseType{
		"code": authlete.ResponseCode, "token id_token": authlete.ResponseIDTokenToken, "id_token code token": authlete.ResponseCodeIDTokenToken,
	} {
		got, ok := oauth.ResponseType(parameter)
		if !ok || got != api {
			t.Errorf("ResponseType(%q) = %q, %v", parameter, got, ok)
		}
	}
	if got := oauth.ResponseTypeParameter(authlete.ResponseCodeIDTokenToken); got != "code id_token token" {
		t.Errorf("ResponseTypeParameter = %q", got)
	}
	for parameter, want := range map[string]bool{"authorization_code": true, "AUTHORIZATION_CODE": false, "saml": false} {
		if _, ok := oauth.GrantType(parameter); ok != want {
			t.Errorf("GrantType(%q) known = %v", parameter, ok)
		}
	}
}
