package standin

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/server/config"
	"github.com/authserver-dev/operator/server/livefile"
)

// maxCredentials bounds a file with credentials.
const maxCredentials = 64 << 10

// openCredentials reads all that may be used, after writing new ones where that was asked for.
func (s *standIn) openCredentials(ctx context.Context) (*livefile.Value[[]*credentials.Credentials], error) {
	paths := s.options.credentials
	if file := s.options.writeINI; file != "" {
		written, err := writeINI(file, credentials.Version(s.options.apiVersion), s.url())
		if err != nil {
			return nil, err
		}
		if written {
			s.log.InfoContext(ctx, "Wrote new credentials", "file", file)
		} else {
			s.log.InfoContext(ctx, "Using the credentials that are there", "file", file)
		}
		paths = append(paths, file)
	}
	accepted, err := livefile.Open(livefile.Options[[]*credentials.Credentials]{
		Name: "credentials", Paths: paths, Log: s.log,
		Load: func() ([]*credentials.Credentials, error) { return readCredentials(paths) },
	})
	if err != nil {
		return nil, err
	}
	s.live = append(s.live, accepted.Run)
	return accepted, nil
}

func readCredentials(paths []string) ([]*credentials.Credentials, error) {
	accepted := make([]*credentials.Credentials, 0, len(paths))
	for _, path := range paths {
		data, err := credentialData(path)
		if err != nil {
			return nil, err
		}
		one, err := credentials.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		accepted = append(accepted, one)
	}
	return accepted, nil
}

// credentialData returns the content of a file, or of the files of a folder, by the keys under which Secrets have them.
func credentialData(path string) (map[string][]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		key := credentials.FileINI
		if filepath.Ext(path) == filepath.Ext(credentials.FileProperties) {
			key = credentials.FileProperties
		}
		content, err := livefile.ReadFile(path, maxCredentials)
		return map[string][]byte{key: content}, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	data := map[string][]byte{}
	for _, entry := range entries {
		file := filepath.Join(path, entry.Name())
		// Kubernetes keeps the files of a volume behind links into a folder whose name begins with two dots.
		if info, err := os.Stat(file); strings.HasPrefix(entry.Name(), ".") || err != nil || !info.Mode().IsRegular() {
			continue
		}
		if data[entry.Name()], err = livefile.ReadFile(file, maxCredentials); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// writeINI makes credentials for the API at the URL and writes them, unless the file is there.
func writeINI(path string, version credentials.Version, url string) (bool, error) {
	number := make([]byte, 8)
	_, _ = rand.Read(number) // it never fails
	// 14 digits, as the numbers of Authlete's services have.
	service := strconv.FormatUint(10_000_000_000_000+binary.BigEndian.Uint64(number)%90_000_000_000_000, 10)
	var content strings.Builder
	content.WriteString("[authlete]\n")
	line := func(key, value string) { content.WriteString(key + " = " + value + "\n") }
	line(credentials.KeyAPIVersion, string(version))
	line(credentials.KeyBaseURL, url)
	line(credentials.KeyServiceID, service)
	if version == credentials.V3 {
		line(credentials.KeyAccessToken, rand.Text()+rand.Text())
	} else {
		line(credentials.KeyAPISecret, rand.Text()+rand.Text())
		line(credentials.KeyOwnerKey, service)
		line(credentials.KeyOwnerSecret, rand.Text()+rand.Text())
	}
	err := create(path, []byte(content.String()))
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	return err == nil, err
}

// create writes a file with a secret that is not there yet.
func create(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// encryptionKey is the key encryption key: the one beside the database, made at the first start, or one that ends with
// the process where nothing is kept.
func (s *standIn) encryptionKey() ([]byte, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	if s.options.sqlite == "" {
		return key, nil
	}
	path := s.options.sqlite + ".key"
	err := create(path, []byte(base64.StdEncoding.EncodeToString(key)+"\n"))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("making the key encryption key: %w", err)
	}
	return config.ReadKey(path)
}
