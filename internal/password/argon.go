package password

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
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
	maxMemoryKiB = maxMemory >> 10
	maxLanes     = 16
)

// argon is a decoded PHC string of argon2id.
type argon struct {
	passes, memoryKiB uint32
	lanes             uint8
	salt, key         []byte
}

func newArgon(rand io.Reader, plain string) (string, error) {
	salt := make([]byte, saltBytes)
	if _, err := io.ReadFull(rand, salt); err != nil {
		return "", fmt.Errorf("reading randomness: %w", err)
	}
	key := argon2.IDKey([]byte(plain), salt, passes, memoryKiB, lanes, keyBytes)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memoryKiB, passes, lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

func (h argon) matches(plain string) bool {
	key := argon2.IDKey([]byte(plain), h.salt, h.passes, h.memoryKiB, h.lanes, uint32(len(h.key)))
	return subtle.ConstantTimeCompare(key, h.key) == 1
}

func (h argon) memory() int64 { return int64(h.memoryKiB) << 10 }

// parseArgon decodes a PHC string of argon2id.
func parseArgon(encoded string) (hash, error) {
	var h argon
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return nil, fmt.Errorf("%w: use argon2id in PHC form, bcrypt, or a format of Django", ErrFormat)
	}
	if parts[2] != "v=19" {
		return nil, fmt.Errorf("%w: argon2 version must be 19", ErrFormat)
	}
	if err := h.parameters(parts[3]); err != nil {
		return nil, err
	}
	var err error
	if h.salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4]); err != nil || len(h.salt) < 8 || len(h.salt) > 64 {
		return nil, fmt.Errorf("%w: the salt must be 8 to 64 bytes in base64 without padding", ErrFormat)
	}
	if h.key, err = base64.RawStdEncoding.Strict().DecodeString(parts[5]); err != nil || len(h.key) < 16 || len(h.key) > 64 {
		return nil, fmt.Errorf("%w: the key must be 16 to 64 bytes in base64 without padding", ErrFormat)
	}
	return h, nil
}

// parameters decodes "m=19456,t=2,p=1".
func (h *argon) parameters(text string) error {
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
	h.memoryKiB, h.passes, h.lanes = uint32(values[0]), uint32(values[1]), uint8(values[2])
	return checkMemory(h.memory(), int64(h.passes))
}
