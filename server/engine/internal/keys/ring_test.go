package keys

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/store/memory"
)

// cluster is a store with replicas on it and one clock for all.
type cluster struct {
	store *memory.Store
	nanos atomic.Int64
}

func newCluster() *cluster {
	c := &cluster{store: memory.New()}
	c.nanos.Store(planNow.UnixNano())
	return c
}

func (c *cluster) now() time.Time { return time.Unix(0, c.nanos.Load()).UTC() }

func (c *cluster) advance(d time.Duration) { c.nanos.Add(int64(d)) }

// replica returns a started ring with both algorithms unless others are given.
func (c *cluster) replica(tb testing.TB, name string, policy Policy, algs ...authlete.JWSAlg) *Ring {
	tb.Helper()
	if len(algs) == 0 {
		algs = []authlete.JWSAlg{authlete.ES256}
	}
	ring, err := New(Deps{
		Store: c.store, Sealer: newTestSealer(tb, 1), Clock: c.now, Policy: func() Policy { return policy },
		Algorithms: algs, Replica: name, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatalf("New: %v", err)
	}
	if err := ring.Start(tb.Context()); err != nil {
		tb.Fatalf("Start: %v", err)
	}
	tb.Cleanup(ring.Wait)
	return ring
}

func maintain(t *testing.T, rings ...*Ring) {
	t.Helper()
	for _, ring := range rings {
		if err := ring.Maintain(t.Context()); err != nil {
			t.Fatalf("Maintain: %v", err)
		}
	}
}

func jwks(tb testing.TB, ring *Ring) jose.JSONWebKeySet {
	tb.Helper()
	doc, err := ring.JWKS(tb.Context())
	if err != nil {
		tb.Fatalf("JWKS: %v", err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(doc, &set); err != nil {
		tb.Fatalf("JWKS %s: %v", doc, err)
	}
	return set
}

// signedBy signs with one replica, verifies with the keys that another publishes, and returns the kid.
func signedBy(t *testing.T, signer, publisher *Ring, alg authlete.JWSAlg) string {
	t.Helper()
	token, err := signer.Sign(t.Context(), alg, []byte(`{"a":1}`), "JWT")
	if err != nil {
		t.Fatalf("Sign: %v", err)
	}
	parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		t.Fatalf("parsing %q: %v", token, err)
	}
	kid := parsed.Signatures[0].Header.KeyID
	set := jwks(t, publisher)
	found := set.Key(kid)
	if len(found) != 1 {
		t.Fatalf("the publisher has %d keys %q", len(found), kid)
	}
	payload, err := parsed.Verify(found[0].Key)
	if err != nil || string(payload) != `{"a":1}` {
		t.Fatalf("Verify = %q, %v", payload, err)
	}
	if typ := parsed.Signatures[0].Header.ExtraHeaders[jose.HeaderType]; typ != "JWT" {
		t.Errorf("typ %v", typ)
	}
	return kid
}

func TestSignAndPublish(t *testing.T) {
	t.Parallel()
	c := newCluster()
	ring := c.replica(t, "a", Policy{}, authlete.RS256, authlete.ES256)
	for _, alg := range Algorithms() {
		signedBy(t, ring, ring, alg)
	}
	set := jwks(t, ring)
	if len(set.Keys) != 2 {
		t.Fatalf("%d keys published, want 2", len(set.Keys))
	}
	for _, key := range set.Keys {
		if !key.IsPublic() || key.Use != "sig" || key.Algorithm == "" {
			t.Errorf("published key %+v", key)
		}
		thumbprint, err := key.Thumbprint(crypto.SHA256)
		if err != nil || key.KeyID != base64.RawURLEncoding.EncodeToString(thumbprint) {
			t.Errorf("kid %q is not the thumbprint: %v", key.KeyID, err)
		}
	}
}

// TestDefaultAlgorithmComesFirst: there are clients that stop at the first key that they do not understand.
func TestDefaultAlgorithmComesFirst(t *testing.T) {
	t.Parallel()
	for _, first := range Algorithms() {
		algorithms := []authlete.JWSAlg{first}
		for _, alg := range Algorithms() {
			if alg != first {
				algorithms = append(algorithms, alg)
			}
		}
		c := newCluster()
		ring := c.replica(t, "a", Policy{}, algorithms...)
		if got := jwks(t, ring).Keys[0].Algorithm; got != string(first) {
			t.Errorf("the first key is of %s, want %s", got, first)
		}
	}
}

func TestSignMakesKeyOnDemand(t *testing.T) {
	t.Parallel()
	c := newCluster()
	ring := c.replica(t, "a", Policy{}, authlete.ES256)
	signedBy(t, ring, ring, authlete.RS256)
	if _, err := ring.Sign(t.Context(), authlete.PS256, nil, "JWT"); !errors.Is(err, ErrUnsupported) {
		t.Errorf("Sign(PS256): %v, want ErrUnsupported", err)
	}
}

func TestNewRefusesUnsupportedAlgorithm(t *testing.T) {
	t.Parallel()
	if _, err := New(Deps{Algorithms: []authlete.JWSAlg{"HS256"}}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("New: %v, want ErrUnsupported", err)
	}
}

// TestReplicasStartTogether starts replicas at once on an empty store: they must agree on one key.
func TestReplicasStartTogether(t *testing.T) {
	t.Parallel()
	c := newCluster()
	var rings []*Ring
	for i := range 4 {
		rings = append(rings, c.replica(t, fmt.Sprint(i), Policy{}))
	}
	var group sync.WaitGroup
	for _, ring := range rings {
		group.Go(func() {
			if _, err := ring.Sign(t.Context(), authlete.ES256, []byte("{}"), "JWT"); err != nil {
				t.Errorf("Sign: %v", err)
			}
		})
	}
	group.Wait()
	want := signedBy(t, rings[0], rings[0], authlete.ES256)
	for _, ring := range rings[1:] {
		if got := signedBy(t, ring, rings[0], authlete.ES256); got != want {
			t.Errorf("a replica signs with %q, another one with %q", got, want)
		}
	}
	if records, err := c.store.ListKeys(t.Context()); err != nil || len(records) != 1 {
		t.Errorf("%d keys stored, %v; want 1", len(records), err)
	}
}

// overtaken is a store in which another replica makes its key just before this one does.
type overtaken struct {
	Store
	rival store.Key
}

func (s *overtaken) CreateKey(ctx context.Context, key store.Key) error {
	if err := s.Store.CreateKey(ctx, s.rival); err != nil {
		return err
	}
	return s.Store.CreateKey(ctx, key)
}

func TestKeyOfFasterReplicaCounts(t *testing.T) {
	t.Parallel()
	c := newCluster()
	rival, err := generate(newTestSealer(t, 1), authlete.ES256, history{})
	if err != nil {
		t.Fatal(err)
	}
	rival.State, rival.CreatedAt, rival.ActivatedAt = store.KeyActive, c.now(), c.now()
	ring, err := New(Deps{
		Store: &overtaken{Store: c.store, rival: rival}, Sealer: newTestSealer(t, 1), Clock: c.now,
		Policy: func() Policy { return Policy{} }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if kid := signedBy(t, ring, ring, authlete.ES256); kid != rival.KID {
		t.Errorf("signed with %q, want the rival's %q", kid, rival.KID)
	}
}

func TestStartReadsStoredKeys(t *testing.T) {
	t.Parallel()
	c := newCluster()
	first := c.replica(t, "a", Policy{})
	kid := signedBy(t, first, first, authlete.ES256)
	second := c.replica(t, "b", Policy{})
	if got := signedBy(t, second, second, authlete.ES256); got != kid {
		t.Errorf("after a restart the key is %q, want %q", got, kid)
	}
}

func TestStartRefusesForeignKEK(t *testing.T) {
	t.Parallel()
	c := newCluster()
	first := c.replica(t, "a", Policy{})
	first.Wait()
	ring, err := New(Deps{
		Store: c.store, Sealer: newTestSealer(t, 9), Clock: c.now, Policy: func() Policy { return Policy{} },
		Algorithms: []authlete.JWSAlg{authlete.ES256}, Replica: "b", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Start(t.Context()); !errors.Is(err, ErrSealed) {
		t.Errorf("Start: %v, want ErrSealed", err)
	}
}

// TestRotationByAge follows a key through its whole life, with a replica that is always one reload late.
func TestRotationByAge(t *testing.T) {
	t.Parallel()
	c := newCluster()
	policy := Policy{Rotation: 100 * time.Hour, Publish: 10 * time.Hour, Retain: time.Hour}
	worker, late := c.replica(t, "a", policy), c.replica(t, "b", policy)
	first := signedBy(t, worker, late, authlete.ES256)
	for _, ring := range []*Ring{worker, late} {
		ring.Wait() // what Start does in the background reads the keys, too
	}

	c.advance(90 * time.Hour)
	maintain(t, worker)
	if got := len(jwks(t, worker).Keys); got != 2 {
		t.Fatalf("%d keys published ahead of the rotation, want 2", got)
	}
	if got := signedBy(t, worker, late, authlete.ES256); got != first {
		t.Error("the pending key signs already")
	}
	maintain(t, late)

	c.advance(10 * time.Hour)
	maintain(t, worker)
	second := signedBy(t, worker, late, authlete.ES256)
	if second == first {
		t.Fatal("the key was not rotated")
	}
	if got := signedBy(t, late, worker, authlete.ES256); got != first {
		t.Error("the late replica signs with a key that it has not read")
	}

	c.advance(time.Hour + retainSkew - time.Second)
	maintain(t, worker)
	if got := len(jwks(t, worker).Keys); got != 2 {
		t.Errorf("%d keys published while ID tokens of the old key are valid, want 2", got)
	}
	c.advance(time.Second)
	maintain(t, worker, late)
	for _, ring := range []*Ring{worker, late} {
		if set := jwks(t, ring); len(set.Keys) != 1 || set.Keys[0].KeyID != second {
			t.Errorf("published %+v, want the new key only", set.Keys)
		}
	}
}

// TestRotationRequestDuringRollout runs a replica with the new request beside one with the old request: the
// keys rotate once and not back.
func TestRotationRequestDuringRollout(t *testing.T) {
	t.Parallel()
	c := newCluster()
	before := c.replica(t, "old", Policy{Request: "1", Retain: time.Hour})
	first := signedBy(t, before, before, authlete.ES256)
	after := c.replica(t, "new", Policy{Request: "2", Retain: time.Hour})
	for range 10 {
		maintain(t, before, after)
		c.advance(ReloadInterval)
	}
	second := signedBy(t, after, before, authlete.ES256)
	if second == first {
		t.Fatal("the request did not rotate the key")
	}
	for range 10 {
		c.advance(time.Hour)
		maintain(t, before, after)
	}
	if got := signedBy(t, before, after, authlete.ES256); got != second {
		t.Error("the replica with the old request rotated again")
	}
	if set := jwks(t, after); len(set.Keys) != 1 {
		t.Errorf("%d keys published in the end, want 1", len(set.Keys))
	}
}

func TestMaintainLeavesWorkToTheLeaseHolder(t *testing.T) {
	t.Parallel()
	c := newCluster()
	ring := c.replica(t, "a", Policy{Request: "1"})
	signedBy(t, ring, ring, authlete.ES256)
	other := c.replica(t, "b", Policy{Request: "2"})
	lease := store.Lease{Name: leaseName, Holder: "c", Now: c.now(), Until: c.now().Add(time.Minute)}
	if held, err := c.store.AcquireLease(t.Context(), lease); !held || err != nil {
		t.Fatalf("AcquireLease = %v, %v", held, err)
	}
	maintain(t, other)
	if got := len(jwks(t, other).Keys); got != 1 {
		t.Errorf("%d keys, want none made without the lease", got)
	}
	c.advance(time.Minute)
	maintain(t, other)
	if got := len(jwks(t, other).Keys); got != 2 {
		t.Errorf("%d keys, want one made with the lease", got)
	}
}

// brokenStore fails to list keys while broken.
type brokenStore struct {
	Store
	broken atomic.Bool
}

func (s *brokenStore) ListKeys(ctx context.Context) ([]store.Key, error) {
	if s.broken.Load() {
		return nil, errors.New("down")
	}
	return s.Store.ListKeys(ctx)
}

func TestRingSurvivesStoreOutage(t *testing.T) {
	t.Parallel()
	c := newCluster()
	broken := &brokenStore{Store: c.store}
	ring := c.replica(t, "a", Policy{})
	ring.Wait()
	ring.deps.Store = broken
	signedBy(t, ring, ring, authlete.ES256)

	broken.broken.Store(true)
	if err := ring.Maintain(t.Context()); err == nil {
		t.Error("Maintain said nothing of the outage")
	}
	if ring.Ready() == nil {
		t.Error("Ready during the outage")
	}
	signedBy(t, ring, ring, authlete.ES256)

	broken.broken.Store(false)
	maintain(t, ring)
	if err := ring.Ready(); err != nil {
		t.Errorf("Ready after the outage: %v", err)
	}
}

func TestSignEndsWithContext(t *testing.T) {
	t.Parallel()
	c := newCluster()
	ring := c.replica(t, "a", Policy{})
	ring.Wait()
	ring.turns[authlete.RS256] <- struct{}{} // somebody else is at it
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ring.Sign(ctx, authlete.RS256, []byte("{}"), "JWT"); !errors.Is(err, context.Canceled) {
		t.Errorf("Sign: %v, want context.Canceled", err)
	}
	if err := ring.Ready(); err != nil {
		t.Errorf("Ready: %v after a caller gave up", err)
	}
}

func BenchmarkSign(b *testing.B) {
	c := newCluster()
	ring := c.replica(b, "a", Policy{}, authlete.ES256, authlete.RS256)
	ring.Wait()
	payload := make([]byte, 300)
	for _, alg := range Algorithms() {
		b.Run(string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ring.Sign(b.Context(), alg, payload, "JWT"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
