package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
)

const (
	// defaultLeeway is how long a refresh request may be repeated where the settings allow it without saying how long.
	defaultLeeway = 5 * time.Second
	// maxRepetitions bounds how many replacements within the leeway are followed.
	maxRepetitions = 8
	// successorKey names the purpose of the key that is derived from a refresh token.
	successorKey = "refresh token successor"
)

// leeway is how long after its use a refresh token may be presented again without being a replay.
func leeway(service *authlete.Service) time.Duration {
	switch {
	case !service.RefreshTokenIdempotent:
		return 0
	case service.RefreshTokenLeeway > 0:
		return time.Duration(service.RefreshTokenLeeway) * time.Second
	default:
		return defaultLeeway
	}
}

// successor is what a refresh token was exchanged for.
type successor struct {
	refresh, access string
}

// sealSuccessor encrypts the successor of a refresh token with a key that only who has that token can derive: the store
// keeps its hash alone.
func sealSuccessor(token string, s successor) ([]byte, error) {
	aead, err := successorCipher(token)
	if err != nil {
		return nil, fmt.Errorf("sealing the successor of a refresh token: %w", err)
	}
	return aead.Seal(nil, nil, []byte(s.refresh+" "+s.access), nil), nil //nolint:gosec // the cipher makes the nonce itself
}

// openSuccessor decrypts what sealSuccessor made.
func openSuccessor(token string, sealed []byte) (successor, bool) {
	aead, err := successorCipher(token)
	if err != nil {
		return successor{}, false
	}
	text, err := aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return successor{}, false
	}
	refresh, access, ok := strings.Cut(string(text), " ")
	return successor{refresh: refresh, access: access}, ok
}

func successorCipher(token string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(token), nil, successorKey, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
