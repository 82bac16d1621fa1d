package registry

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/keys"
	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/store/memory"
)

// counted counts how often clients are read.
type counted struct {
	*memory.Store
	reads atomic.Int64
}

func (c *counted) FindClient(ctx context.Context, id int64) (store.Client, error) {
	c.reads.Add(1)
	return c.Store.FindClient(ctx, id)
}

func (c *counted) FindClientByAlias(ctx context.Context, alias string) (store.Client, error) {
	c.reads.Add(1)
	return c.Store.FindClientByAlias(ctx, alias)
}

type bench struct {
	*Registry
	store  *counted
	now    time.Time
	sealer *keys.Sealer
}

func newBench(t *testing.T) *bench {
	t.Helper()
	sealer, err := keys.NewSealer(rand.Reader, bytes.Repeat([]byte{1}, keys.KEKSize))
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{store: &counted{Store: memory.New()}, now: time.Unix(1_700_000_000, 0), sealer: sealer}
	b.Registry = b.replica()
	return b
}

// replica returns another registry on the same store.
func (b *bench) replica() *Registry {
	return New(Deps{Store: b.store, Sealer: b.sealer, Clock: func() time.Time { return b.now }})
}

func (b *bench) add(t *testing.T, id int64, alias, secret string) {
	t.Helper()
	record, err := b.Encode(&authlete.Client{ClientID: id, ClientIDAlias: alias, ClientSecret: secret}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.store.CreateClient(t.Context(), record); err != nil {
		t.Fatal(err)
	}
}

// setSecret changes a secret behind the registry's back.
func (b *bench) setSecret(t *testing.T, id int64, secret string) {
	t.Helper()
	record, err := b.store.FindClient(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	client, err := b.Decode(record)
	if err != nil {
		t.Fatal(err)
	}
	client.ClientSecret = secret
	if record, err = b.Encode(&client.Client, record.Version); err != nil {
		t.Fatal(err)
	}
	if err := b.store.UpdateClient(t.Context(), record); err != nil {
		t.Fatal(err)
	}
}

func TestCacheFollowsTheStore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.add(t, 7, "app", "first")
	secretIs := func(get func(context.Context, string) (*Client, error), want string) {
		t.Helper()
		client, err := get(t.Context(), "app")
		if err != nil {
			t.Fatal(err)
		}
		if !client.HasSecret() || !client.SecretMatches(want) || client.SecretMatches(want+"x") || client.SecretMatches("") {
			t.Errorf("the secret is not %q", want)
		}
	}
	secretIs(b.Client, "first")
	b.setSecret(t, 7, "second")
	secretIs(b.Client, "first")
	secretIs(b.Fresh, "first") // the cached reading is younger than freshInterval
	b.now = b.now.Add(freshInterval)
	secretIs(b.Fresh, "second")
	secretIs(b.Client, "second")
	b.setSecret(t, 7, "third")
	b.now = b.now.Add(cacheTime)
	secretIs(b.Client, "third")
	b.setSecret(t, 7, "fourth")
	b.Forget("app", "7")
	secretIs(b.Client, "fourth")
}

// TestAliasChangesHands: the cache of another replica must not take a new client for the old one of that name.
func TestAliasChangesHands(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.add(t, 7, "app", "first")
	if _, err := b.Client(t.Context(), "app"); err != nil {
		t.Fatal(err)
	}
	if err := b.store.DeleteClient(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	b.add(t, 8, "app", "second")
	b.now = b.now.Add(cacheTime)
	client, err := b.Client(t.Context(), "app")
	if err != nil {
		t.Fatal(err)
	}
	if client.ClientID != 8 || !client.SecretMatches("second") {
		t.Errorf("the cache still has client %d", client.ClientID)
	}
}

func TestReadsAreBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.add(t, 7, "app", "secret")
	for range 1000 {
		for _, get := range []func(context.Context, string) (*Client, error){b.Client, b.Fresh} {
			if _, err := get(t.Context(), "app"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := b.store.reads.Load(); got != 1 {
		t.Errorf("%d reads in a moment, want 1", got)
	}
	for i := range int64(cacheSize + 10) {
		b.add(t, 1000+i, "", "")
		if _, err := b.Client(t.Context(), strconv.FormatInt(1000+i, 10)); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.clients) > cacheSize {
		t.Errorf("%d cached clients, at most %d are allowed", len(b.clients), cacheSize)
	}
}

func TestUnknownIdentifiers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, identifier := range []string{"app", "7", "007", "+7", "-7", "", "\x00", "a b", "ü", string(make([]byte, 1000))} {
		if _, err := b.Client(t.Context(), identifier); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Client(%q): %v", identifier, err)
		}
	}
	b.add(t, 7, "app", "")
	b.now = b.now.Add(cacheTime)
	for _, identifier := range []string{"app", "7"} {
		client, err := b.Client(t.Context(), identifier)
		if err != nil {
			t.Fatal(err)
		}
		if client.ClientID != 7 || client.HasSecret() || client.SecretMatches("") {
			t.Errorf("client = %+v", client)
		}
	}
	if _, err := b.Client(t.Context(), "007"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Client(007): %v", err)
	}
}

func TestSecretsAreSealedToTheirClient(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	record, err := b.Encode(&authlete.Client{ClientID: 7, ClientSecret: "a secret worth keeping"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"document": record.Doc, "sealed secret": record.SecretSealed} {
		if bytes.Contains(data, []byte("worth keeping")) {
			t.Errorf("the secret is in the %s", name)
		}
	}
	if client, err := b.Decode(record); err != nil || client.ClientSecret != "a secret worth keeping" {
		t.Errorf("Decode: %v", err)
	}
	record.ID = 8
	if _, err := b.Decode(record); err == nil {
		t.Error("the secret of one client opened for another")
	}
}

func TestSettingsOfReplicas(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other := b.replica()
	if err := b.Load(t.Context(), &authlete.Service{Issuer: "https://as.example.com", ServiceName: "old"}); err != nil {
		t.Fatal(err)
	}
	if err := other.Load(t.Context(), &authlete.Service{Issuer: "https://as.example.com", ServiceName: "new"}); err != nil {
		t.Fatal(err)
	}
	if err := b.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := b.Service().ServiceName; got != "new" {
		t.Errorf("name = %q, want that of the replica that started last", got)
	}
	before := b.Service()
	if err := b.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b.Service() != before {
		t.Error("unchanged settings were replaced")
	}
	_, version, err := b.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Update(t.Context(), &authlete.Service{ServiceName: "outdated"}, version-1); !errors.Is(err, store.ErrConflict) {
		t.Errorf("updating another version: %v, want %v", err, store.ErrConflict)
	}
	if err := b.Update(t.Context(), &authlete.Service{ServiceName: "updated"}, version); err != nil {
		t.Fatal(err)
	}
	if err := other.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := other.Service().ServiceName; got != "updated" {
		t.Errorf("name = %q", got)
	}
	declared := authlete.Service{ServiceName: "updated"}
	if err := other.Load(t.Context(), &declared); err != nil { // nothing to do: no new version
		t.Fatal(err)
	}
	declared.ServiceName = "changed by the caller"
	if got := other.Service().ServiceName; got != "updated" {
		t.Errorf("name = %q", got)
	}
	doc, err := b.store.FindSettings(t.Context())
	if err != nil || doc.Version != 3 {
		t.Errorf("version %d, %v", doc.Version, err)
	}
}

func TestRedirectURIs(t *testing.T) {
	t.Parallel()
	registered := []string{
		"https://app.example.com/callback", "http://127.0.0.1/callback", "http://[::1]:8080/callback?a=b", "http://localhost/callback", "com.example.app:/cb",
	}
	for name, test := range map[string]struct {
		uri         string
		web, native bool
	}{
		"exact":                     {"https://app.example.com/callback", true, true},
		"more path":                 {"https://app.example.com/callback/", false, false},
		"less path":                 {"https://app.example.com/", false, false},
		"a query":                   {"https://app.example.com/callback?x=y", false, false},
		"another host":              {"https://app.example.com.evil.example/callback", false, false},
		"user information":          {"https://app.example.com@evil.example/callback", false, false},
		"other case":                {"https://APP.example.com/callback", false, false},
		"a port":                    {"https://app.example.com:443/callback", false, false},
		"loopback":                  {"http://127.0.0.1/callback", true, true},
		"loopback with a port":      {"http://127.0.0.1:49152/callback", false, true},
		"loopback v6, another port": {"http://[::1]:9/callback?a=b", false, true},
		"loopback, another query":   {"http://[::1]:9/callback?a=c", false, false},
		"loopback, another path":    {"http://127.0.0.1:49152/evil", false, false},
		"loopback, another address": {"http://127.0.0.2:49152/callback", false, false},
		"loopback with https":       {"https://127.0.0.1:49152/callback", false, false},
		"loopback with user":        {"http://evil@127.0.0.1:49152/callback", false, false},
		"localhost with a port":     {"http://localhost:49152/callback", false, false}, // RFC 8252, section 8.3
		"private scheme":            {"com.example.app:/cb", true, true},
		"empty":                     {"", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for application, want := range map[authlete.ApplicationType]bool{
				authlete.ApplicationWeb: test.web, authlete.ApplicationNative: test.native,
			} {
				client := Client{Client: authlete.Client{ApplicationType: application, RedirectURIs: registered}}
				if got := client.HasRedirectURI(test.uri); got != want {
					t.Errorf("%s: HasRedirectURI(%q) = %v", application, test.uri, got)
				}
			}
		})
	}
}

func TestAllowedScopes(t *testing.T) {
	t.Parallel()
	service := &authlete.Service{SupportedScopes: []authlete.Scope{{Name: "openid"}, {Name: "read"}}}
	client := Client{Client: authlete.Client{Extension: &authlete.ClientExtension{RequestableScopes: []string{"read"}}}}
	requested := []string{"read", "nonsense", "openid"}
	if got := client.AllowedScopes(service, requested); len(got) != 2 {
		t.Errorf("without a limit: %v", got)
	}
	client.Extension.RequestableScopesEnabled = true
	if got := client.AllowedScopes(service, requested); len(got) != 1 || got[0] != "read" {
		t.Errorf("with a limit: %v", got)
	}
}

func TestIdentifier(t *testing.T) {
	t.Parallel()
	named := Client{Client: authlete.Client{ClientID: 7, ClientIDAlias: "app"}}
	if named.Identifier(true) != "app" || named.Identifier(false) != "7" {
		t.Errorf("identifiers %q and %q", named.Identifier(true), named.Identifier(false))
	}
	if unnamed := (&Client{Client: authlete.Client{ClientID: 7}}); unnamed.Identifier(true) != "7" {
		t.Errorf("identifier %q", unnamed.Identifier(true))
	}
}
