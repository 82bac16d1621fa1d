package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

func refreshTests() map[string]func(suite) {
	return map[string]func(suite){
		"a repetition within the leeway changes nothing": suite.refreshRepeated,
		"without leeway every repetition is a replay":    suite.refreshWithoutLeeway,
		"parallel repetitions have one successor":        suite.refreshRepeatedInParallel,
		"ten days of refreshes leave few rows":           suite.refreshForDays,
	}
}

// leeway is that of the tests.
const leeway = 5 * time.Second

func (s suite) refreshRepeated() {
	ctx := s.Context()
	grant, _, first := s.redeemed("1")
	second, third := s.tokens("2", grant.ID), s.tokens("3", grant.ID)
	r := store.Rotation{Hash: first.Refresh.Hash, Now: s.now, Leeway: leeway, Successor: []byte("sealed\x00"), Tokens: second}
	s.must(s.RotateRefresh(ctx, r))
	got, _, err := s.FindRefresh(ctx, first.Refresh.Hash)
	s.must(err)
	s.equal("what is kept with the token", string(got.Successor), "sealed\x00")

	r.Successor, r.Tokens = []byte("another"), third
	for _, at := range []time.Duration{-time.Minute, 0, leeway - time.Millisecond} { // the clock of another replica may be behind
		r.Now = s.later(at)
		s.wantErr(fmt.Sprintf("repetition after %s", at), s.RotateRefresh(ctx, r), store.ErrRepeated)
	}
	got, gotGrant, err := s.FindRefresh(ctx, first.Refresh.Hash)
	s.must(err)
	s.equal("what is kept with the token", string(got.Successor), "sealed\x00")
	s.equal("revocation", gotGrant.RevokedAt, time.Time{})
	_, _, err = s.FindRefresh(ctx, third.Refresh.Hash)
	s.wantErr("another successor", err, store.ErrNotFound)
	s.must(s.RotateRefresh(ctx, rotation(second.Refresh.Hash, s.now, s.tokens("4", grant.ID))))

	r.Now = s.later(leeway)
	s.wantErr("repetition after the leeway", s.RotateRefresh(ctx, r), store.ErrReplayed)
	gotGrant, err = s.FindGrant(ctx, grant.ID)
	s.must(err)
	s.equal("revocation", gotGrant.RevokedAt, r.Now)
}

func (s suite) refreshWithoutLeeway() {
	ctx := s.Context()
	grant, _, first := s.redeemed("1")
	s.must(s.RotateRefresh(ctx, rotation(first.Refresh.Hash, s.now, s.tokens("2", grant.ID))))
	// As by a replica whose clock is behind.
	s.wantErr("repetition", s.RotateRefresh(ctx, rotation(first.Refresh.Hash, s.later(-time.Second), s.tokens("3", grant.ID))), store.ErrReplayed)
}

func (s suite) refreshRepeatedInParallel() {
	grant, _, first := s.redeemed("first")
	s.oneWins(store.ErrRepeated, func(ctx context.Context, caller int) error {
		return s.RotateRefresh(ctx, store.Rotation{
			Hash: first.Refresh.Hash, Now: s.now, Leeway: leeway, Successor: []byte(name(caller)), Tokens: s.tokens(name(caller), grant.ID),
		})
	})
	old, got, err := s.FindRefresh(s.Context(), first.Refresh.Hash)
	s.must(err)
	s.equal("revocation", got.RevokedAt, time.Time{})
	for caller := range parallel {
		_, _, err := s.FindRefresh(s.Context(), store.HashOf("rt-"+name(caller)))
		if winner := name(caller) == string(old.Successor); winner != (err == nil) {
			s.Errorf("the token keeps %q; looking up the successor of caller %s: %v", old.Successor, name(caller), err)
		}
	}
}

// refreshForDays refreshes every five minutes for ten days, with a lifetime of a day.
func (s suite) refreshForDays() {
	ctx := s.Context()
	const interval, lifetime, days = 5 * time.Minute, 24 * time.Hour, 10
	grant, _, tokens := s.redeemed("0")
	issued, deleted := 3+1, int64(0) // two tokens, the code, the grant
	oldest := tokens.Refresh.Hash
	for i := 1; i <= days*int(lifetime/interval); i++ {
		at := s.later(time.Duration(i) * interval)
		next := s.tokens(fmt.Sprint(i), grant.ID)
		next.Access.ExpiresAt, next.Refresh.ExpiresAt, next.Refresh.Generation = at.Add(time.Hour), at.Add(lifetime), int64(i)
		s.must(s.RotateRefresh(ctx, rotation(tokens.Refresh.Hash, at, next)))
		issued += 2
		tokens = next
		if i%144 == 0 { // half a day
			swept, err := s.Sweep(ctx, at, 10_000)
			s.must(err)
			deleted += swept
			if left := int64(issued) - deleted; left > int64(lifetime/interval)+20 {
				s.Fatalf("%d rows are left after %s", left, time.Duration(i)*interval)
			}
		}
	}
	end := s.later(days * lifetime)
	_, _, err := s.FindRefresh(ctx, oldest)
	s.wantErr("a token that has expired", err, store.ErrNotFound)
	dayOld := store.HashOf(fmt.Sprintf("rt-%d", days*int(lifetime/interval)-int(lifetime/interval)+1))
	s.wantErr("a replay within the lifetime", s.RotateRefresh(ctx, rotation(dayOld, end, s.tokens("x", grant.ID))), store.ErrReplayed)
	s.wantErr("the family after a replay", s.RotateRefresh(ctx, rotation(tokens.Refresh.Hash, end, s.tokens("x", grant.ID))), store.ErrNotFound)
	s.swept(days*lifetime+lifetime, int64(issued)-deleted)
}
