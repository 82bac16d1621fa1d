package storetest

import (
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

func keyTests() map[string]func(suite) {
	return map[string]func(suite){
		"come back as they were stored":   suite.keyRoundTrip,
		"have one active per algorithm":   suite.keyConflicts,
		"are activated":                   suite.keyActivated,
		"are activated with none before":  suite.keyFirst,
		"are deleted":                     suite.keyDeleted,
		"are the store's own":             suite.keyAliasing,
		"of other algorithms stay as are": suite.keyOther,
	}
}

func (s suite) key(kid string, state store.KeyState, age time.Duration) store.Key {
	return store.Key{KID: kid, Alg: "ES256", State: state, Public: []byte("{}"), PrivateSealed: []byte{0, 255}, CreatedAt: s.now.Add(-age)}
}

func (s suite) wantKeys(want ...store.Key) {
	s.Helper()
	keys, err := s.ListKeys(s.Context())
	s.must(err)
	s.equal("keys", keys, want)
}

func (s suite) keyRoundTrip() {
	s.wantKeys()
	oldest, b, a := s.key("z", store.KeyRetiring, time.Hour), s.key("b", store.KeyPending, 0), s.key("a", store.KeyPending, 0)
	oldest.ActivatedAt, oldest.RetiredAt = s.now.Add(-time.Minute), s.now
	for _, key := range []store.Key{b, oldest, a} {
		s.must(s.CreateKey(s.Context(), key))
	}
	s.wantKeys(oldest, a, b)
}

func (s suite) keyConflicts() {
	ctx := s.Context()
	s.must(s.CreateKey(ctx, s.key("a", store.KeyActive, 0)))
	s.wantErr("second active key", s.CreateKey(ctx, s.key("b", store.KeyActive, 0)), store.ErrConflict)
	s.wantErr("taken kid", s.CreateKey(ctx, s.key("a", store.KeyPending, 0)), store.ErrConflict)
	other := s.key("c", store.KeyActive, 0)
	other.Alg = "RS256"
	s.must(s.CreateKey(ctx, other))
	s.wantKeys(s.key("a", store.KeyActive, 0), other)
}

func (s suite) keyActivated() {
	ctx := s.Context()
	old, next, waits := s.key("old", store.KeyActive, time.Hour), s.key("next", store.KeyPending, time.Minute), s.key("waits", store.KeyPending, 0)
	for _, key := range []store.Key{old, next, waits} {
		s.must(s.CreateKey(ctx, key))
	}
	s.must(s.ActivateKey(ctx, "next", s.now))
	s.wantErr("active already", s.ActivateKey(ctx, "next", s.now), store.ErrConflict)
	s.wantErr("retiring", s.ActivateKey(ctx, "old", s.now), store.ErrConflict)
	s.wantErr("unknown", s.ActivateKey(ctx, "unknown", s.now), store.ErrNotFound)
	old.State, old.RetiredAt = store.KeyRetiring, s.now
	next.State, next.ActivatedAt = store.KeyActive, s.now
	s.wantKeys(old, next, waits)
	s.must(s.ActivateKey(ctx, "waits", s.later(time.Hour)))
	next.State, next.RetiredAt = store.KeyRetiring, s.later(time.Hour)
	waits.State, waits.ActivatedAt = store.KeyActive, s.later(time.Hour)
	s.wantKeys(old, next, waits)
}

func (s suite) keyFirst() {
	key := s.key("a", store.KeyPending, 0)
	s.must(s.CreateKey(s.Context(), key))
	s.must(s.ActivateKey(s.Context(), "a", s.now))
	key.State, key.ActivatedAt = store.KeyActive, s.now
	s.wantKeys(key)
}

func (s suite) keyOther() {
	ctx := s.Context()
	other, next := s.key("other", store.KeyActive, time.Hour), s.key("next", store.KeyPending, 0)
	other.Alg = "RS256"
	s.must(s.CreateKey(ctx, other))
	s.must(s.CreateKey(ctx, next))
	s.must(s.ActivateKey(ctx, "next", s.now))
	next.State, next.ActivatedAt = store.KeyActive, s.now
	s.wantKeys(other, next)
}

func (s suite) keyDeleted() {
	ctx := s.Context()
	a, b := s.key("a", store.KeyActive, time.Hour), s.key("b", store.KeyPending, 0)
	s.must(s.CreateKey(ctx, a))
	s.must(s.CreateKey(ctx, b))
	s.must(s.DeleteKey(ctx, "a"))
	s.must(s.DeleteKey(ctx, "a"))
	s.wantKeys(b)
	s.must(s.CreateKey(ctx, a))
	s.wantKeys(a, b)
}

func (s suite) keyAliasing() {
	key := s.key("a", store.KeyActive, 0)
	key.Public, key.PrivateSealed = []byte("abc"), []byte("abc")
	s.must(s.CreateKey(s.Context(), key))
	key.Public[0], key.PrivateSealed[0] = 'X', 'X'
	keys, err := s.ListKeys(s.Context())
	s.must(err)
	s.equal("public", string(keys[0].Public), "abc")
	s.equal("private", string(keys[0].PrivateSealed), "abc")
}
