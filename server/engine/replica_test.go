package engine_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine"
	"github.com/authserver-dev/operator/server/engine/enginetest"
	"github.com/authserver-dev/operator/server/engine/internal/store/sqlstore"
	"github.com/authserver-dev/operator/test/postgrestest"
)

// machine is a client that gets tokens for itself.
func machine(t *testing.T, e *engine.Engine) *authlete.Client {
	t.Helper()
	client, err := e.ClientCreate(t.Context(), &authlete.Client{
		ClientIDAlias: "machine", GrantTypes: []authlete.GrantType{authlete.GrantClientCredentials},
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func token(t *testing.T, e *engine.Engine, client *authlete.Client) *authlete.TokenResponse {
	t.Helper()
	response, err := e.Token(t.Context(), &authlete.TokenRequest{
		Parameters: "grant_type=client_credentials", ClientID: client.ClientIDAlias, ClientSecret: client.ClientSecret,
	})
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func active(t *testing.T, e *engine.Engine, token string) bool {
	t.Helper()
	response, err := e.StandardIntrospection(t.Context(), &authlete.StandardIntrospectionRequest{Parameters: "token=" + url.QueryEscape(token)})
	if err != nil {
		t.Fatal(err)
	}
	return response.ResponseContent != `{"active":false}`
}

func kids(t *testing.T, e *engine.Engine) string {
	t.Helper()
	document, err := e.ServiceJWKS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var set struct {
		Keys []struct {
			KID string `json:"kid"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(document, &set); err != nil {
		t.Fatal(err)
	}
	var all string
	for _, key := range set.Keys {
		all += key.KID + " "
	}
	return all
}

func TestReplicasAgree(t *testing.T) {
	t.Parallel()
	storage := engine.Storage{PostgreSQL: postgrestest.Start(t).Database(t), MaxConnections: 5}
	clock := enginetest.NewClock()
	one, two := open(t, clock, storage, enginetest.Service()), open(t, clock, storage, enginetest.Service())
	client := machine(t, one)
	issued := token(t, two, client)
	if issued.Action != authlete.TokenOK || !active(t, one, issued.AccessToken) {
		t.Errorf("%s %s", issued.Action, issued.ResponseContent)
	}
	if a, b := kids(t, one), kids(t, two); a != b {
		t.Errorf("keys %s and %s", a, b)
	}
	// A secret that one replica has just changed works at the other, which still remembers the old one, after a moment.
	changed, err := one.ClientSecretRefresh(t.Context(), "machine")
	if err != nil {
		t.Fatal(err)
	}
	client.ClientSecret = changed.NewClientSecret
	clock.Turn(200 * time.Millisecond)
	if response := token(t, two, client); response.Action != authlete.TokenOK {
		t.Errorf("with the new secret: %s %s", response.Action, response.ResponseContent)
	}
	client.ClientSecret = changed.OldClientSecret
	clock.Turn(2 * time.Second)
	if response := token(t, two, client); response.Action != authlete.TokenInvalidClient {
		t.Errorf("with the old secret: %s", response.Action)
	}
	if err := one.ClientDelete(t.Context(), "machine"); err != nil {
		t.Fatal(err)
	}
	clock.Turn(2 * time.Second)
	if active(t, two, issued.AccessToken) {
		t.Error("a token of a deleted client is active at the other replica")
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	storage := engine.Storage{SQLitePath: filepath.Join(t.TempDir(), "engine.db")}
	clock := enginetest.NewClock()
	options := engine.Options{
		Storage: storage, KEK: bytes.Repeat([]byte{7}, 32), Service: enginetest.Service(), SigningAlgorithm: "ES256",
		Clock: clock.Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
	}
	before, err := engine.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	client := machine(t, before)
	issued, keys := token(t, before, client), kids(t, before)
	if err := before.Close(); err != nil {
		t.Fatal(err)
	}
	if err := before.Ready(t.Context()); err == nil {
		t.Error("a closed engine is ready")
	}
	after := open(t, clock, storage, enginetest.Service())
	if err := after.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if got := kids(t, after); got != keys {
		t.Errorf("keys %s, before %s", got, keys)
	}
	if !active(t, after, issued.AccessToken) || token(t, after, client).Action != authlete.TokenOK {
		t.Error("client or token did not survive")
	}
	options.KEK = bytes.Repeat([]byte{8}, 32)
	if wrong, err := engine.Open(t.Context(), options); err == nil {
		t.Error("a wrong key encryption key went unnoticed")
		_ = wrong.Close()
	}
}

// TestReplicasDecideEachOthersRequests: the page may come from one replica and the decision reach another.
func TestReplicasDecideEachOthersRequests(t *testing.T) {
	t.Parallel()
	storage := engine.Storage{SQLitePath: filepath.Join(t.TempDir(), "engine.db")}
	clock := enginetest.NewClock()
	one, two := open(t, clock, storage, enginetest.Service()), open(t, clock, storage, enginetest.Service())
	if _, err := one.ClientCreate(t.Context(), &authlete.Client{
		ClientIDAlias: "app", RedirectURIs: []string{"https://app.example.com/callback"},
		GrantTypes: []authlete.GrantType{authlete.GrantAuthorizationCode}, ResponseTypes: []authlete.ResponseType{authlete.ResponseCode},
	}); err != nil {
		t.Fatal(err)
	}
	asked, err := one.Authorization(t.Context(), &authlete.AuthorizationRequest{Parameters: "response_type=code&client_id=app"})
	if err != nil {
		t.Fatal(err)
	}
	issued, err := two.AuthorizationIssue(t.Context(), &authlete.AuthorizationIssueRequest{Ticket: asked.Ticket, Subject: "1001"})
	if err != nil || issued.Action != authlete.AuthorizationIssueLocation {
		t.Errorf("%+v, %v", issued, err)
	}
	again, err := one.AuthorizationIssue(t.Context(), &authlete.AuthorizationIssueRequest{Ticket: asked.Ticket, Subject: "1001"})
	if err != nil || again.Action != authlete.AuthorizationIssueBadRequest {
		t.Errorf("the ticket was used twice: %+v, %v", again, err)
	}
}

// TestKeysOutliveTheStart: the context of Open bounds the start, not the keys that are made in the background.
func TestKeysOutliveTheStart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "engine.db")
	ctx, cancel := context.WithCancel(t.Context())
	e, err := engine.Open(ctx, engine.Options{
		Storage: engine.Storage{SQLitePath: path}, KEK: bytes.Repeat([]byte{7}, 32), Service: enginetest.Service(), SigningAlgorithm: "RS256",
		Clock: enginetest.NewClock().Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	cancel()
	if err != nil {
		t.Fatal(err)
	}
	awaitKeys(t, e, 2) // Close ends the making of keys
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	st, err := sqlstore.OpenSQLite(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := st.ListKeys(t.Context())
	if err != nil || len(keys) != 2 {
		t.Errorf("%d keys, %v, want one of each algorithm", len(keys), err)
	}
	if err := st.Close(); err != nil {
		t.Error(err)
	}
}

// awaitKeys waits until the published set has so many keys.
func awaitKeys(t *testing.T, e *engine.Engine, count int) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		set, err := e.ServiceJWKS(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Count(set, []byte(`"kid"`)) == count {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the set has not %d keys: %s", count, set)
		}
	}
}

func TestDiscoveryIsBuiltOnce(t *testing.T) { // not parallel: it counts allocations
	e := open(t, enginetest.NewClock(), engine.Storage{}, enginetest.Service())
	first, err := e.ServiceConfiguration(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if allocations := testing.AllocsPerRun(100, func() {
		if again, err := e.ServiceConfiguration(t.Context()); err != nil || &again[0] != &first[0] {
			t.Error("the document was built again")
		}
	}); allocations > 0 {
		t.Errorf("%v allocations per request", allocations)
	}
}
