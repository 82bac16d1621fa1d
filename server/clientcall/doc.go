// Package clientcall reads what a client sends to an endpoint that clients call:
// token, revocation, introspection, and whatever comes next.
//
//   - form.go reads the form, as it was sent: the backend parses it.
//   - basic.go reads the credentials of the Authorization header. Other ways of
//     authenticating, secrets and assertions, are parameters of the form, which the
//     backend checks.
//   - clientcall.go puts both into a Call, and says with which status a client is
//     refused.
//
// What a request proves beside the credentials belongs into one structure of its
// own, a member of Call that Reader.Read fills: the DPoP proof, the client
// certificate with its chain, and the method and the URL that a proof is bound to.
package clientcall
