package httpapi_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine"
	"github.com/authserver-dev/operator/server/engine/enginetest"
	"github.com/authserver-dev/operator/server/engine/httpapi"
)

// replicas are the API over engines that share a store.
func replicas(t *testing.T, count int) []*api {
	t.Helper()
	path := filepath.Join(t.TempDir(), "engine.db")
	var all []*api
	for range count {
		e, err := engine.Open(t.Context(), engine.Options{
			Storage: engine.Storage{SQLitePath: path}, KEK: bytes.Repeat([]byte{7}, 32), Service: enginetest.Service(), SigningAlgorithm: "ES256",
			Clock: enginetest.NewClock().Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		})
		a := &api{token: credential, engine: e}
		a.Handler = httpapi.New(httpapi.Options{Backend: e, Credentials: a.accepted, Log: slog.New(slog.DiscardHandler)})
		all = append(all, a)
	}
	return all
}

// TestPartialUpdatesOfReplicas: of changes of different members that replicas make at the same time, none is lost.
func TestPartialUpdatesOfReplicas(t *testing.T) {
	t.Parallel()
	all := replicas(t, 2)
	client := decoded[authlete.Client](t, all[0].call(http.MethodPost, "/api/1/client/create", codeClient))
	for what, test := range map[string]struct {
		path, read string
		members    []string
	}{
		"service": {"/api/1/service/update", "/api/1/service/get", []string{"serviceName", "policyUri", "tosUri", "logoUri"}},
		"client": {
			fmt.Sprintf("/api/1/client/update/%d", client.ClientID), fmt.Sprintf("/api/1/client/get/%d", client.ClientID),
			[]string{"clientName", "description", "policyUri", "tosUri", "logoUri", "clientUri", "developer"},
		},
	} {
		for round := range 5 {
			var group sync.WaitGroup
			start := make(chan struct{})
			for i, member := range test.members {
				group.Go(func() {
					<-start
					body := fmt.Sprintf(`{%q:"https://example.com/%s-%d"}`, member, member, round)
					if response := all[i%len(all)].call(http.MethodPost, test.path, body); response.Code != http.StatusOK {
						t.Errorf("%s of the %s: %d %s", member, what, response.Code, response.Body)
					}
				})
			}
			close(start)
			group.Wait()
			var got map[string]any
			if err := json.Unmarshal(all[round%len(all)].call(http.MethodGet, test.read, "").Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			for _, member := range test.members {
				if want := fmt.Sprintf("https://example.com/%s-%d", member, round); got[member] != want {
					t.Errorf("%s of the %s is %v, want %s", member, what, got[member], want)
				}
			}
		}
	}
}

// TestTakenAliasIsRefused: a conflict that no repetition resolves is told as what it is.
func TestTakenAliasIsRefused(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for _, alias := range []string{"one", "two"} {
		decoded[authlete.Client](t, a.call(http.MethodPost, "/api/1/client/create", fmt.Sprintf(`{"clientIdAlias":%q}`, alias)))
	}
	response := a.call(http.MethodPost, "/api/1/client/update/two", `{"clientIdAlias":"one"}`)
	if response.Code != http.StatusConflict || !bytes.Contains(response.Body.Bytes(), []byte("taken")) {
		t.Errorf("%d %s", response.Code, response.Body)
	}
}
