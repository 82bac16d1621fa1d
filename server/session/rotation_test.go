package session_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/server/session"
)

// replicaOf is a server whose ring file is written when its node gets to it.
type replicaOf struct {
	path   string
	sealer *session.Sealer
}

func (r *replicaOf) write(t *testing.T, keys ...configv1alpha1.SealKey) {
	t.Helper()
	data, err := json.Marshal(configv1alpha1.KeyRing{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if r.sealer, err = session.OpenSealer(r.path, time.Now, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
}

// TestTwoServersAndARotation: two servers read a new ring up to 90 seconds apart. What one seals, the other opens, at every
// moment.
func TestTwoServersAndARotation(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{0, time.Second, 90 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			servers := []*replicaOf{{path: filepath.Join(t.TempDir(), "a")}, {path: filepath.Join(t.TempDir(), "b")}}
			old, fresh := key("a"), key("b")
			old.CreatedAt, fresh.CreatedAt = metav1.NewTime(began.Add(-time.Hour)), metav1.NewTime(began)
			for _, s := range servers {
				s.write(t, old)
			}
			servers[0].write(t, fresh, old)
			for time.Since(began) < 5*time.Minute {
				if time.Since(began) == lag {
					servers[1].write(t, fresh, old)
				}
				for i, from := range servers {
					sealed, err := from.sealer.Seal(session.PurposeSession, "value")
					if err != nil {
						t.Fatal(err)
					}
					var value string
					if err := servers[1-i].sealer.Open(session.PurposeSession, sealed, &value); err != nil {
						t.Fatalf("lag %s, after %s: what server %d sealed does not open at the other", lag, time.Since(began), i)
					}
				}
				time.Sleep(time.Second)
			}
			if sealed, _ := servers[0].sealer.Seal(session.PurposeSession, "value"); sealed[:2] != "b." {
				t.Error("the new key never seals")
			}
		})
	}
}
