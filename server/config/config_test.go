package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/server/config"
)

const valid = `apiVersion: config.authserver.dev/v1alpha1
kind: ServerConfig
issuer: https://login.example.com
backend: {type: Embedded, embedded: {storage: {type: Memory}, keyEncryptionKeyFile: kek}}
session: {keyRingFile: ring}
users: {directory: users}
`

func TestParse(t *testing.T) {
	t.Parallel()
	if _, err := config.Parse([]byte(valid)); err != nil {
		t.Errorf("a valid file is refused: %v", err)
	}
	for name, test := range map[string]struct{ text, want string }{
		"unknown field": {valid + "isuer: x\n", "isuer"},
		"invalid value": {strings.Replace(valid, "https:", "ftp:", 1), "issuer"},
		"not YAML":      {"{", "decoding"},
		"twice":         {valid + "issuer: https://b.example.com\n", "issuer"},
	} {
		if _, err := config.Parse([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want a word of %q", name, err, test.want)
		}
	}
}

func TestSecretsDoNotShowInErrors(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kek")
	if err := os.WriteFile(path, []byte("hunter2hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.ReadKey(path); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("ReadKey: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(valid))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Parse(data)
		if (c == nil) == (err == nil) {
			t.Errorf("Parse = %v, %v", c, err)
		}
	})
}
