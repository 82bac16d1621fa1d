// Package clientcall reads what a client sends to an endpoint that clients call:
// token, revocation, introspection, and whatever comes next.
//
//   - form.go reads the form, as it was sent: the backend parses it.
//   - basic.go reads the credentials of the Authorization header. Other ways of
//     authenticating, secrets and assertions, are parameters of the form, which the
//     backend checks.
//   - proofs.go reads what a request proves beside the credentials: the DPoP proof
//     with the method and the URL that it is bound to, the client certificate with
//     its chain, and the attestation of the client's software. The backend checks
//     them; what is there and cannot be passed on is refused.
//   - clientcall.go puts all of it into a Call, and says with which status a client
//     is refused.
package clientcall
