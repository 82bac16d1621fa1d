package standin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"strconv"
	"strings"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server"
	"github.com/authserver-dev/operator/server/engine"
	"github.com/authserver-dev/operator/server/livefile"
)

// maxSettings bounds a file with settings.
const maxSettings = 1 << 20

// settingsFile holds the settings of a service that is kept; empty for one in memory.
func (s *standIn) settingsFile() string {
	if s.options.sqlite == "" {
		return ""
	}
	return s.options.sqlite + ".service.json"
}

// firstSettings are the settings to start with: those that were in force last, or else the flags'.
func (s *standIn) firstSettings(serviceID string) (*authlete.Service, error) {
	if path := s.settingsFile(); path != "" {
		kept, err := livefile.ReadFile(path, maxSettings)
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
		Issuer: strings.TrimRight(s.options.issuer, "/"),
		Service: configv1alpha1.Service{
			Name: "Stand-in", GrantTypes: []string{"authorization_code", "refresh_token", "client_credentials", "password"},
			Scopes: configv1alpha1.StandardScopes(),
		},
	}
	configv1alpha1.Default(declared)
	defaults := server.Service(declared)
	if s.options.settings == "" {
		return &defaults, nil
	}
	content, err := livefile.ReadFile(s.options.settings, maxSettings)
	if err != nil {
		return nil, err
	}
	service, err := overlaid(&defaults, content)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", s.options.settings, err)
	}
	if err := engine.CheckSettings(service); err != nil {
		return nil, fmt.Errorf("reading %s: %w", s.options.settings, err)
	}
	if s.options.issuerGiven || service.Issuer == "" {
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
	return k.EditService(ctx, func(*authlete.Service) (*authlete.Service, error) { return service, nil })
}

// EditService changes the settings and keeps them beside the database.
func (k *keptSettings) EditService(
	ctx context.Context, edit func(*authlete.Service) (*authlete.Service, error),
) (*authlete.Service, error) {
	updated, err := k.Engine.EditService(ctx, edit)
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
