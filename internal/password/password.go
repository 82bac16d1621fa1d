package password

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// Parameters of new hashes: the OWASP minimum for argon2id (2 passes, 19 MiB, 1 lane).
const (
	passes    = 2
	memoryKiB = 19 * 1024
	lanes     = 1
	saltBytes = 16
	keyBytes  = 32
)

// Bounds of hashes from elsewhere.
const (
	maxPasses    = 16
	maxMemoryKiB = 256 * 1024
	maxLanes     = 16
	maxCost      = 15 // bcrypt; 2^15 rounds take about two seconds
	// MaxLength is the longest password in bytes. bcrypt would silently cut at 72, which Verify refuses instead.
	MaxLength = 1024
	maxBcrypt = 72
)

// ErrFormat means that a string is not a password hash that this package verifies.
var ErrFormat = errors.New("not a supported password hash")

// argonHash is a decoded PHC string.
type argonHash struct {
	passes, memory uint32
	lanes          uint8
	salt, key      []byte
}

// Hash returns the PHC string of a password, "$argon2id$v=19$m=19456,t=2,p=1$salt$key".
func Hash(rand io.Reader, plain string) (string, error) {
	if plain == "" || len(plain) > MaxLength {
		return "", fmt.Errorf("hashing a password: it must have 1 to %d bytes", MaxLength)
	}
	salt := make([]byte, saltBytes)
	if _, err := io.ReadFull(rand, salt); err != nil {
		return "", fmt.Errorf("reading randomness: %w", err)
	}
	key := argon2.IDKey([]byte(plain), salt, passes, memoryKiB, lanes, keyBytes)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memoryKiB, passes, lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// Check says whether Verify could work with the encoded hash; the error wraps ErrFormat and says what is wrong.
func Check(encoded string) error {
	if isBcrypt(encoded) {
		cost, err := bcrypt.Cost([]byte(encoded))
		if err != nil {
			return fmt.Errorf("%w: malformed bcrypt", ErrFormat)
		}
		if cost > maxCost {
			return fmt.Errorf("%w: bcrypt cost %d is above %d", ErrFormat, cost, maxCost)
		}
		return nil
	}
	_, err := parse(encoded)
	return err
}

// Verify says whether the password belongs to the encoded hash. It compares in constant time.
func Verify(encoded, plain string) (bool, error) {
	if err := Check(encoded); err != nil {
		return false, err
	}
	if len(plain) > MaxLength {
		return false, nil
	}
	if isBcrypt(encoded) {
		if len(plain) > maxBcrypt {
			return false, nil
		}
		return bcrypt.CompareHashAndPassword([]byte(encoded), []byte(plain)) == nil, nil
	}
	hash, err := parse(encoded)
	if err != nil {
		return false, err
	}
	key := argon2.IDKey([]byte(plain), hash.salt, hash.passes, hash.memory, hash.lanes, uint32(len(hash.key)))
	return subtle.ConstantTimeCompare(key, hash.key) == 1, nil
}

func isBcrypt(encoded string) bool {
	return strings.HasPrefix(encoded, "$2a$") || strings.HasPrefix(encoded, "$2b$") || strings.HasPrefix(encoded, "$2y$")
}

// parse decodes a PHC string of argon2id.
func parse(encoded string) (argonHash, error) {
	var hash argonHash
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return hash, fmt.Errorf("%w: use argon2id in PHC form or bcrypt", ErrFormat)
	}
	if parts[2] != "v=19" {
		return hash, fmt.Errorf("%w: argon2 version must be 19", ErrFormat)
	}
	if err := hash.parameters(parts[3]); err != nil {
		return hash, err
	}
	var err error
	if hash.salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4]); err != nil || len(hash.salt) < 8 || len(hash.salt) > 64 {
		return hash, fmt.Errorf("%w: the salt must be 8 to 64 bytes in base64 without padding", ErrFormat)
	}
	if hash.key, err = base64.RawStdEncoding.Strict().DecodeString(parts[5]); err != nil || len(hash.key) < 16 || len(hash.key) > 64 {
		return hash, fmt.Errorf("%w: the key must be 16 to 64 bytes in base64 without padding", ErrFormat)
	}
	return hash, nil
}

// parameters decodes "m=19456,t=2,p=1".
func (h *argonHash) parameters(text string) error {
	fields := strings.Split(text, ",")
	limits := []struct {
		name     string
		low, top uint64
	}{{"m", 8, maxMemoryKiB}, {"t", 1, maxPasses}, {"p", 1, maxLanes}}
	if len(fields) != len(limits) {
		return fmt.Errorf("%w: the parameters must be m=,t=,p=", ErrFormat)
	}
	values := make([]uint64, len(limits))
	for i, limit := range limits {
		name, number, _ := strings.Cut(fields[i], "=")
		value, err := strconv.ParseUint(number, 10, 32)
		if name != limit.name || err != nil || value < limit.low || value > limit.top {
			return fmt.Errorf("%w: parameter %s must be from %d to %d", ErrFormat, limit.name, limit.low, limit.top)
		}
		values[i] = value
	}
	h.memory, h.passes, h.lanes = uint32(values[0]), uint32(values[1]), uint8(values[2])
	return nil
}
