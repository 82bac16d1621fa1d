package keys

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	jose "github.com/go-jose/go-jose/v4"
)

// HintVerifier checks ID tokens that come back as id_token_hint. Both fields are required.
type HintVerifier struct {
	Ring *Ring
	// Issuer returns the issuer in force.
	Issuer func() string
}

// VerifyHint checks signature and issuer. An ID token that has expired is a fine hint (OpenID Connect Core 1.0, 3.1.2.1).
func (v HintVerifier) VerifyHint(ctx context.Context, idToken string) (string, error) {
	var algorithms []jose.SignatureAlgorithm
	for _, algorithm := range Algorithms() {
		algorithms = append(algorithms, jose.SignatureAlgorithm(algorithm))
	}
	signed, err := jose.ParseSignedCompact(idToken, algorithms)
	if err != nil {
		return "", fmt.Errorf("parsing an ID token: %w", err)
	}
	document, err := v.Ring.JWKS(ctx)
	if err != nil {
		return "", err
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(document, &set); err != nil {
		return "", fmt.Errorf("decoding the JWK Set: %w", err)
	}
	for _, key := range set.Key(signed.Signatures[0].Header.KeyID) {
		payload, err := signed.Verify(key)
		if err != nil {
			continue
		}
		return subjectOf(payload, v.Issuer())
	}
	return "", errors.New("verifying an ID token: no key of ours made the signature")
}

func subjectOf(payload []byte, issuer string) (string, error) {
	var claims struct {
		Issuer  string `json:"iss"`
		Subject string `json:"sub"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return "", fmt.Errorf("decoding an ID token: %w", err)
	}
	if claims.Issuer != issuer || claims.Subject == "" {
		return "", errors.New("verifying an ID token: it is not one of this issuer")
	}
	return claims.Subject, nil
}
