// Package token is the embedded engine's side of the token endpoint: the calls
// auth/token, auth/token/issue and auth/token/fail.
//
// Each grant type is a file, and New lists them all. A grant reads what it needs, decides in a pure
// function, makes the tokens, and then commits everything with one verb of the
// store, so that a request that fails uses nothing up and of parallel requests
// one succeeds.
//
// Decisions that the RFCs leave open:
//
//   - A refresh token is issued whenever the service and the client allow the
//     grant type, with or without offline_access, as Authlete does.
//   - A code or refresh token of another client answers as if it did not exist and
//     is left as it was. Its own client using it twice loses the grant.
//   - Refresh tokens rotate unless the service keeps them; those of public clients
//     always rotate (RFC 9700, section 4.14.2).
//   - A refreshed ID token repeats the claims of the first one without the nonce
//     (OpenID Connect Core 1.0, section 12.2).
//   - Client credentials never get openid or offline_access: there is no end-user.
//     Requesting only scopes that the client may not have is invalid_scope.
//   - A wrong password is invalid_grant (RFC 6749, section 5.2); Authlete says
//     invalid_request.
//   - The password grant never gets openid: OpenID Connect has no such grant.
//
// A refusal is an action. An error means that the outcome could not be found out,
// because the store or the signing keys were out of reach.
package token
