package v1alpha1_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
)

// minimal is the smallest valid configuration.
func minimal() *configv1alpha1.ServerConfig {
	c := &configv1alpha1.ServerConfig{
		Issuer: "https://login.example.com",
		Backend: configv1alpha1.Backend{Type: configv1alpha1.BackendEmbedded, Embedded: &configv1alpha1.EmbeddedBackend{
			Storage: configv1alpha1.Storage{Type: configv1alpha1.StorageMemory}, KeyEncryptionKeyFile: "kek",
		}},
		Session: configv1alpha1.Session{KeyRingFile: "keyring.json"},
		Users:   configv1alpha1.Users{Directory: "users"},
	}
	configv1alpha1.Default(c)
	return c
}

func TestDefault(t *testing.T) {
	t.Parallel()
	c := minimal()
	if errs := configv1alpha1.Validate(c); len(errs) != 0 {
		t.Fatalf("the minimal configuration is refused: %v", errs)
	}
	if c.Service.Name != "login.example.com" || c.Listen.Public != ":8080" || c.Service.AccessTokenSeconds != 3600 {
		t.Errorf("defaults are missing: %+v", c)
	}
	again := *c
	configv1alpha1.Default(&again)
	if diff := cmp.Diff(c, &again); diff != "" {
		t.Errorf("Default twice differs (-once +twice):\n%s", diff)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*configv1alpha1.ServerConfig)
		want   string
	}{
		"no issuer":           {func(c *configv1alpha1.ServerConfig) { c.Issuer = "" }, "issuer"},
		"http issuer":         {func(c *configv1alpha1.ServerConfig) { c.Issuer = "http://login.example.com" }, "must use https"},
		"issuer with query":   {func(c *configv1alpha1.ServerConfig) { c.Issuer += "?a=b" }, "query"},
		"issuer with slash":   {func(c *configv1alpha1.ServerConfig) { c.Issuer += "/" }, "slash"},
		"wrong kind":          {func(c *configv1alpha1.ServerConfig) { c.Kind = "Pod" }, "kind"},
		"wrong version":       {func(c *configv1alpha1.ServerConfig) { c.APIVersion = "v1" }, "apiVersion"},
		"unknown backend":     {func(c *configv1alpha1.ServerConfig) { c.Backend.Type = "Other" }, "backend.type"},
		"empty union":         {func(c *configv1alpha1.ServerConfig) { c.Backend.Embedded = nil }, "backend.embedded"},
		"sqlite without path": {func(c *configv1alpha1.ServerConfig) { c.Backend.Embedded.Storage.Type = configv1alpha1.StorageSQLite }, "sqlite"},
		"no users":            {func(c *configv1alpha1.ServerConfig) { c.Users.Directory = "" }, "users.directory"},
		"implicit response":   {func(c *configv1alpha1.ServerConfig) { c.Service.ResponseTypes = []string{"token"} }, "implicit"},
		"unknown algorithm":   {func(c *configv1alpha1.ServerConfig) { c.Service.SigningAlgorithm = "none" }, "signingAlgorithm"},
		"short absolute":      {func(c *configv1alpha1.ServerConfig) { c.Session.AbsoluteSeconds = 1 }, "absoluteSeconds"},
		"bad proxy":           {func(c *configv1alpha1.ServerConfig) { c.TrustedProxies = []string{"x"} }, "trustedProxies[0]"},
		"bad level":           {func(c *configv1alpha1.ServerConfig) { c.Log.Level = "loud" }, "log.level"},
		"two callers of one name": {func(c *configv1alpha1.ServerConfig) {
			caller := configv1alpha1.IntrospectionCaller{Name: "api", SecretFile: "f"}
			c.Introspection.Callers = []configv1alpha1.IntrospectionCaller{caller, caller}
		}, "callers[1].name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := minimal()
			test.change(c)
			errs := configv1alpha1.Validate(c)
			if len(errs) == 0 || !strings.Contains(errs.ToAggregate().Error(), test.want) {
				t.Errorf("Validate = %v, want a word of %q", errs, test.want)
			}
		})
	}
	loopback := minimal()
	loopback.Issuer = "http://127.0.0.1:8080"
	if errs := configv1alpha1.Validate(loopback); len(errs) != 0 {
		t.Errorf("http on loopback is refused: %v", errs)
	}
}

func TestShard(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for i := range 1000 {
		shard := configv1alpha1.Shard(strings.Repeat("x", i))
		if shard < 0 || shard >= configv1alpha1.UserShards {
			t.Fatalf("shard %d is out of range", shard)
		}
		seen[shard] = true
	}
	if len(seen) != configv1alpha1.UserShards {
		t.Errorf("1000 subjects fall into %d of %d shards", len(seen), configv1alpha1.UserShards)
	}
	if got := configv1alpha1.ShardFile(7); got != "users-07.json" {
		t.Errorf("ShardFile(7) = %q", got)
	}
}
