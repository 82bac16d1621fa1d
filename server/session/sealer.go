package session

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/server/config"
	"github.com/authserver-dev/operator/server/livefile"
)

// ErrSealed means that a sealed value is not one of ours, or that its key has left the ring.
var ErrSealed = errors.New("the sealed value cannot be opened")

// Purposes of sealed values.
const (
	PurposeSession     = "session"
	PurposeInteraction = "interaction"
	PurposeRequest     = "request"
	PurposeHistory     = "history"
)

// Sealer seals and opens values with the keys of a ring file.
type Sealer struct {
	ring  *livefile.Value[*ring]
	clock func() time.Time
}

// ring is the decoded key ring: one key seals, all open.
type ring struct {
	file configv1alpha1.KeyRing
	keys map[string]cipher.AEAD
}

// sealing returns the id of the key that seals. A replica that has read a new ring earlier than the others does not seal
// with what they cannot open.
func (r *ring) sealing(now time.Time) string { return r.file.Keys[r.file.Sealing(now)].ID }

// OpenSealer reads the key ring file.
func OpenSealer(path string, clock func() time.Time, log *slog.Logger) (*Sealer, error) {
	value, err := livefile.Open(livefile.Options[*ring]{
		Name: "session key ring", Paths: []string{path}, Log: log,
		Load: func() (*ring, error) {
			data, err := config.ReadFile(path)
			if err != nil {
				return nil, err
			}
			return parseRing(data)
		},
	})
	if err != nil {
		return nil, err
	}
	return &Sealer{ring: value, clock: clock}, nil
}

// Run keeps the ring up to date until the context ends.
func (s *Sealer) Run(ctx context.Context) { s.ring.Run(ctx) }

// Healthy says whether the ring could be read the last time.
func (s *Sealer) Healthy() bool { return s.ring.Healthy() }

var keyID = regexp.MustCompile(`^[a-z0-9]{1,16}$`)

// parseRing decodes a key ring. Its errors do not show keys.
func parseRing(data []byte) (*ring, error) {
	var file configv1alpha1.KeyRing
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, errors.New("it is not a key ring in JSON")
	}
	if len(file.Keys) == 0 {
		return nil, errors.New("it has no key")
	}
	decoded := &ring{file: file, keys: map[string]cipher.AEAD{}}
	for i, key := range file.Keys {
		if !keyID.MatchString(key.ID) || decoded.keys[key.ID] != nil {
			return nil, fmt.Errorf("keys[%d]: the id is malformed or not unique", i)
		}
		aead, err := chacha20poly1305.NewX(key.Key)
		if err != nil {
			return nil, fmt.Errorf("keys[%d]: the key does not have %d bytes", i, chacha20poly1305.KeySize)
		}
		decoded.keys[key.ID] = aead
	}
	return decoded, nil
}

// bind is what is authenticated beside a value: its purpose, and the version of the format.
func bind(purpose string) []byte { return []byte("authserver/v1/" + purpose) }

// Seal encodes and encrypts a value for a purpose: keyid.base64url(nonce || ciphertext).
func (s *Sealer) Seal(purpose string, value any) (string, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("encoding a %s: %w", purpose, err)
	}
	r := s.ring.Get()
	id := r.sealing(s.clock())
	aead := r.keys[id]
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("reading randomness: %w", err)
	}
	return id + "." + base64.RawURLEncoding.EncodeToString(aead.Seal(nonce, nonce, plain, bind(purpose))), nil
}

// Open decrypts and decodes what Seal made for the purpose; every failure is ErrSealed.
func (s *Sealer) Open(purpose, sealed string, into any) error {
	id, text, _ := strings.Cut(sealed, ".")
	aead := s.ring.Get().keys[id]
	if aead == nil {
		return ErrSealed
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(data) < aead.NonceSize() {
		return ErrSealed
	}
	plain, err := aead.Open(nil, data[:aead.NonceSize()], data[aead.NonceSize():], bind(purpose))
	if err != nil || json.Unmarshal(plain, into) != nil {
		return ErrSealed
	}
	return nil
}
