package keys

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"io"
)

// PurposeSealer returns a Sealer whose keys are derived from kek and the previous keys for one purpose. What is sealed so
// often that strangers set the pace is sealed under keys of its own: random nonces wear a key out, slowly.
func PurposeSealer(rand io.Reader, purpose string, kek []byte, previous ...[]byte) (*Sealer, error) {
	primary, err := derive(purpose, kek)
	if err != nil {
		return nil, err
	}
	older := make([][]byte, 0, len(previous))
	for _, key := range previous {
		derived, err := derive(purpose, key)
		if err != nil {
			return nil, err
		}
		older = append(older, derived)
	}
	return NewSealer(rand, primary, older...)
}

func derive(purpose string, kek []byte) ([]byte, error) {
	if len(kek) != KEKSize {
		return nil, fmt.Errorf("key encryption key has %d bytes, want %d", len(kek), KEKSize)
	}
	key, err := hkdf.Key(sha256.New, kek, nil, "authserver.dev/"+purpose+"/v1", KEKSize)
	if err != nil {
		return nil, fmt.Errorf("deriving a key from the key encryption key: %w", err)
	}
	return key, nil
}
