package conformance

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"

	"golang.org/x/crypto/argon2"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/test/servertest"
)

// Who logs in.
const (
	subject  = "1001"
	username = "alice"
)

// person returns a user who has every standard claim. Her hash is the cheapest that the server takes: there are more than
// a thousand logins.
func person(tb testing.TB) configv1alpha1.User {
	tb.Helper()
	salt := []byte("conformance")
	key := argon2.IDKey([]byte(servertest.Password), salt, 1, 8, 1, 32)
	user := configv1alpha1.User{
		Subject: subject, Username: username, Claims: map[string]json.RawMessage{},
		PasswordHash: fmt.Sprintf("$argon2id$v=%d$m=8,t=1,p=1$%s$%s", argon2.Version,
			base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)),
	}
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
