package password

import (
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // a format of Django; PBKDF2 does not need collision resistance
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	stdhash "hash"
	"strconv"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// Bounds of Django's formats. Django 5.2 writes a million iterations of PBKDF2, which take some 0.3 s.
const (
	maxIterations = 4_000_000
	maxScryptN    = 1 << 17
	maxScryptR    = 16
	maxScryptP    = 16
	maxSalt       = 128
)

// iterated is a PBKDF2 hash (RFC 8018) as Django writes it: the salt is text.
type iterated struct {
	digest     func() stdhash.Hash
	iterations int
	salt, key  []byte
}

func (h iterated) matches(plain string) bool {
	key, err := pbkdf2.Key(h.digest, plain, h.salt, h.iterations, len(h.key))
	return err == nil && subtle.ConstantTimeCompare(key, h.key) == 1
}

func (iterated) memory() int64 { return 1 << 10 }

// parsePBKDF2 decodes "iterations$salt$key".
func parsePBKDF2(algorithm, encoded string) (hash, error) {
	h := iterated{digest: sha256.New}
	if algorithm == "pbkdf2_sha1" {
		h.digest = sha1.New
	}
	parts := strings.Split(encoded, "$")
	if len(parts) != 3 {
		return nil, fmt.Errorf("%w: %s must be iterations, salt and key", ErrFormat, algorithm)
	}
	var err error
	if h.iterations, err = bounded("iterations", parts[0], maxIterations); err != nil {
		return nil, err
	}
	h.salt, h.key, err = saltAndKey(parts[1], parts[2])
	if err == nil && len(h.key) != h.digest().Size() {
		return nil, fmt.Errorf("%w: the key must have %d bytes", ErrFormat, h.digest().Size())
	}
	return h, err
}

// scrypted is a scrypt hash (RFC 7914) as Django writes it.
type scrypted struct {
	n, r, p   int
	salt, key []byte
}

func (h scrypted) matches(plain string) bool {
	key, err := scrypt.Key([]byte(plain), h.salt, h.n, h.r, h.p, len(h.key))
	return err == nil && subtle.ConstantTimeCompare(key, h.key) == 1
}

// memory is 128*N*r bytes (RFC 7914, section 2).
func (h scrypted) memory() int64 { return 128 * int64(h.n) * int64(h.r) }

// parseScrypt decodes "N$salt$r$p$key".
func parseScrypt(encoded string) (hash, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 5 {
		return nil, fmt.Errorf("%w: scrypt must be N, salt, r, p and key", ErrFormat)
	}
	var h scrypted
	for _, field := range []struct {
		into *int
		name string
		text string
		top  int
	}{{&h.n, "N", parts[0], maxScryptN}, {&h.r, "r", parts[2], maxScryptR}, {&h.p, "p", parts[3], maxScryptP}} {
		var err error
		if *field.into, err = bounded(field.name, field.text, field.top); err != nil {
			return nil, err
		}
	}
	if h.n < 2 || h.n&(h.n-1) != 0 {
		return nil, fmt.Errorf("%w: N must be a power of two", ErrFormat)
	}
	if err := checkMemory(h.memory(), int64(h.p)); err != nil {
		return nil, err
	}
	var err error
	h.salt, h.key, err = saltAndKey(parts[1], parts[4])
	return h, err
}

// saltAndKey decodes a salt, which is text, and a key, which is base64.
func saltAndKey(salt, encoded string) (saltBytes, key []byte, err error) {
	if salt == "" || len(salt) > maxSalt {
		return nil, nil, fmt.Errorf("%w: the salt must have 1 to %d characters", ErrFormat, maxSalt)
	}
	key, err = base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(key) < 16 || len(key) > 64 {
		return nil, nil, fmt.Errorf("%w: the key must be 16 to 64 bytes in base64", ErrFormat)
	}
	return []byte(salt), key, nil
}

// bounded reads a positive number.
func bounded(name, text string, top int) (int, error) {
	value, err := strconv.Atoi(text)
	if err != nil || value < 1 || value > top {
		return 0, fmt.Errorf("%w: %s must be from 1 to %d", ErrFormat, name, top)
	}
	return value, nil
}
