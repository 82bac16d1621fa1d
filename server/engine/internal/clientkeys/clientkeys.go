package clientkeys

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/authserver-dev/operator/internal/authlete"
)

const (
	// minRSABits is what RFC 7518, section 3.3 demands.
	minRSABits = 2048
	// maxRSABits bounds the time of one verification.
	maxRSABits = 8192
)

// Kinds of keys, as a JWK names them: the type, with the curve where there are several.
const (
	kindRSA     = "RSA"
	kindP256    = "P-256"
	kindP384    = "P-384"
	kindP521    = "P-521"
	kindEd25519 = "Ed25519"
)

// kindOf returns the kind of key that an algorithm needs; "" for one that is not supported (RFC 7518, section 3.1; RFC 8037).
func kindOf(alg authlete.JWSAlg) string {
	switch alg {
	case "RS256", "RS384", "RS512", "PS256", "PS384", "PS512":
		return kindRSA
	case "ES256":
		return kindP256
	case "ES384":
		return kindP384
	case "ES512":
		return kindP521
	case "EdDSA":
		return kindEd25519
	default:
		return ""
	}
}

// Algorithms returns the algorithms that clients may sign assertions with.
func Algorithms() []authlete.JWSAlg {
	return []authlete.JWSAlg{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}

// Supported says whether clients may sign assertions with the algorithm.
func Supported(alg authlete.JWSAlg) bool { return kindOf(alg) != "" }

// Usable says whether a key may verify signatures of an algorithm. Symmetric and private keys never may: they would not be
// the client's alone.
func Usable(key *jose.JSONWebKey, alg authlete.JWSAlg) bool {
	if key.Algorithm != "" && key.Algorithm != string(alg) {
		return false
	}
	kind, problem := classify(key)
	return problem == "" && kind == kindOf(alg)
}

// classify returns the kind of a key, or why no algorithm can use it.
func classify(key *jose.JSONWebKey) (kind, problem string) {
	if key.Use != "" && key.Use != "sig" {
		return "", fmt.Sprintf("its use is %q", key.Use)
	}
	switch public := key.Key.(type) {
	case *rsa.PublicKey:
		if bits := public.N.BitLen(); bits < minRSABits || bits > maxRSABits {
			return "", fmt.Sprintf("an RSA key has %d to %d bits, this one has %d", minRSABits, maxRSABits, bits)
		}
		kind = kindRSA
	case *ecdsa.PublicKey:
		kind = public.Curve.Params().Name
	case ed25519.PublicKey:
		kind = kindEd25519
	default:
		return "", "it is not a public key of a type that signs"
	}
	if key.Algorithm != "" && kindOf(authlete.JWSAlg(key.Algorithm)) != kind {
		return "", fmt.Sprintf("its algorithm %q does not fit, or is not one of %s", key.Algorithm, list())
	}
	return kind, ""
}

func list() string {
	var names []string
	for _, alg := range Algorithms() {
		names = append(names, string(alg))
	}
	return strings.Join(names, ", ")
}

// Parse reads a JWK Set. Keys of an unknown kind are left out (RFC 7517, section 5).
func Parse(doc []byte) ([]jose.JSONWebKey, error) {
	keys, _, err := parse(doc)
	return keys, err
}

// parse also returns how many keys could not be read.
func parse(doc []byte) (keys []jose.JSONWebKey, unread int, err error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(doc, &set); err != nil {
		return nil, 0, fmt.Errorf("decoding JWK Set: %w", err)
	}
	keys = make([]jose.JSONWebKey, 0, len(set.Keys))
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(raw); err != nil {
			unread++
			continue
		}
		keys = append(keys, key)
	}
	return keys, unread, nil
}

// Check says why a JWK Set cannot be registered for assertions of an algorithm, or of any where alg is empty. A set may
// hold keys for other uses beside one that fits, but no private and no weak one.
func Check(doc []byte, alg authlete.JWSAlg) error {
	keys, unread, err := parse(doc)
	if err != nil {
		return err
	}
	if len(keys)+unread == 0 {
		return errors.New("it has no key")
	}
	var problems []string
	for i := range keys {
		if weak := refused(&keys[i]); weak != "" {
			return fmt.Errorf("key %d: %s", i+1, weak)
		}
		if problem := unfit(&keys[i], alg); problem != "" {
			problems = append(problems, fmt.Sprintf("key %d: %s", i+1, problem))
		}
	}
	if len(problems) < len(keys) {
		return nil
	}
	if unread > 0 {
		problems = append(problems, fmt.Sprintf("%d of a type that is not known", unread))
	}
	return fmt.Errorf("no key can verify an assertion (%s)", strings.Join(problems, "; "))
}

// refused says why a key may be in no set; "" for one that may.
func refused(key *jose.JSONWebKey) string {
	if !key.IsPublic() || !key.Valid() {
		return "it is not a valid public key"
	}
	if public, ok := key.Key.(*rsa.PublicKey); ok && public.N.BitLen() < minRSABits {
		_, problem := classify(key)
		return problem
	}
	return ""
}

// unfit says why a key cannot verify assertions of the algorithm, or of any where alg is empty; "" for one that can.
func unfit(key *jose.JSONWebKey, alg authlete.JWSAlg) string {
	kind, problem := classify(key)
	if problem == "" && alg != "" && !Usable(key, alg) {
		return fmt.Sprintf("it is of the kind %s and not for %s", kind, alg)
	}
	return problem
}
