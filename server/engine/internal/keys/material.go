package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// rsaBits is what RFC 7518, section 3.3 demands at least; more costs three times as much per signature.
const rsaBits = 2048

// ErrUnsupported means that the ring makes no keys for an algorithm.
var ErrUnsupported = errors.New("unsupported signing algorithm")

// Algorithms returns the algorithms that a Ring signs with.
func Algorithms() []authlete.JWSAlg { return []authlete.JWSAlg{authlete.ES256, authlete.RS256} }

// private is the sealed part of a key.
type private struct {
	// PKCS8 is the private key.
	PKCS8 []byte `json:"pkcs8"`
	// History is what the key remembers of rotation requests.
	History history `json:"history,omitzero"`
}

// material is a key ready for use. It outlives reloads, so that it is opened once.
type material struct {
	signer  crypto.Signer
	history history

	mu sync.Mutex
	// byType are the JOSE signers per typ header: making one costs a third of a signature.
	byType map[string]jose.Signer
}

func newMaterial(signer crypto.Signer, past history) *material {
	return &material{signer: signer, history: past, byType: map[string]jose.Signer{}}
}

// sealContext binds a private key to its kid.
func sealContext(kid string) string { return "signing-key/" + kid }

// generate makes a key of an algorithm and its record.
func generate(sealer *Sealer, alg authlete.JWSAlg, past history) (store.Key, error) {
	signer, err := generateSigner(alg)
	if err != nil {
		return store.Key{}, err
	}
	public := jose.JSONWebKey{Key: signer.Public(), Algorithm: string(alg), Use: "sig"}
	thumbprint, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return store.Key{}, fmt.Errorf("computing thumbprint: %w", err)
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
	publicDoc, err := public.MarshalJSON()
	if err != nil {
		return store.Key{}, fmt.Errorf("encoding public key: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		return store.Key{}, fmt.Errorf("encoding private key: %w", err)
	}
	doc, err := json.Marshal(private{PKCS8: pkcs8, History: past})
	if err != nil {
		return store.Key{}, fmt.Errorf("encoding private key: %w", err)
	}
	sealed, err := sealer.Seal(doc, sealContext(public.KeyID))
	if err != nil {
		return store.Key{}, fmt.Errorf("sealing private key: %w", err)
	}
	return store.Key{KID: public.KeyID, Alg: string(alg), Public: publicDoc, PrivateSealed: sealed}, nil
}

func generateSigner(alg authlete.JWSAlg) (crypto.Signer, error) {
	switch alg {
	case authlete.RS256:
		key, err := rsa.GenerateKey(rand.Reader, rsaBits)
		if err != nil {
			return nil, fmt.Errorf("generating RSA key: %w", err)
		}
		return key, nil
	case authlete.ES256:
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("generating EC key: %w", err)
		}
		return key, nil
	default:
		return nil, fmt.Errorf("%w: %q", ErrUnsupported, alg)
	}
}

// open makes a stored key ready for use.
func open(sealer *Sealer, record *store.Key) (*material, error) {
	doc, err := sealer.Open(record.PrivateSealed, sealContext(record.KID))
	if err != nil {
		return nil, fmt.Errorf("opening signing key %q: %w", record.KID, err)
	}
	var stored private
	if err := json.Unmarshal(doc, &stored); err != nil {
		return nil, fmt.Errorf("decoding signing key %q: %w", record.KID, err)
	}
	key, err := x509.ParsePKCS8PrivateKey(stored.PKCS8)
	if err != nil {
		return nil, fmt.Errorf("decoding signing key %q: %w", record.KID, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("decoding signing key %q: it cannot sign", record.KID)
	}
	return newMaterial(signer, stored.History), nil
}

// joseSigner returns the signer for a typ header.
func (m *material) joseSigner(kid, alg, typ string) (jose.Signer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if signer, ok := m.byType[typ]; ok {
		return signer, nil
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{
			Algorithm: jose.SignatureAlgorithm(alg),
			Key:       jose.JSONWebKey{Key: m.signer, KeyID: kid},
		},
		(&jose.SignerOptions{}).WithType(jose.ContentType(typ)),
	)
	if err != nil {
		return nil, fmt.Errorf("preparing signer: %w", err)
	}
	m.byType[typ] = signer
	return signer, nil
}
