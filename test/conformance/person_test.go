package conformance

import (
	"encoding/json"
	"testing"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/test/servertest"
)

// Who logs in.
const (
	subject  = "1001"
	username = "alice"
)

// person returns a user who has every standard claim.
func person(tb testing.TB) configv1alpha1.User {
	tb.Helper()
	user := servertest.Alice(tb)
	for name, value := range map[string]any{
		"name": "Alice Adams", "given_name": "Alice", "family_name": "Adams", "middle_name": "Ann", "nickname": "Ali",
		"preferred_username": "alice", "profile": "https://alice.example.com/", "picture": "https://alice.example.com/picture.png",
		"website": "https://alice.example.com/", "gender": "female", "birthdate": "1990-01-31", "zoneinfo": "Europe/Berlin", "locale": "en-GB",
		"updated_at": 1700000000, "email": "alice@example.com", "email_verified": true,
		"phone_number": "+1 (425) 555-1212", "phone_number_verified": true,
		"address": map[string]string{"formatted": "1 Example Street, Example Town", "country": "GB"},
	} {
		text, err := json.Marshal(value)
		if err != nil {
			tb.Fatal(err)
		}
		user.Claims[name] = text
	}
	return user
}

// standardClaims are the standard claims (OpenID Connect Core 1.0, section 5.1) and the scopes that they belong to
// (section 5.4).
func standardClaims() map[string][]string {
	return map[string][]string{
		"openid": {"sub"},
		"profile": {
			"name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
			"gender", "birthdate", "zoneinfo", "locale", "updated_at",
		},
		"email":   {"email", "email_verified"},
		"address": {"address"},
		"phone":   {"phone_number", "phone_number_verified"},
	}
}
