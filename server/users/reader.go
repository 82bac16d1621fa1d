package users

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/password"
	"github.com/authserver-dev/operator/server/livefile"
)

// maxFile bounds a user file. A Secret holds 1 MiB; a file that a person keeps may hold more.
const maxFile = 64 << 20

// reader reads the files of a directory, those that changed only.
type reader struct {
	directory string
	files     map[string]file
	current   *snapshot
	// complete is set once all files could be read, and stays.
	complete atomic.Bool
}

// file is the last good content of a user file.
type file struct {
	info os.FileInfo
	list *configv1alpha1.UserList
}

// same says whether a file is certainly the one that was read. A file younger than the resolution of file times may
// change again without a trace, and is read again.
func (f file) same(info os.FileInfo, now time.Time) bool {
	return f.info != nil && os.SameFile(f.info, info) && f.info.Size() == info.Size() && f.info.ModTime().Equal(info.ModTime()) &&
		now.Sub(info.ModTime()) > settled
}

// settled is well above the resolution of file times.
const settled = 2 * time.Second

// read returns the users of all files, with a livefile.PartialError if some could not be read.
func (r *reader) read() (*snapshot, error) {
	paths, err := r.paths()
	if err != nil {
		return nil, err
	}
	next, changed, problems := map[string]file{}, len(paths) != len(r.files), []error(nil)
	for _, path := range paths {
		have, known := r.files[path]
		now, err := reread(path, have)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", filepath.Base(path), err))
		}
		if now.list != nil {
			next[path] = now
		}
		changed = changed || !known || now.list != have.list
	}
	r.files = next
	if changed || r.current == nil {
		r.current = newSnapshot(next)
	}
	if len(problems) > 0 {
		return r.current, &livefile.PartialError{Err: errors.Join(problems...)}
	}
	r.complete.Store(true)
	return r.current, nil
}

// paths returns the files of the directory by name. The directory must exist even if it is empty.
func (r *reader) paths() ([]string, error) {
	entries, err := os.ReadDir(r.directory)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) == ".json" && !entry.IsDir() {
			paths = append(paths, filepath.Join(r.directory, entry.Name()))
		}
	}
	return paths, nil
}

// reread returns the content of a file: what is known where that is still true, or where the file is bad now.
func reread(path string, have file) (file, error) {
	info, err := os.Stat(path)
	if err != nil {
		return have, err
	}
	if have.same(info, time.Now()) { //nolint:forbidigo // compared with the file system's clock, not with the server's
		return have, nil
	}
	data, err := livefile.ReadFile(path, maxFile)
	if err != nil {
		return have, err
	}
	list, err := Parse(data)
	if err != nil {
		return have, err
	}
	return file{info: info, list: list}, nil
}

// maxDecoyMemory is the most that verifying a decoy may take, in bytes. Attempts for names that do not exist are free for
// strangers: one imported hash must not make all of them expensive.
const maxDecoyMemory = 2 * password.OwnMemory

// newSnapshot merges files in the order of their names.
func newSnapshot(files map[string]file) *snapshot {
	merged := &snapshot{bySubject: map[string]*configv1alpha1.User{}, byUsername: map[string]*configv1alpha1.User{}}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		for i := range files[path].list.Users {
			merged.add(&files[path].list.Users[i])
		}
	}
	for _, user := range merged.bySubject {
		if password.Check(user.PasswordHash) == nil && password.Memory(user.PasswordHash) <= maxDecoyMemory {
			merged.hashes = append(merged.hashes, user.PasswordHash)
		}
	}
	slices.Sort(merged.hashes)
	return merged
}
