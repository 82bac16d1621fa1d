package password

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// MaxLength is the longest password in bytes.
const MaxLength = 1024

// ErrFormat means that a string is not a password hash that this package verifies.
var ErrFormat = errors.New("not a supported password hash")

// hash is a decoded password hash.
type hash interface {
	// matches says whether it is that of the password. It compares in constant time.
	matches(plain string) bool
	// memory is what verifying takes, in bytes.
	memory() int64
}

// Bounds of hashes that memory makes expensive. One record must not decide what the server needs for everybody's login.
const (
	// OwnMemory is what verifying a hash made by Hash takes, in bytes.
	OwnMemory = memoryKiB << 10
	// maxMemory is the most that a hash may take, in bytes.
	maxMemory = 128 << 20
	// maxWork is the most memory that may be written in all passes, in bytes. It takes some two seconds.
	maxWork = 1 << 30
)

// Hash returns the PHC string of a password, "$argon2id$v=19$m=19456,t=2,p=1$salt$key".
func Hash(rand io.Reader, plain string) (string, error) {
	if plain == "" || len(plain) > MaxLength {
		return "", fmt.Errorf("hashing a password: it must have 1 to %d bytes", MaxLength)
	}
	return newArgon(rand, plain)
}

// Check says whether Verify could work with the encoded hash; the error wraps ErrFormat and says what is wrong.
func Check(encoded string) error {
	_, err := parse(encoded)
	return err
}

// Memory is what verifying the encoded hash takes, in bytes; that of an own hash where it cannot be verified.
func Memory(encoded string) int64 {
	h, err := parse(encoded)
	if err != nil {
		return OwnMemory
	}
	return h.memory()
}

// checkMemory refuses hashes that take too much memory, or write too much of it.
func checkMemory(memory, rounds int64) error {
	if memory > maxMemory || memory*rounds > maxWork {
		return fmt.Errorf("%w: it takes %d MiB in %d passes, more than %d MiB, or %d MiB in all passes",
			ErrFormat, memory>>20, rounds, int64(maxMemory>>20), int64(maxWork>>20))
	}
	return nil
}

// Verify says whether the password belongs to the encoded hash. It compares in constant time.
func Verify(encoded, plain string) (bool, error) {
	h, err := parse(encoded)
	if err != nil {
		return false, err
	}
	return len(plain) <= MaxLength && h.matches(plain), nil
}

// parse decodes a hash. Those of Django start with the name of an algorithm instead of a dollar sign; some are then what
// others write, too.
func parse(encoded string) (hash, error) {
	algorithm, rest, _ := strings.Cut(encoded, "$")
	switch algorithm {
	case "":
		return parseStandard(encoded)
	case "pbkdf2_sha256", "pbkdf2_sha1":
		return parsePBKDF2(algorithm, rest)
	case "bcrypt_sha256":
		return parseBcryptSHA256(rest)
	case "scrypt":
		return parseScrypt(rest)
	case "bcrypt":
		return parseBcrypt(rest)
	case "argon2":
		return parseArgon("$" + rest)
	default:
		return nil, fmt.Errorf("%w: use argon2id in PHC form, bcrypt, or a format of Django", ErrFormat)
	}
}

// parseStandard decodes what starts with a dollar sign.
func parseStandard(encoded string) (hash, error) {
	if strings.HasPrefix(encoded, "$2") {
		return parseBcrypt(encoded)
	}
	return parseArgon(encoded)
}
