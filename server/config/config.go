package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/server/livefile"
)

// maxSize bounds configuration and secret files.
const maxSize = 1 << 20

// Load reads, completes and validates the configuration file.
func Load(path string) (*configv1alpha1.ServerConfig, error) {
	data, err := ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading configuration: %w", err)
	}
	config, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("configuration file %s: %w", path, err)
	}
	return config, nil
}

// Parse decodes, completes and validates a configuration.
func Parse(data []byte) (*configv1alpha1.ServerConfig, error) {
	config := &configv1alpha1.ServerConfig{}
	if err := yaml.UnmarshalStrict(data, config); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	configv1alpha1.Default(config)
	if errs := configv1alpha1.Validate(config); len(errs) != 0 {
		return nil, errs.ToAggregate()
	}
	return config, nil
}

// ReadFile reads a file of bounded size.
func ReadFile(path string) ([]byte, error) { return livefile.ReadFile(path, maxSize) }

// ReadSecret reads a secret of one line; the line end does not count.
func ReadSecret(path string) (string, error) {
	data, err := ReadFile(path)
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(data), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return secret, nil
}

// ReadKey reads a key of 32 bytes in base64. Its errors do not show the content.
func ReadKey(path string) ([]byte, error) {
	text, err := ReadSecret(path)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != 32 {
		return nil, errors.New(path + " does not hold 32 bytes in base64")
	}
	return key, nil
}
