package password_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/authserver-dev/operator/internal/password"
)

func TestHashAndVerify(t *testing.T) {
	t.Parallel()
	encoded, err := password.Hash(rand.Reader, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	other, err := password.Hash(rand.Reader, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if encoded == other {
		t.Error("two hashes of one password are equal: the salt is missing")
	}
	bcrypted, err := bcrypt.GenerateFromPassword([]byte("correct horse"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for name, hash := range map[string]string{"argon2id": encoded, "bcrypt": string(bcrypted)} {
		for plain, want := range map[string]bool{"correct horse": true, "wrong": false, "": false, strings.Repeat("x", 2000): false} {
			got, err := password.Verify(hash, plain)
			if err != nil || got != want {
				t.Errorf("%s: Verify(%.20q) = %v, %v, want %v", name, plain, got, err, want)
			}
		}
	}
	for _, plain := range []string{"", strings.Repeat("x", password.MaxLength+1)} {
		if _, err := password.Hash(rand.Reader, plain); err == nil {
			t.Errorf("Hash accepted %d bytes", len(plain))
		}
	}
}

// TestBcryptIsNotCut: bcrypt ignores what follows 72 bytes, so that two long passwords would be one.
func TestBcryptIsNotCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 72)
	hash, err := bcrypt.GenerateFromPassword([]byte(long), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := password.Verify(string(hash), long+"b"); ok || err != nil {
		t.Errorf("a longer password was accepted: %v, %v", ok, err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	const tail = "$c2FsdHNhbHRzYWx0$a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5"
	for name, test := range map[string]struct {
		encoded string
		ok      bool
	}{
		"argon2id":             {"$argon2id$v=19$m=65536,t=3,p=4" + tail, true},
		"plain text":           {"hunter2", false},
		"empty":                {"", false},
		"argon2i":              {"$argon2i$v=19$m=65536,t=3,p=4" + tail, false},
		"old version":          {"$argon2id$v=16$m=65536,t=3,p=4" + tail, false},
		"too much memory":      {"$argon2id$v=19$m=9999999,t=3,p=4" + tail, false},
		"too many passes":      {"$argon2id$v=19$m=65536,t=99,p=4" + tail, false},
		"missing lanes":        {"$argon2id$v=19$m=65536,t=3" + tail, false},
		"bad salt":             {"$argon2id$v=19$m=65536,t=3,p=4$***$a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5", false},
		"bcrypt too expensive": {"$2b$31$" + strings.Repeat("a", 53), false},
		"bcrypt malformed":     {"$2b$10$abc", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := password.Check(test.encoded)
			if (err == nil) != test.ok {
				t.Errorf("Check = %v", err)
			}
			if err != nil && !errors.Is(err, password.ErrFormat) {
				t.Errorf("%v is not ErrFormat", err)
			}
		})
	}
}

// TestExpensiveHashes: what a foreign hash may take of memory and time has one bound for all formats.
func TestExpensiveHashes(t *testing.T) {
	t.Parallel()
	const tail, key = "$c2FsdHNhbHRzYWx0$a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5", "Sk65mC0J3NMRMSjqLg+Fg7HqC4GHwEk81jwwL1ocrUo="
	for encoded, want := range map[string]int64{
		"$argon2id$v=19$m=131072,t=8,p=1" + tail:                              128 << 20,
		"$argon2id$v=19$m=131073,t=1,p=1" + tail:                              0,
		"$argon2id$v=19$m=131072,t=9,p=1" + tail:                              0,
		"$argon2id$v=19$m=19456,t=16,p=1" + tail:                              19 << 20,
		"argon2$argon2id$v=19$m=262144,t=2,p=8" + tail:                        0,
		"scrypt$131072$salt$8$8$" + key:                                       128 << 20,
		"scrypt$131072$salt$8$9$" + key:                                       0,
		"scrypt$131072$salt$16$1$" + key:                                      0,
		"scrypt$16384$salt$8$5$" + key:                                        16 << 20,
		"pbkdf2_sha256$1000000$salt$" + key:                                   1 << 10,
		"bcrypt$$2b$12$8iImzWtFsur.g1Fj8JNTuOycOGiNAQ3JzCVsd5nwz2ELUwDPD06wi": 4 << 10,
	} {
		err := password.Check(encoded)
		if want == 0 {
			if !errors.Is(err, password.ErrFormat) || password.Memory(encoded) != password.OwnMemory {
				t.Errorf("%s: %v, %d bytes", encoded, err, password.Memory(encoded))
			}
			continue
		}
		if err != nil || password.Memory(encoded) != want {
			t.Errorf("%s: %v, %d bytes, want %d", encoded, err, password.Memory(encoded), want)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5")
	f.Add("$2b$10$abcdefghijklmnopqrstuv")
	for _, hash := range djangoHashes() {
		f.Add(hash)
	}
	f.Fuzz(func(t *testing.T, encoded string) {
		if err := password.Check(encoded); err != nil && !errors.Is(err, password.ErrFormat) {
			t.Errorf("unexpected error %v", err)
		}
	})
}
