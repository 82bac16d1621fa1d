package clientauth

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/clientkeys"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/params"
	"github.com/authserver-dev/operator/server/engine/internal/registry"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

const (
	// maxAssertion bounds an assertion before anything of it is parsed. A real one has a few hundred bytes.
	maxAssertion = 8 << 10
	// maxLifetime bounds how far ahead exp may lie, and so how long a jti is remembered.
	maxLifetime = time.Hour
	// clockSkew lets the clocks of client and server differ: FAPI 2.0 accepts 10 s and refuses 60 s.
	clockSkew = 30 * time.Second
	// maxJTI bounds what is hashed and remembered.
	maxJTI = 256
)

// assertion is a client assertion. Its claims are hearsay until verify has seen the signature.
type assertion struct {
	token  *jwt.JSONWebToken
	claims jwt.Claims
}

// readAssertion parses the assertion of a request.
func readAssertion(values *params.Values) (*assertion, *oauth.Error) {
	if values.Get("client_assertion_type") != assertionType {
		return nil, oauth.NewError(oauth.InvalidClient, codeAssertionType, "The client_assertion_type is not supported.")
	}
	return parseAssertion(values.Get("client_assertion"))
}

func parseAssertion(raw string) (*assertion, *oauth.Error) {
	malformed := func() *oauth.Error {
		return oauth.NewError(oauth.InvalidClient, codeAssertionForm,
			"The client assertion is not a JWT signed with a supported algorithm.")
	}
	if len(raw) > maxAssertion {
		return nil, malformed()
	}
	var algs []jose.SignatureAlgorithm
	for _, alg := range clientkeys.Algorithms() {
		algs = append(algs, jose.SignatureAlgorithm(alg))
	}
	token, err := jwt.ParseSigned(raw, algs)
	if err != nil || len(token.Headers) != 1 {
		return nil, malformed()
	}
	parsed := &assertion{token: token}
	if err := token.UnsafeClaimsWithoutVerification(&parsed.claims); err != nil {
		return nil, malformed()
	}
	// RFC 7523, section 3: both name the client.
	if parsed.claims.Subject == "" || parsed.claims.Issuer != parsed.claims.Subject {
		return nil, oauth.NewError(oauth.InvalidClient, codeAssertionClaims,
			"The claims iss and sub of the client assertion must both be the client identifier.")
	}
	return parsed, nil
}

// verify checks the signature and the claims of an assertion.
func (a *Authenticator) verify(ctx context.Context, client *registry.Client, in *assertion) *oauth.Error {
	header := &in.token.Headers[0]
	if pinned := client.TokenAuthSignAlg; pinned != "" && header.Algorithm != string(pinned) {
		return wrongCredentials()
	}
	if !a.verifySignature(ctx, client, in) {
		return wrongCredentials()
	}
	return checkClaims(&in.claims, a.deps.Registry.Service(), a.deps.Clock())
}

// checkClaims checks the claims of an assertion whose signature is good (RFC 7523, section 3).
func checkClaims(claims *jwt.Claims, service *authlete.Service, now time.Time) *oauth.Error {
	if !audienceIsOurs(claims.Audience, service) {
		return oauth.NewError(oauth.InvalidClient, codeAssertionClaims,
			"The aud claim of the client assertion must be the issuer.")
	}
	if claims.ID == "" || len(claims.ID) > maxJTI {
		return oauth.NewError(oauth.InvalidClient, codeAssertionClaims,
			"The client assertion needs a jti claim of at most %d bytes.", maxJTI)
	}
	late := func(text string) *oauth.Error {
		return oauth.NewError(oauth.InvalidClient, codeAssertionTime, "The client assertion %s.", text)
	}
	// Whole seconds: claims may lie anywhere in the range of int64, where time arithmetic saturates.
	at, skew := now.Unix(), int64(clockSkew/time.Second)
	switch {
	case claims.Expiry == nil:
		return late("has no exp claim")
	case int64(*claims.Expiry) <= at-skew:
		return late("has expired")
	case int64(*claims.Expiry) > at+int64(maxLifetime/time.Second):
		return late("expires too far in the future")
	case claims.NotBefore != nil && int64(*claims.NotBefore) > at+skew:
		return late("is not yet valid")
	case claims.IssuedAt != nil && int64(*claims.IssuedAt) > at+skew:
		return late("was issued in the future")
	}
	return nil
}

// audienceIsOurs demands that every audience is this server, named by its issuer
// or token endpoint: an assertion that is good elsewhere too could have been
// obtained there.
func audienceIsOurs(audience jwt.Audience, service *authlete.Service) bool {
	if len(audience) == 0 {
		return false
	}
	return !slices.ContainsFunc(audience, func(value string) bool {
		return value == "" || value != service.Issuer && value != service.TokenEndpoint
	})
}

// once uses up the id of an assertion (RFC 7523, section 3, number 7).
func (a *Authenticator) once(ctx context.Context, client *registry.Client, in *assertion) error {
	expiresAt := in.claims.Expiry.Time().Add(clockSkew)
	id := store.HashOf("client-assertion\x00" + strconv.FormatInt(client.ClientID, 10) + "\x00" + in.claims.ID)
	fresh, err := a.deps.Replays.RememberID(ctx, id, expiresAt)
	if err != nil {
		return fmt.Errorf("remembering assertion: %w", err)
	}
	if !fresh {
		return oauth.NewError(oauth.InvalidClient, codeAssertionReplay, "The client assertion was used before.")
	}
	return nil
}
