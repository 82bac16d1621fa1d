package v1alpha1

import (
	"encoding/json"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// UserList is a file with a share of the users of a server. The share of a user
// is found with Shard.
type UserList struct {
	metav1.TypeMeta `json:",inline"`
	// Users are sorted by subject.
	Users []User `json:"users"`
}

// User is a person who can log in.
type User struct {
	// Subject is the stable identifier, the sub claim. Required.
	Subject string `json:"subject"`
	// Username is the login name; it is compared case-insensitively. Required.
	Username string `json:"username"`
	// PasswordHash is a PHC string (argon2id), a bcrypt hash, or a hash of Django. Empty means that no password opens the account.
	PasswordHash string `json:"passwordHash,omitempty"`
	// Disabled refuses logins and ends sessions.
	Disabled bool `json:"disabled,omitempty"`
	// Claims are the claim values by claim name, as they go into ID tokens and userinfo responses.
	Claims map[string]json.RawMessage `json:"claims,omitempty"`
}

// SealDelay is how old a key is before it seals: by then every replica has read the ring that has it, however late its files
// are refreshed.
const SealDelay = 2 * time.Minute

// KeyRing is a file with the keys that seal cookies and interactions. The newest key that is at least SealDelay old seals,
// the oldest where none is; every key opens.
type KeyRing struct {
	// Keys are the keys, newest first.
	Keys []SealKey `json:"keys"`
}

// SealKey is a key for authenticated encryption.
type SealKey struct {
	// ID is a short name of the key, unique in the ring: [a-z0-9]{1,16}.
	ID string `json:"id"`
	// Key is 32 random bytes.
	Key []byte `json:"key"`
	// CreatedAt is when the key was made. Unset means long ago.
	CreatedAt metav1.Time `json:"createdAt,omitzero"`
}

// Sealing returns the position of the key that seals.
func (r *KeyRing) Sealing(now time.Time) int {
	for i := range r.Keys {
		if now.Sub(r.Keys[i].CreatedAt.Time) >= SealDelay {
			return i
		}
	}
	return len(r.Keys) - 1
}
