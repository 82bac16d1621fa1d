package password

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

const (
	maxCost = 15 // 2^15 rounds take about two seconds
	// maxBcrypt is what bcrypt reads of a password, in bytes; it ignores the rest.
	maxBcrypt = 72
)

// bcryptHash is a bcrypt hash in its usual form.
type bcryptHash []byte

func (h bcryptHash) matches(plain string) bool {
	return len(plain) <= maxBcrypt && bcrypt.CompareHashAndPassword(h, []byte(plain)) == nil
}

func (bcryptHash) memory() int64 { return 4 << 10 }

// parseBcrypt decodes "$2b$12$...".
func parseBcrypt(encoded string) (hash, error) {
	known := strings.HasPrefix(encoded, "$2a$") || strings.HasPrefix(encoded, "$2b$") || strings.HasPrefix(encoded, "$2y$")
	cost, err := bcrypt.Cost([]byte(encoded))
	if !known || err != nil {
		return nil, fmt.Errorf("%w: malformed bcrypt", ErrFormat)
	}
	if cost > maxCost {
		return nil, fmt.Errorf("%w: bcrypt cost %d is above %d", ErrFormat, cost, maxCost)
	}
	return bcryptHash(encoded), nil
}

// bcryptSHA256 is Django's bcrypt over the SHA-256 of a password in hexadecimal, which has no limit of 72 bytes.
type bcryptSHA256 []byte

func (h bcryptSHA256) matches(plain string) bool {
	sum := sha256.Sum256([]byte(plain))
	return bcrypt.CompareHashAndPassword(h, []byte(hex.EncodeToString(sum[:]))) == nil
}

func (bcryptSHA256) memory() int64 { return 4 << 10 }

// parseBcryptSHA256 decodes what follows "bcrypt_sha256$".
func parseBcryptSHA256(encoded string) (hash, error) {
	h, err := parseBcrypt(encoded)
	if err != nil {
		return nil, err
	}
	return bcryptSHA256(h.(bcryptHash)), nil //nolint:forcetypeassert // parseBcrypt returns nothing else
}
