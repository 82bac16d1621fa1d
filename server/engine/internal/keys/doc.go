// Package keys owns everything the embedded engine encrypts or signs with: the
// Sealer, which encrypts client secrets and private keys at rest under the key
// encryption key (KEK), and the Ring, which leads signing keys through their life.
//
// # Life of a signing key
//
// pending (published in the JWK Set, so that relying parties know it before they
// meet its signature) -> active (signs; one per algorithm) -> retiring (published
// until the last ID token that it signed has expired) -> deleted. The first key
// of an algorithm is active at once: nobody has cached a JWK Set without it.
//
// A key gives way at the age RotationSeconds, or when RotationRequest changes.
// Every key carries, inside its sealed part, how many requests have been answered
// so far and the last of them. A request that any key knows is therefore done,
// whichever replica asks and however many of them still run with the value before;
// a value works once. A request that begins with Immediately does not wait for
// the time of publication, and the keys that it replaces are deleted at once.
// A new pending key replaces those that wait.
//
// # Replicas
//
// The store is the truth. Each replica reloads every few seconds (Maintain), when
// a conflict shows that another one was faster, and when it is asked for an
// algorithm it has no key of. One replica at a time, the holder of a lease,
// creates, activates and deletes. A pending key never becomes active before every
// replica had two reloads to publish it.
//
// # Start-up
//
// Making an RSA key takes a tenth of a second or more. Start makes missing keys
// in the background; Sign and JWKS wait for them, and Ready says when they are
// there. With a store that has keys, Start is a read.
//
// The package must not know OAuth messages, clients or HTTP.
package keys
