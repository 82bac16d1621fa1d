package users

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/server/livefile"
)

// Directory looks users up.
type Directory struct {
	value  *livefile.Value[*snapshot]
	reader *reader
}

// snapshot is an immutable view of all files.
type snapshot struct {
	bySubject  map[string]*configv1alpha1.User
	byUsername map[string]*configv1alpha1.User
	// hashes are the password hashes that serve as decoys, sorted.
	hashes []string
}

// Open reads the users in the directory.
func Open(directory string, log *slog.Logger) (*Directory, error) {
	reader := &reader{directory: directory, files: map[string]file{}}
	value, err := livefile.Open(livefile.Options[*snapshot]{Name: "users", Paths: []string{directory}, Log: log, Load: reader.read})
	if err != nil {
		return nil, err
	}
	return &Directory{value: value, reader: reader}, nil
}

// Run keeps the users up to date until the context ends.
func (d *Directory) Run(ctx context.Context) { d.value.Run(ctx) }

// Ready says why the users cannot be relied on yet, or nil: a server that starts with a file that it cannot read would
// take the people in it for gone, and burn their refresh tokens.
func (d *Directory) Ready() error {
	if !d.reader.complete.Load() {
		return errors.New("some user files could not be read since the start")
	}
	return nil
}

// Healthy says whether all files could be read the last time.
func (d *Directory) Healthy() bool { return d.value.Healthy() }

// Count returns how many users there are.
func (d *Directory) Count() int { return len(d.value.Get().bySubject) }

// BySubject returns a user who may use the server; nil if there is none or the user is disabled.
func (d *Directory) BySubject(subject string) *configv1alpha1.User {
	return enabled(d.value.Get().bySubject[subject])
}

// Known says whether a subject may use the server.
func (d *Directory) Known(subject string) bool { return d.BySubject(subject) != nil }

// ByUsername returns a user by login name, whose case does not matter; nil as for BySubject.
func (d *Directory) ByUsername(username string) *configv1alpha1.User {
	return enabled(d.value.Get().byUsername[fold(username)])
}

// Decoy returns some user's password hash, to be verified where nobody has the username: hashes of different formats take
// different times, which would tell who exists. A username has the same decoy on every replica; strangers cannot know which.
// Hashes that take much memory are no decoys. It returns "" if there is none.
func (d *Directory) Decoy(username string) string {
	hashes := d.value.Get().hashes
	if len(hashes) == 0 {
		return ""
	}
	digest := sha256.Sum256([]byte(fold(username) + "\n" + hashes[0]))
	return hashes[binary.BigEndian.Uint64(digest[:8])%uint64(len(hashes))]
}

func enabled(user *configv1alpha1.User) *configv1alpha1.User {
	if user == nil || user.Disabled {
		return nil
	}
	return user
}

// fold makes login names comparable, in the way in which the operator finds duplicates.
func fold(username string) string { return strings.ToLower(strings.TrimSpace(username)) }

// add takes a user in; the first holder of a subject or login name keeps it.
func (s *snapshot) add(user *configv1alpha1.User) {
	if _, taken := s.bySubject[user.Subject]; taken {
		return
	}
	s.bySubject[user.Subject] = user
	if name := fold(user.Username); s.byUsername[name] == nil {
		s.byUsername[name] = user
	}
}

// Parse decodes a user file.
func Parse(data []byte) (*configv1alpha1.UserList, error) {
	list := &configv1alpha1.UserList{}
	if err := json.Unmarshal(data, list); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	if list.Kind != configv1alpha1.KindUserList || list.APIVersion != configv1alpha1.APIVersion {
		return nil, fmt.Errorf("it is %s %s, not %s %s", list.APIVersion, list.Kind, configv1alpha1.APIVersion, configv1alpha1.KindUserList)
	}
	for i, user := range list.Users {
		if user.Subject == "" || user.Username == "" {
			return nil, fmt.Errorf("users[%d] has no subject or no username", i)
		}
	}
	return list, nil
}
