package storetest

import (
	"fmt"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

func coordinationTests() map[string]func(suite) {
	return map[string]func(suite){
		"ids are new once":               suite.ids,
		"leases are held by one":         suite.leases,
		"leases do not touch each other": suite.leaseNames,
		"the store answers":              func(s suite) { s.must(s.Ping(s.Context())) },
	}
}

func (s suite) remember(id string, want bool) {
	s.Helper()
	fresh, err := s.RememberID(s.Context(), store.HashOf(id), s.later(time.Minute))
	s.must(err)
	if fresh != want {
		s.Errorf("RememberID(%s) = %v, want %v", id, fresh, want)
	}
}

func (s suite) ids() {
	s.remember("a", true)
	s.remember("a", false)
	s.remember("b", true)
	_, err := s.Sweep(s.Context(), s.later(time.Second), 10)
	s.must(err)
	s.remember("a", false)
	deleted, err := s.Sweep(s.Context(), s.later(time.Minute), 10)
	s.must(err)
	s.equal("forgotten ids", deleted, int64(2))
	s.remember("a", true)
}

func (s suite) acquire(name, holder string, at time.Duration, want bool) {
	s.Helper()
	got, err := s.AcquireLease(s.Context(), store.Lease{Name: name, Holder: holder, Now: s.later(at), Until: s.later(at + time.Minute)})
	s.must(err)
	if got != want {
		s.Errorf("AcquireLease(%s) by %s at %s = %v, want %v", name, holder, at, got, want)
	}
}

func (s suite) leases() {
	s.acquire("sweep", "a", 0, true)
	s.acquire("sweep", "b", 0, false)
	s.acquire("sweep", "a", 30*time.Second, true)
	s.acquire("sweep", "b", 90*time.Second-time.Millisecond, false)
	s.acquire("sweep", "b", 90*time.Second, true)
	s.acquire("sweep", "a", 91*time.Second, false)
}

func (s suite) leaseNames() {
	s.acquire("sweep", "a", 0, true)
	s.acquire("keys", "b", 0, true)
	s.acquire("sweep", "b", 0, false)
}

func sweepTests() map[string]func(suite) {
	return map[string]func(suite){
		"keeps what a replay needs":         suite.sweepReplay,
		"deletes up to the limit":           suite.sweepLimit,
		"deletes what nobody used":          suite.sweepUnused,
		"keeps a grant that was extended":   suite.sweepExtended,
		"spreads over many expiry times":    suite.sweepMany,
		"of an empty store deletes nothing": suite.sweepEmpty,
	}
}

// swept sweeps until nothing is left to do and checks the number of deletions.
func (s suite) swept(at time.Duration, want int64) {
	s.Helper()
	var total int64
	for {
		deleted, err := s.Sweep(s.Context(), s.later(at), 100)
		s.must(err)
		if deleted == 0 {
			break
		}
		total += deleted
	}
	if total != want {
		s.Errorf("Sweep after %s deleted %d records, want %d", at, total, want)
	}
}

func (s suite) sweepReplay() {
	ctx := s.Context()
	grant, code, first := s.redeemed("a")
	second := s.tokens("b", grant.ID)
	s.must(s.RotateRefresh(ctx, rotation(first.Refresh.Hash, s.now, second)))
	s.swept(time.Hour-time.Millisecond, 0)
	s.swept(2*time.Hour, 2) // the access tokens
	_, err := s.FindAccess(ctx, first.Access.Hash)
	s.wantErr("expired access token", err, store.ErrNotFound)
	if _, _, err := s.FindCode(ctx, code.Hash); err != nil {
		s.Errorf("the consumed code is gone while its grant lives: %v", err)
	}
	s.wantErr("replay of the code", s.RedeemCode(ctx, code.Hash, s.later(3*time.Hour), s.tokens("c", grant.ID)), store.ErrReplayed)
	s.wantErr("replay of the refresh token", s.RotateRefresh(ctx, rotation(first.Refresh.Hash, s.later(3*time.Hour), s.tokens("c", grant.ID))), store.ErrReplayed)
	s.swept(24*time.Hour-time.Millisecond, 0)
	s.swept(24*time.Hour, 4) // the code, two refresh tokens, the grant
	_, _, err = s.FindCode(ctx, code.Hash)
	s.wantErr("code of an ended grant", err, store.ErrNotFound)
	_, err = s.FindGrant(ctx, grant.ID)
	s.wantErr("ended grant", err, store.ErrNotFound)
	s.wantErr("code of an ended grant", s.RedeemCode(ctx, code.Hash, s.now, s.tokens("d", grant.ID)), store.ErrNotFound)
}

func (s suite) sweepLimit() {
	ctx := s.Context()
	for i := range 5 {
		token := s.lone(fmt.Sprint("at", i), 7)
		s.must(s.IssueTokens(ctx, nil, store.Tokens{Access: &token}))
		s.remember(fmt.Sprint("id", i), true)
	}
	for _, want := range []int64{4, 4, 2, 0} {
		deleted, err := s.Sweep(ctx, s.later(time.Minute), 2)
		s.must(err)
		s.equal("deleted", deleted, want)
	}
}

func (s suite) sweepUnused() {
	ctx := s.Context()
	_, code := s.issue("a")
	s.swept(time.Minute-time.Millisecond, 0)
	s.swept(time.Minute, 2) // the code, the grant
	_, _, err := s.FindCode(ctx, code.Hash)
	s.wantErr("code", err, store.ErrNotFound)
	count, err := s.RevokeGrants(ctx, 7, "", s.now)
	s.must(err)
	s.equal("grants", count, int64(0))
}

func (s suite) sweepExtended() {
	ctx := s.Context()
	grant, _, tokens := s.redeemed("a")
	for day := range 5 {
		next := s.tokens(fmt.Sprint(day), grant.ID)
		next.Access.ExpiresAt = s.later(time.Hour) // gone at the first sweep
		next.Refresh.ExpiresAt = s.later(time.Duration(day+2) * 24 * time.Hour)
		s.must(s.RotateRefresh(ctx, rotation(tokens.Refresh.Hash, s.later(time.Duration(day)*24*time.Hour), next)))
		_, err := s.Sweep(ctx, s.later(time.Duration(day+1)*24*time.Hour), 100)
		s.must(err)
		tokens = next
	}
	_, got, err := s.FindRefresh(ctx, tokens.Refresh.Hash)
	s.must(err)
	s.equal("end of the grant", got.ExpiresAt, s.later(6*24*time.Hour))
	s.swept(6*24*time.Hour, 3) // the last refresh token, the code, the grant
}

func (s suite) sweepMany() {
	ctx := s.Context()
	const tokens, step = 300, 7 * time.Second
	for i := range tokens {
		token := s.lone(fmt.Sprint(i), 7)
		token.ExpiresAt = s.later(time.Duration(i) * step)
		s.must(s.IssueTokens(ctx, nil, store.Tokens{Access: &token}))
	}
	var deleted int64
	for i := range tokens {
		if i%37 != 0 {
			continue
		}
		part, err := s.Sweep(ctx, s.later(time.Duration(i)*step), tokens)
		s.must(err)
		deleted += part
		s.equal("deleted so far", deleted, int64(i+1))
		for _, j := range []int{i, i + 1} {
			_, err := s.FindAccess(ctx, store.HashOf(fmt.Sprint(j)))
			if gone := err != nil; gone != (j == i) {
				s.Errorf("after a sweep at %d, looking up %d: %v", i, j, err)
			}
		}
	}
	s.swept(tokens*step, tokens-deleted)
}

func (s suite) sweepEmpty() {
	s.must(s.CreateClient(s.Context(), s.client(7, "app")))
	s.swept(1000*time.Hour, 0)
	_, err := s.FindClient(s.Context(), 7)
	s.must(err)
}
