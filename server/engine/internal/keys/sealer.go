package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// KEKSize is the size of a key encryption key: AES-256.
const KEKSize = 32

const (
	sealVersion = 1
	keyIDSize   = 8
	headerSize  = 1 + keyIDSize
)

// ErrSealed means that a sealed value cannot be opened: it was sealed under
// another key encryption key, for another purpose, or it was altered.
var ErrSealed = errors.New("sealed value cannot be opened with this key encryption key")

// Sealer encrypts small secrets with AES-256-GCM. A sealed value is
//
//	version (1 byte) | key id (8 bytes) | nonce (12 bytes) | ciphertext and tag
//
// and is bound to the context that it was sealed for: a value moved to another
// record does not open. The key id tells values that a new KEK has yet to reach.
type Sealer struct {
	rand    io.Reader
	primary keyID
	aeads   map[keyID]cipher.AEAD
}

type keyID [keyIDSize]byte

// NewSealer returns a Sealer that seals under kek and opens what was sealed
// under it or under one of the previous keys.
func NewSealer(rand io.Reader, kek []byte, previous ...[]byte) (*Sealer, error) {
	sealer := &Sealer{rand: rand, primary: idOf(kek), aeads: make(map[keyID]cipher.AEAD, 1+len(previous))}
	for _, key := range append([][]byte{kek}, previous...) {
		aead, err := newAEAD(key)
		if err != nil {
			return nil, err
		}
		sealer.aeads[idOf(key)] = aead
	}
	return sealer, nil
}

func newAEAD(kek []byte) (cipher.AEAD, error) {
	if len(kek) != KEKSize {
		return nil, fmt.Errorf("key encryption key has %d bytes, want %d", len(kek), KEKSize)
	}
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, fmt.Errorf("preparing key encryption key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("preparing key encryption key: %w", err)
	}
	return aead, nil
}

// idOf names a KEK without giving it away: a hash under a label of its own.
func idOf(kek []byte) keyID {
	hash := sha256.New()
	hash.Write([]byte("authserver.dev/kek-id/v1\x00"))
	hash.Write(kek)
	return keyID(hash.Sum(nil))
}

// Seal encrypts a value for a context, e.g. "client-secret/42". Opening needs the same context.
func (s *Sealer) Seal(plain []byte, context string) ([]byte, error) {
	aead := s.aeads[s.primary]
	sealed := make([]byte, headerSize+aead.NonceSize(), headerSize+aead.NonceSize()+len(plain)+aead.Overhead())
	sealed[0] = sealVersion
	copy(sealed[1:headerSize], s.primary[:])
	nonce := sealed[headerSize:]
	if _, err := io.ReadFull(s.rand, nonce); err != nil {
		return nil, fmt.Errorf("reading randomness: %w", err)
	}
	return aead.Seal(sealed, nonce, plain, associated(sealed[:headerSize], context)), nil //nolint:gosec // the nonce was just read
}

// Open decrypts a sealed value. Whatever is wrong with it is ErrSealed.
func (s *Sealer) Open(sealed []byte, context string) ([]byte, error) {
	if len(sealed) < headerSize || sealed[0] != sealVersion {
		return nil, ErrSealed
	}
	header := sealed[:headerSize]
	aead, ok := s.aeads[keyID(header[1:])]
	if !ok || len(sealed) < headerSize+aead.NonceSize() {
		return nil, ErrSealed
	}
	nonce := sealed[headerSize : headerSize+aead.NonceSize()]
	plain, err := aead.Open(nil, nonce, sealed[headerSize+aead.NonceSize():], associated(header, context))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Current says whether a value is sealed under the primary key; one that is not should be sealed anew.
func (s *Sealer) Current(sealed []byte) bool {
	return len(sealed) >= headerSize && sealed[0] == sealVersion && keyID(sealed[1:headerSize]) == s.primary
}

func associated(header []byte, context string) []byte {
	data := make([]byte, 0, len(header)+len(context))
	data = append(data, header...)
	return append(data, context...)
}
