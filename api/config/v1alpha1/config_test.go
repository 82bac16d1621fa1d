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
	if c.Service.Name != "login.example.com" || c.Listen.Public != ":8080" || c.Service.Tokens.AccessTokenSeconds != 3600 {
		t.Errorf("defaults are missing: %+v", c)
	}
	again := *c
	configv1alpha1.Default(&again)
	if diff := cmp.Diff(c, &again); diff != "" {
		t.Errorf("Default twice differs (-once +twice):\n%s", diff)
	}
}

// TestZeroIsAValue: where 0 means something, the file can say it, and it is not taken for an absent value.
func TestZeroIsAValue(t *testing.T) {
	t.Parallel()
	c := minimal()
	*c.Login.FreeAttempts, *c.Shutdown.DrainSeconds, *c.Backend.Embedded.Signing.RotationSeconds = 0, 0, 0
	configv1alpha1.Default(c)
	if errs := configv1alpha1.Validate(c); len(errs) != 0 {
		t.Error(errs)
	}
	if *c.Login.FreeAttempts != 0 || *c.Shutdown.DrainSeconds != 0 || *c.Backend.Embedded.Signing.RotationSeconds != 0 {
		t.Errorf("0 was replaced: %+v %+v %+v", c.Login, c.Shutdown, c.Backend.Embedded.Signing)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*configv1alpha1.ServerConfig)
		want   string
	}{
		"no issuer":            {func(c *configv1alpha1.ServerConfig) { c.Issuer = "" }, "issuer"},
		"http issuer":          {func(c *configv1alpha1.ServerConfig) { c.Issuer = "http://login.example.com" }, "must use https"},
		"issuer with query":    {func(c *configv1alpha1.ServerConfig) { c.Issuer += "?a=b" }, "query"},
		"issuer with slash":    {func(c *configv1alpha1.ServerConfig) { c.Issuer += "/" }, "slash"},
		"wrong kind":           {func(c *configv1alpha1.ServerConfig) { c.Kind = "Pod" }, "kind"},
		"wrong version":        {func(c *configv1alpha1.ServerConfig) { c.APIVersion = "v1" }, "apiVersion"},
		"unknown backend":      {func(c *configv1alpha1.ServerConfig) { c.Backend.Type = "Other" }, "backend.type"},
		"empty union":          {func(c *configv1alpha1.ServerConfig) { c.Backend.Embedded = nil }, "backend.embedded"},
		"sqlite without path":  {func(c *configv1alpha1.ServerConfig) { c.Backend.Embedded.Storage.Type = configv1alpha1.StorageSQLite }, "sqlite"},
		"no users":             {func(c *configv1alpha1.ServerConfig) { c.Users.Directory = "" }, "users.directory"},
		"implicit response":    {func(c *configv1alpha1.ServerConfig) { c.Service.ResponseTypes = []string{"token"} }, "implicit"},
		"unknown algorithm":    {func(c *configv1alpha1.ServerConfig) { c.Backend.Embedded.Signing.Algorithm = "none" }, "signing.algorithm"},
		"unknown rotation":     {func(c *configv1alpha1.ServerConfig) { c.Service.Tokens.RefreshRotation = "Never" }, "tokens.refreshRotation"},
		"unknown PKCE extent":  {func(c *configv1alpha1.ServerConfig) { c.Service.PKCE.Required = "Never" }, "pkce.required"},
		"unknown PKCE methods": {func(c *configv1alpha1.ServerConfig) { c.Service.PKCE.ChallengeMethods = "plain" }, "pkce.challengeMethods"},
		"unknown scope grant":  {func(c *configv1alpha1.ServerConfig) { c.Service.Scopes[0].Grant = "Never" }, "service.scopes[0].grant"},
		"brief publication":    {func(c *configv1alpha1.ServerConfig) { c.Backend.Embedded.Signing.PublishSeconds = 300 }, "signing.publishSeconds"},
		"short absolute":       {func(c *configv1alpha1.ServerConfig) { c.Session.AbsoluteSeconds = 60 }, "absoluteSeconds"},
		"bad proxy":            {func(c *configv1alpha1.ServerConfig) { c.TrustedProxies = []string{"x"} }, "trustedProxies[0]"},
		"bad level":            {func(c *configv1alpha1.ServerConfig) { c.Log.Level = "loud" }, "log.level"},
		"bad format":           {func(c *configv1alpha1.ServerConfig) { c.Log.Format = "xml" }, "log.format"},
		"path that escapes":    {func(c *configv1alpha1.ServerConfig) { c.Issuer += "/{x}" }, "plain segments"},
		"path that shortens":   {func(c *configv1alpha1.ServerConfig) { c.Issuer += "/a/../b" }, "plain segments"},
		"path with a gap":      {func(c *configv1alpha1.ServerConfig) { c.Issuer += "/a//b" }, "plain segments"},
		"issuer with user":     {func(c *configv1alpha1.ServerConfig) { c.Issuer = "https://me@login.example.com" }, "user information"},
		"other scheme":         {func(c *configv1alpha1.ServerConfig) { c.Issuer = "ftp://login.example.com" }, "https"},
		"no host":              {func(c *configv1alpha1.ServerConfig) { c.Issuer = "https:///x" }, "absolute URL"},
		"bad address":          {func(c *configv1alpha1.ServerConfig) { c.Listen.Public = "8080" }, "listen.public"},
		"bad port":             {func(c *configv1alpha1.ServerConfig) { c.Listen.Metrics = ":http" }, "listen.metrics"},
		"one port twice":       {func(c *configv1alpha1.ServerConfig) { c.Listen.Metrics = ":8080" }, "listen.metrics"},
		"half of the database's TLS": {func(c *configv1alpha1.ServerConfig) {
			c.Backend.Embedded.Storage = configv1alpha1.Storage{
				Type: configv1alpha1.StoragePostgreSQL, PostgreSQL: &configv1alpha1.PostgreSQLStorage{
					ConnectionFile: "url", ClientCertificate: &configv1alpha1.TLSFiles{KeyFile: "x"},
				},
			}
		}, "postgresql.clientCertificate.certFile"},
		"half of TLS":          {func(c *configv1alpha1.ServerConfig) { c.TLS = &configv1alpha1.TLSFiles{CertFile: "x"} }, "tls.keyFile"},
		"negative drain":       {func(c *configv1alpha1.ServerConfig) { *c.Shutdown.DrainSeconds = -1 }, "shutdown.drainSeconds"},
		"two classes":          {func(c *configv1alpha1.ServerConfig) { c.Login.ACR = "a b" }, "login.acr"},
		"a long class":         {func(c *configv1alpha1.ServerConfig) { c.Login.ACR = strings.Repeat("a", 257) }, "login.acr"},
		"negative attempts":    {func(c *configv1alpha1.ServerConfig) { *c.Login.FreeAttempts = -1 }, "login.freeAttempts"},
		"negative delay":       {func(c *configv1alpha1.ServerConfig) { c.Login.MaxDelaySeconds = -1 }, "login.maxDelaySeconds"},
		"negative page life":   {func(c *configv1alpha1.ServerConfig) { c.Session.InteractionSeconds = -1 }, "session.interactionSeconds"},
		"no key ring":          {func(c *configv1alpha1.ServerConfig) { c.Session.KeyRingFile = "" }, "session.keyRingFile"},
		"unknown certificates": {func(c *configv1alpha1.ServerConfig) { c.ClientCertificates = "Demand" }, "clientCertificates"},
		"certificates, no TLS": {func(c *configv1alpha1.ServerConfig) { c.ClientCertificates = "Request" }, "clientCertificates"},
		"unknown consent":      {func(c *configv1alpha1.ServerConfig) { c.Session.Consent = "Never" }, "session.consent"},
		"an end before the lifetime is over": {
			func(c *configv1alpha1.ServerConfig) { c.Service.Tokens.RefreshAbsoluteSeconds = 60 }, "service.tokens.refreshAbsoluteSeconds",
		},
		"negative lifetime":     {func(c *configv1alpha1.ServerConfig) { c.Service.Tokens.IDTokenSeconds = -1 }, "service.tokens.idTokenSeconds"},
		"bad logo":              {func(c *configv1alpha1.ServerConfig) { c.Service.LogoURI = "javascript:alert(1)" }, "service.logoURI"},
		"unknown grant":         {func(c *configv1alpha1.ServerConfig) { c.Service.GrantTypes = []string{"ciba"} }, "service.grantTypes"},
		"bad scope":             {func(c *configv1alpha1.ServerConfig) { c.Service.Scopes[0].Name = "a b" }, "service.scopes[0].name"},
		"scope in other script": {func(c *configv1alpha1.ServerConfig) { c.Service.Scopes[0].Name = "é" }, "service.scopes[0].name"},
		"claim with a space":    {func(c *configv1alpha1.ServerConfig) { c.Service.Scopes[0].Claims = []string{"a b"} }, "service.scopes[0].claims[0]"},
		"claim of the protocol": {func(c *configv1alpha1.ServerConfig) { c.Service.Scopes[0].Claims = []string{"sub"} }, "service.scopes[0].claims[0]"},
		"one scope twice":       {func(c *configv1alpha1.ServerConfig) { c.Service.Scopes[1].Name = "openid" }, "service.scopes[1].name"},
		"nameless caller": {func(c *configv1alpha1.ServerConfig) {
			c.Introspection.Callers = []configv1alpha1.IntrospectionCaller{{}}
		}, "introspection.callers[0].secretFile"},
		"rotation before publication": {func(c *configv1alpha1.ServerConfig) {
			*c.Backend.Embedded.Signing.RotationSeconds = 3600
		}, "signing.rotationSeconds"},
		"unknown storage": {func(c *configv1alpha1.ServerConfig) { c.Backend.Embedded.Storage.Type = "Tape" }, "storage.type"},
		"no key at rest":  {func(c *configv1alpha1.ServerConfig) { c.Backend.Embedded.KeyEncryptionKeyFile = "" }, "keyEncryptionKeyFile"},
		"management without token": {func(c *configv1alpha1.ServerConfig) {
			c.Backend.Embedded.Management = &configv1alpha1.Management{}
		}, "management.tokenFile"},
		"postgresql without connection": {func(c *configv1alpha1.ServerConfig) {
			c.Backend.Embedded.Storage.Type = configv1alpha1.StoragePostgreSQL
			c.Backend.Embedded.Storage.PostgreSQL = &configv1alpha1.PostgreSQLStorage{MaxConnections: -1}
		}, "postgresql.maxConnections"},
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
	for _, issuer := range []string{"http://127.0.0.1:8080", "http://localhost/tenant", "http://[::1]:1", "https://login.example.com/a-b/c_d~e.f"} {
		c := minimal()
		c.Issuer = issuer
		if errs := configv1alpha1.Validate(c); len(errs) != 0 {
			t.Errorf("%s is refused: %v", issuer, errs)
		}
	}
}

// TestValidateIsDeterministic: the operator shows the errors in a condition, which must not flap.
func TestValidateIsDeterministic(t *testing.T) {
	t.Parallel()
	broken := func() string {
		c := minimal()
		t := &c.Service.Tokens
		t.AccessTokenSeconds, t.RefreshTokenSeconds, t.IDTokenSeconds, t.AuthorizationCodeSeconds = -1, -1, -1, -1
		c.Service.LogoURI, c.Service.PolicyURI, c.Service.TosURI = "x", "x", "x"
		return configv1alpha1.Validate(c).ToAggregate().Error()
	}
	first := broken()
	for range 20 {
		if again := broken(); again != first {
			t.Fatalf("two runs differ:\n%s\n%s", first, again)
		}
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
