package password_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/internal/password"
)

// djangoHashes were written by Django 5.2.19 for the password "correct horse".
func djangoHashes() map[string]string {
	return map[string]string{
		"pbkdf2_sha256": "pbkdf2_sha256$1000000$ZhQeSktfNjf9drAy0ieFCe$Sk65mC0J3NMRMSjqLg+Fg7HqC4GHwEk81jwwL1ocrUo=",
		"pbkdf2_sha1":   "pbkdf2_sha1$1000000$FnbIp6SFpb00u1dTKB0K2Z$qHgTFP/Mm/quAkGTLIDKfn20VQc=",
		"argon2":        "argon2$argon2id$v=19$m=102400,t=2,p=8$bnlJdXdTeU9mSlRNZWMzRUxhclg4eA$jpqBNqDvXRBVtrwOSMvFDYocbdF9wCuqUdRv22b9PZA",
		"bcrypt_sha256": "bcrypt_sha256$$2b$12$Xq7uvJjMFdhxuCxb0Nv3jO/0v8v4aNFapc6KOk11cisMnuS0LB9Oq",
		"bcrypt":        "bcrypt$$2b$12$8iImzWtFsur.g1Fj8JNTuOycOGiNAQ3JzCVsd5nwz2ELUwDPD06wi",
		"scrypt":        "scrypt$16384$AlieWFBHy9OHOVLFBmkiW2$8$5$TpFb6AnR0IRc0+mwc+mf+R9SL2rsLm97B5aWi0H8tPNpNXAQCaLdWNScSOwpweTLt1qwzRx+Oisxwe2Cm9+Jbw==",
	}
}

func TestDjango(t *testing.T) {
	t.Parallel()
	for name, hash := range djangoHashes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for plain, want := range map[string]bool{"correct horse": true, "correct horsf": false, "": false} {
				got, err := password.Verify(hash, plain)
				if err != nil || got != want {
					t.Errorf("Verify(%q) = %v, %v, want %v", plain, got, err, want)
				}
			}
		})
	}
}

func TestDjangoRefusals(t *testing.T) {
	t.Parallel()
	const key = "Sk65mC0J3NMRMSjqLg+Fg7HqC4GHwEk81jwwL1ocrUo="
	for name, encoded := range map[string]string{
		"no password":           "!hbsuISemydTBIndP0aXGP74MqKPhrKo0b8HKjkkS",
		"unknown":               "md5$salt$0123456789abcdef0123456789abcdef",
		"too many iterations":   "pbkdf2_sha256$99999999$salt$" + key,
		"no iterations":         "pbkdf2_sha256$0$salt$" + key,
		"no salt":               "pbkdf2_sha256$1000$$" + key,
		"a long salt":           "pbkdf2_sha256$1000$" + strings.Repeat("s", 129) + "$" + key,
		"a key of another hash": "pbkdf2_sha1$1000$salt$" + key,
		"a short key":           "pbkdf2_sha256$1000$salt$c2hvcnQ=",
		"too few parts":         "pbkdf2_sha256$1000$salt",
		"scrypt parts":          "scrypt$16384$salt$8$" + key,
		"scrypt too large":      "scrypt$1048576$salt$8$1$" + key,
		"scrypt not a power":    "scrypt$1000$salt$8$1$" + key,
		"bcrypt too dear":       "bcrypt_sha256$$2b$31$" + strings.Repeat("a", 53),
		"argon2i":               "argon2$argon2i$v=19$m=512,t=2,p=2$c2FsdHNhbHRzYWx0$a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5",
	} {
		if err := password.Check(encoded); !errors.Is(err, password.ErrFormat) {
			t.Errorf("%s: Check = %v", name, err)
		}
	}
}
