package issue

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/jsontext"
)

const claimSub = "sub"

// idTokenType is the typ header of ID tokens.
const idTokenType = "JWT"

// IDToken is what an ID token says.
type IDToken struct {
	// Client is the audience; Audience its identifier as the client spells it.
	Client   *authlete.Client
	Audience string
	// Subject is the end-user; Details, never nil, replaces it where Details.Sub is set.
	Subject string
	Details *GrantDetails
	// Nonce is that of the authorization request; empty in a refreshed token (OpenID Connect Core 1.0, section 12.2).
	Nonce string
	// AccessToken and Code get an at_hash and a c_hash, where they are issued along with the ID token.
	AccessToken string
	Code        string
}

// IDToken makes an ID token, signed with the client's algorithm.
func (m *Minter) IDToken(ctx context.Context, token IDToken) (string, error) {
	service := m.deps.Settings.Service()
	payload, err := token.payload(service, m.deps.Clock())
	if err != nil {
		return "", err
	}
	signed, err := m.deps.Signer.Sign(ctx, m.Alg(token.Client), payload, idTokenType)
	if err != nil {
		return "", fmt.Errorf("signing ID token: %w", err)
	}
	return signed, nil
}

// Alg is the algorithm of a client's ID tokens.
func (m *Minter) Alg(client *authlete.Client) authlete.JWSAlg {
	if client.IDTokenSignAlg != "" {
		return client.IDTokenSignAlg
	}
	return m.deps.DefaultAlg
}

// payload returns the claims. All supported algorithms use SHA-256 for the hash claims.
func (t *IDToken) payload(service *authlete.Service, now time.Time) ([]byte, error) {
	subject := t.Subject
	if t.Details.Sub != "" {
		subject = t.Details.Sub
	}
	object := jsontext.NewObject(512 + len(t.Details.IDTokenClaims))
	object.String("iss", service.Issuer)
	object.String(claimSub, subject)
	object.String("aud", t.Audience)
	object.Int("exp", now.Unix()+service.IDTokenDuration)
	object.Int("iat", now.Unix())
	if t.Details.AuthTime > 0 {
		object.Int("auth_time", t.Details.AuthTime)
	}
	object.NonEmpty("nonce", t.Nonce)
	object.NonEmpty("acr", t.Details.Acr)
	if t.AccessToken != "" {
		object.String("at_hash", halfHash(t.AccessToken))
	}
	if t.Code != "" {
		object.String("c_hash", halfHash(t.Code))
	}
	if err := addClaims(object, t.Details.IDTokenClaims); err != nil {
		return nil, err
	}
	return object.Bytes(), nil
}

// addClaims adds the front end's claims, sorted by name, except those that are the protocol's own.
func addClaims(object *jsontext.Object, claims json.RawMessage) error {
	if len(claims) == 0 {
		return nil
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(claims, &members); err != nil {
		return fmt.Errorf("reading claims: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !protocolClaim(name) {
			object.Raw(name, members[name])
		}
	}
	return nil
}

// protocolClaim says whether a claim is the engine's to set, so that the front
// end's claims can neither override nor forge it (OpenID Connect Core 1.0,
// section 2; RFC 7519, section 4.1).
func protocolClaim(name string) bool {
	switch name {
	case "iss", claimSub, "aud", "exp", "iat", "nbf", "jti", "azp", "auth_time", "nonce", "acr",
		"at_hash", "c_hash", "s_hash", "sid", "cnf":
		return true
	default:
		return false
	}
}

// halfHash is the at_hash or c_hash of a value (OpenID Connect Core 1.0, section 3.3.2.11).
func halfHash(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
