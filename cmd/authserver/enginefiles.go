package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/server"
	"github.com/authserver-dev/operator/server/config"
	"github.com/authserver-dev/operator/server/engine"
	"github.com/authserver-dev/operator/server/livefile"
)

// maxCredentials bounds a file with credentials.
const maxCredentials = 64 << 10

// openCredentials reads all that may be used, after writing new ones where that was asked for.
func (s *standIn) openCredentials(ctx context.Context) (*livefile.Value[[]*credentials.Credentials], error) {
	paths := s.flags.credentials
	if file := s.flags.writeINI; file != "" {
		written, err := writeINI(file, credentials.Version(s.flags.apiVersion), s.url())
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
		content, err := readBounded(path)
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
		if data[entry.Name()], err = readBounded(file); err != nil {
			return nil, err
		}
	}
	return data, nil
}

func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxCredentials+1))
	if err == nil && len(content) > maxCredentials {
		err = fmt.Errorf("%s is larger than %d bytes", path, maxCredentials)
	}
	return content, err
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
	if s.flags.sqlite == "" {
		return key, nil
	}
	path := s.flags.sqlite + ".key"
	err := create(path, []byte(base64.StdEncoding.EncodeToString(key)+"\n"))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("making the key encryption key: %w", err)
	}
	return config.ReadKey(path)
}

// settingsFile holds the settings of a service that is kept; empty for one in memory.
func (s *standIn) settingsFile() string {
	if s.flags.sqlite == "" {
		return ""
	}
	return s.flags.sqlite + ".service.json"
}

// firstSettings are the settings to start with: those that were in force last, or else the flags'.
func (s *standIn) firstSettings(serviceID string) (*authlete.Service, error) {
	if path := s.settingsFile(); path != "" {
		kept, err := os.ReadFile(path)
		switch {
		case err == nil:
			service := &authlete.Service{}
			if err := json.Unmarshal(kept, service); err != nil {
				return nil, fmt.Errorf("reading %s: %w", path, err)
			}
			return service, nil
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("reading the settings in force: %w", err)
		}
	}
	service, err := s.declaredSettings()
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseInt(serviceID, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("the service number %s is too large", serviceID)
	}
	service.APIKey = number
	return service, nil
}

// declaredSettings are the flags' settings.
func (s *standIn) declaredSettings() (*authlete.Service, error) {
	declared := &configv1alpha1.ServerConfig{
		Issuer: strings.TrimRight(s.flags.issuer, "/"),
		Service: configv1alpha1.Service{
			Name: "Stand-in", GrantTypes: []string{"authorization_code", "refresh_token", "client_credentials", "password"},
		},
	}
	for _, scope := range []string{"openid", "profile", "email", "address", "phone", "offline_access"} {
		declared.Service.Scopes = append(declared.Service.Scopes, configv1alpha1.Scope{Name: scope})
	}
	configv1alpha1.Default(declared)
	defaults := server.Service(declared)
	if s.flags.settings == "" {
		return &defaults, nil
	}
	content, err := os.ReadFile(s.flags.settings)
	if err != nil {
		return nil, err
	}
	service, err := overlaid(&defaults, content)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", s.flags.settings, err)
	}
	if s.flags.issuerGiven || service.Issuer == "" {
		service.Issuer = defaults.Issuer
	}
	service.AccessTokenDuration = positive(service.AccessTokenDuration, defaults.AccessTokenDuration)
	service.IDTokenDuration = positive(service.IDTokenDuration, defaults.IDTokenDuration)
	service.AuthorizationCodeDuration = positive(service.AuthorizationCodeDuration, defaults.AuthorizationCodeDuration)
	return service, nil
}

// positive returns a duration, or the default: Authlete writes 0 where it has one of its own.
func positive(seconds, otherwise int64) int64 {
	if seconds > 0 {
		return seconds
	}
	return otherwise
}

// overlaid returns the settings with the members of a JSON object in the places of theirs.
func overlaid(below *authlete.Service, object []byte) (*authlete.Service, error) {
	var above, members map[string]json.RawMessage
	if err := json.Unmarshal(object, &above); err != nil {
		return nil, err
	}
	// What Authlete exports beside settings: keys and secrets, for which the engine has its own.
	for _, name := range []string{"jwks", "apiSecret", "number", "serviceOwnerNumber"} {
		delete(above, name)
	}
	data, err := json.Marshal(below)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, err
	}
	maps.Copy(members, above)
	if data, err = json.Marshal(members); err != nil {
		return nil, err
	}
	service := &authlete.Service{}
	return service, json.Unmarshal(data, service)
}

// keptSettings is an engine whose settings outlive the process: the engine itself starts with what it is given.
type keptSettings struct {
	*engine.Engine

	path string
}

// ServiceUpdate changes the settings and keeps them beside the database.
func (k *keptSettings) ServiceUpdate(ctx context.Context, service *authlete.Service) (*authlete.Service, error) {
	updated, err := k.Engine.ServiceUpdate(ctx, service)
	if err != nil {
		return nil, err
	}
	return updated, k.keep(updated)
}

// keep writes the settings; nothing where the process keeps nothing.
func (k *keptSettings) keep(service *authlete.Service) error {
	if k.path == "" {
		return nil
	}
	data, err := json.Marshal(service)
	if err != nil {
		return fmt.Errorf("encoding the settings: %w", err)
	}
	next := k.path + ".next"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return fmt.Errorf("keeping the settings: %w", err)
	}
	if err := os.Rename(next, k.path); err != nil {
		return fmt.Errorf("keeping the settings: %w", err)
	}
	return nil
}
