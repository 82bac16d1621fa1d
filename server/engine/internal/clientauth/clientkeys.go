package clientauth

import (
	"context"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/clientkeys"
	"github.com/authserver-dev/operator/server/engine/internal/registry"
)

// maxCandidates bounds how many keys are tried for one assertion.
const maxCandidates = 8

// verifySignature says whether one of the client's keys made the signature.
func (a *Authenticator) verifySignature(ctx context.Context, client *registry.Client, in *assertion) bool {
	if client.JWKS != "" {
		keys, err := clientkeys.Parse([]byte(client.JWKS))
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

// signedByOneOf tries the keys that fit the header. A kid is a hint (RFC 7515, section 4.1.4): keys that have it come
// first, and one that was registered without a kid may be any.
func (in *assertion) signedByOneOf(keys []jose.JSONWebKey) bool {
	header, tried := &in.token.Headers[0], 0
	for _, named := range []bool{true, false} {
		for i := range keys {
			key := &keys[i]
			unnamed := key.KeyID == "" || header.KeyID == ""
			if named == unnamed || !unnamed && key.KeyID != header.KeyID || !clientkeys.Usable(key, authlete.JWSAlg(header.Algorithm)) {
				continue
			}
			if tried++; tried > maxCandidates {
				return false
			}
			if in.token.Claims(key.Key) == nil {
				return true
			}
		}
	}
	return false
}
