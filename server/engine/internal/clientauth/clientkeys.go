package clientauth

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/json"
	"fmt"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/registry"
)

const (
	// minRSABits is what RFC 7518, section 3.3 demands.
	minRSABits = 2048
	// maxRSABits bounds the time of one verification.
	maxRSABits = 8192
	// maxCandidates bounds how many keys are tried for one assertion.
	maxCandidates = 8
)

// verifySignature says whether one of the client's keys made the signature.
func (a *Authenticator) verifySignature(ctx context.Context, client *registry.Client, in *assertion) bool {
	if client.JWKS != "" {
		keys, err := parseKeys([]byte(client.JWKS))
		a.noteKeys(ctx, client, err)
		return in.signedByOneOf(keys)
	}
	if client.JWKSURI == "" {
		return false
	}
	if keys, err := a.remote.get(ctx, client.JWKSURI); err == nil && in.signedByOneOf(keys) {
		return true
	}
	// The client may have published a new key since.
	keys, err := a.remote.renew(ctx, client.JWKSURI)
	a.noteKeys(ctx, client, err)
	return in.signedByOneOf(keys)
}

// noteKeys tells the operator of the server why a client is refused: its keys are out of reach or unreadable.
func (a *Authenticator) noteKeys(ctx context.Context, client *registry.Client, err error) {
	if err != nil {
		a.deps.Log.WarnContext(ctx, "Reading client keys failed", "clientId", client.ClientID, "error", err)
	}
}

// signedByOneOf tries the keys that fit the header.
func (in *assertion) signedByOneOf(keys []jose.JSONWebKey) bool {
	header, tried := &in.token.Headers[0], 0
	for i := range keys {
		key := &keys[i]
		if header.KeyID != "" && key.KeyID != header.KeyID || !usable(key, header.Algorithm) {
			continue
		}
		if tried++; tried > maxCandidates {
			return false
		}
		if in.token.Claims(key.Key) == nil {
			return true
		}
	}
	return false
}

// usable says whether a key may verify signatures of an algorithm. Symmetric
// and private keys never may: they would not be the client's alone.
func usable(key *jose.JSONWebKey, alg string) bool {
	if key.Use != "" && key.Use != "sig" || key.Algorithm != "" && key.Algorithm != alg {
		return false
	}
	switch public := key.Key.(type) {
	case *rsa.PublicKey:
		bits := public.N.BitLen()
		return bits >= minRSABits && bits <= maxRSABits && alg != string(authlete.ES256)
	case *ecdsa.PublicKey:
		return alg == string(authlete.ES256)
	default:
		return false
	}
}

// parseKeys reads a JWK Set. Keys of an unknown kind are left out (RFC 7517, section 5).
func parseKeys(doc []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(doc, &set); err != nil {
		return nil, fmt.Errorf("decoding JWK Set: %w", err)
	}
	keys := make([]jose.JSONWebKey, 0, len(set.Keys))
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(raw); err == nil {
			keys = append(keys, key)
		}
	}
	return keys, nil
}
