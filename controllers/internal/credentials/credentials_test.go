package credentials_test

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"testing"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/credentials"
)

var hosts = []string{"login-management.identity.svc", "login-management.identity.svc.cluster.local"}

func TestSessionRotation(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	maker := credentials.Maker{Rand: rand.Reader, Clock: func() time.Time { return now }}
	ring := func(data map[string][]byte) []configv1alpha1.SealKey {
		var ring configv1alpha1.KeyRing
		if err := json.Unmarshal(data["keyring.json"], &ring); err != nil {
			t.Fatal(err)
		}
		return ring.Keys
	}
	data, err := maker.Session(credentials.Existing{}, "")
	if err != nil || len(ring(data)) != 1 || len(ring(data)[0].Key) != 32 {
		t.Fatalf("first ring: %s, %v", data, err)
	}
	first := ring(data)[0].ID
	kept, err := maker.Session(credentials.Existing{Data: data, Rotated: "1"}, "1")
	if err != nil || ring(kept)[0].ID != first {
		t.Errorf("an answered request rotates again: %v", err)
	}
	for i, request := range []string{"a", "b", "c", "d"} {
		now = now.Add(configv1alpha1.SealDelay)
		data, err = maker.Session(credentials.Existing{Data: data, Rotated: "1"}, request)
		if err != nil {
			t.Fatal(err)
		}
		keys := ring(data)
		if len(keys) != min(i+2, 3) {
			t.Errorf("after rotation %d there are %d keys", i+1, len(keys))
		}
		if i == 0 && keys[1].ID != first {
			t.Error("the key before is gone: sessions would end")
		}
	}
}

// TestRingKeepsTheKeyThatSeals: rotations that follow each other drop no key with which servers still seal.
func TestRingKeepsTheKeyThatSeals(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	maker := credentials.Maker{Rand: rand.Reader, Clock: func() time.Time { return now }}
	data, err := maker.Session(credentials.Existing{}, "")
	if err != nil {
		t.Fatal(err)
	}
	var ring configv1alpha1.KeyRing
	read := func() {
		ring = configv1alpha1.KeyRing{}
		if err := json.Unmarshal(data["keyring.json"], &ring); err != nil {
			t.Fatal(err)
		}
	}
	read()
	now = now.Add(time.Hour)
	sealing := ring.Keys[0].ID
	for _, request := range []string{"a", "b", "c", "d", "e"} {
		if data, err = maker.Session(credentials.Existing{Data: data, Rotated: "1"}, request); err != nil {
			t.Fatal(err)
		}
		read()
		if got := ring.Keys[ring.Sealing(now)].ID; got != sealing {
			t.Fatalf("after %q the key %s seals, want %s", request, got, sealing)
		}
		now = now.Add(time.Second)
	}
	now = now.Add(configv1alpha1.SealDelay)
	if got := ring.Sealing(now); got != 0 {
		t.Errorf("later the key %d seals, want the newest", got)
	}
}

func TestManagement(t *testing.T) {
	t.Parallel()
	now := time.Now()
	maker := credentials.Maker{Rand: rand.Reader, Clock: func() time.Time { return now }}
	data, err := maker.Management(credentials.Existing{}, "", hosts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tls.X509KeyPair(data["tls.crt"], data["tls.key"]); err != nil {
		t.Error(err)
	}
	token := func(existing credentials.Existing, request string, hosts []string) string {
		got, err := maker.Management(existing, request, hosts)
		if err != nil {
			t.Fatal(err)
		}
		return string(got["token"])
	}
	have := credentials.Existing{Data: data, Rotated: "1"}
	for name, test := range map[string]struct {
		request string
		hosts   []string
		after   time.Duration
		kept    bool
	}{
		"nothing changed":  {"", hosts, 0, true},
		"answered request": {"1", hosts, 0, true},
		"new request":      {"2", hosts, 0, false},
		"other host":       {"", []string{"other"}, 0, false},
		"long before end":  {"", hosts, 300 * 24 * time.Hour, true},
		"near its end":     {"", hosts, 340 * 24 * time.Hour, false},
	} {
		began := now
		now = now.Add(test.after)
		if kept := token(have, test.request, test.hosts) == string(data["token"]); kept != test.kept {
			t.Errorf("%s: kept %v, want %v", name, kept, test.kept)
		}
		now = began
	}
}

func TestEngineKeyIsNeverReplaced(t *testing.T) {
	t.Parallel()
	maker := credentials.Maker{Rand: rand.Reader, Clock: time.Now}
	data, err := maker.Engine(credentials.Existing{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := maker.Engine(credentials.Existing{Data: data, Rotated: "anything"})
	if err != nil || !bytes.Equal(again["kek"], data["kek"]) {
		t.Errorf("the key encryption key changed: %v", err)
	}
}
