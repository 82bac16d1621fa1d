package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

func parallelTests() map[string]func(suite) {
	return map[string]func(suite){
		"redemptions of a code":                 suite.parallelCode,
		"rotations of a refresh token":          suite.parallelRefresh,
		"creations with one alias":              suite.parallelAlias,
		"changes of a client":                   suite.parallelUpdate,
		"deletions of a client":                 suite.parallelDelete,
		"changes of the settings":               suite.parallelSettings,
		"creations of an active key":            suite.parallelKey,
		"activations of a key":                  suite.parallelActivation,
		"activations of keys of one algorithm":  suite.parallelActivations,
		"claims of a lease":                     suite.parallelLease,
		"memories of an id":                     suite.parallelID,
		"revocations of a subject count once":   suite.parallelRevocation,
		"redemption and revocation":             suite.redeemOrRevoke,
		"redemption and deletion of the client": suite.redeemOrDelete,
		"work of every kind":                    suite.everything,
	}
}

func (s suite) parallelCode() {
	grant, code := s.issue("a")
	s.oneWins(store.ErrReplayed, func(ctx context.Context, caller int) error {
		return s.RedeemCode(ctx, code.Hash, s.now, s.tokens(name(caller), grant.ID))
	})
	s.wantOneFamily(grant.ID)
}

func (s suite) parallelRefresh() {
	grant, code := s.issue("a")
	first := s.tokens("first", grant.ID)
	s.must(s.RedeemCode(s.Context(), code.Hash, s.now, first))
	s.oneWins(store.ErrReplayed, func(ctx context.Context, caller int) error {
		return s.RotateRefresh(ctx, rotation(first.Refresh.Hash, s.now, s.tokens(name(caller), grant.ID)))
	})
	s.wantOneFamily(grant.ID)
}

// wantOneFamily checks that one caller's tokens exist, and that the grant is revoked.
func (s suite) wantOneFamily(grantID string) {
	s.Helper()
	grant, err := s.FindGrant(s.Context(), grantID)
	s.must(err)
	if grant.RevokedAt.IsZero() {
		s.Error("the grant survived the replays")
	}
	families := 0
	for caller := range parallel {
		tokens := s.tokens(name(caller), grantID)
		access, err := s.FindAccess(s.Context(), tokens.Access.Hash)
		_, _, refreshErr := s.FindRefresh(s.Context(), tokens.Refresh.Hash)
		if errors.Is(err, store.ErrNotFound) && errors.Is(refreshErr, store.ErrNotFound) {
			continue
		}
		s.must(err)
		s.must(refreshErr)
		families++
		if access.RevokedAt.IsZero() {
			s.Error("the winner's access token survived the replays")
		}
	}
	s.equal("callers with tokens", families, 1)
}

func (s suite) parallelAlias() {
	s.oneWins(store.ErrConflict, func(ctx context.Context, caller int) error {
		return s.CreateClient(ctx, s.client(int64(caller+1), "app"))
	})
	_, total, err := s.ListClients(s.Context(), 0, parallel)
	s.must(err)
	s.equal("clients", total, 1)
}

func (s suite) parallelUpdate() {
	client := s.client(1, "app")
	s.must(s.CreateClient(s.Context(), client))
	client.Version = 1
	s.oneWins(store.ErrConflict, func(ctx context.Context, caller int) error {
		mine := client
		mine.Doc = []byte(name(caller))
		return s.UpdateClient(ctx, mine)
	})
	got, err := s.FindClient(s.Context(), 1)
	s.must(err)
	s.equal("version", got.Version, int64(2))
}

func (s suite) parallelDelete() {
	s.must(s.CreateClient(s.Context(), s.client(7, "app")))
	s.redeemed("a")
	s.oneWins(store.ErrNotFound, func(ctx context.Context, _ int) error { return s.DeleteClient(ctx, 7) })
}

func (s suite) parallelSettings() {
	for version := range int64(3) {
		s.oneWins(store.ErrConflict, func(ctx context.Context, caller int) error {
			return s.PutSettings(ctx, store.Document{Doc: []byte(name(caller)), Version: version})
		})
	}
	doc, err := s.FindSettings(s.Context())
	s.must(err)
	s.equal("version", doc.Version, int64(3))
}

func (s suite) parallelKey() {
	s.oneWins(store.ErrConflict, func(ctx context.Context, caller int) error {
		return s.CreateKey(ctx, s.key(name(caller), store.KeyActive, 0))
	})
}

func (s suite) parallelActivation() {
	s.must(s.CreateKey(s.Context(), s.key("old", store.KeyActive, time.Hour)))
	s.must(s.CreateKey(s.Context(), s.key("next", store.KeyPending, 0)))
	s.oneWins(store.ErrConflict, func(ctx context.Context, _ int) error { return s.ActivateKey(ctx, "next", s.now) })
}

// parallelActivations activates keys of one algorithm at once: one after the other or not at all, one is active then.
func (s suite) parallelActivations() {
	s.must(s.CreateKey(s.Context(), s.key("old", store.KeyActive, time.Hour)))
	for caller := range parallel {
		s.must(s.CreateKey(s.Context(), s.key(name(caller), store.KeyPending, 0)))
	}
	wins := s.race(store.ErrConflict, func(ctx context.Context, caller int) error { return s.ActivateKey(ctx, name(caller), s.now) })
	keys, err := s.ListKeys(s.Context())
	s.must(err)
	count := map[store.KeyState]int{}
	for _, key := range keys {
		count[key.State]++
	}
	if wins < 1 || count[store.KeyActive] != 1 || count[store.KeyRetiring] != wins || count[store.KeyPending] != parallel-wins {
		s.Errorf("after %d activations, the states are %v", wins, count)
	}
}

func (s suite) parallelLease() {
	for round := range 2 { // free, then expired
		now := s.later(time.Duration(round) * time.Hour)
		s.oneWins(errTaken, func(ctx context.Context, caller int) error {
			holder := fmt.Sprint(round, name(caller))
			mine, err := s.AcquireLease(ctx, store.Lease{Name: "sweep", Holder: holder, Now: now, Until: now.Add(time.Minute)})
			return taken(mine, err)
		})
	}
}

func (s suite) parallelID() {
	s.oneWins(errTaken, func(ctx context.Context, _ int) error {
		return taken(s.RememberID(ctx, store.HashOf("jti"), s.later(time.Minute)))
	})
}

// errTaken stands for a false from verbs that say whether the caller was first.
var errTaken = errors.New("taken")

func taken(first bool, err error) error {
	if err == nil && !first {
		return errTaken
	}
	return err
}

func (s suite) parallelRevocation() {
	const grants = 20
	for i := range grants {
		s.issue(fmt.Sprint(i))
	}
	var total atomic.Int64
	s.race(nil, func(ctx context.Context, _ int) error {
		count, err := s.RevokeGrants(ctx, 0, "alice", s.now)
		total.Add(count)
		return err
	})
	s.equal("revoked grants", total.Load(), int64(grants))
}

// redeemOrRevoke checks that no token of a revoked grant is in force, whichever came first.
func (s suite) redeemOrRevoke() {
	for round := range 10 {
		grant, code := s.issue(fmt.Sprint(round))
		tokens := s.tokens(fmt.Sprint(round), grant.ID)
		s.race(store.ErrNotFound, func(ctx context.Context, caller int) error {
			switch caller {
			case 0:
				return s.RedeemCode(ctx, code.Hash, s.now, tokens)
			case 1:
				return s.RevokeGrant(ctx, grant.ID, s.now)
			default:
				return nil
			}
		})
		access, err := s.FindAccess(s.Context(), tokens.Access.Hash)
		if err == nil && access.RevokedAt.IsZero() {
			s.Error("the access token is in force")
		}
		if err := s.RotateRefresh(s.Context(), rotation(tokens.Refresh.Hash, s.now, store.Tokens{})); !errors.Is(err, store.ErrNotFound) {
			s.Errorf("refreshing: %v, want %v", err, store.ErrNotFound)
		}
	}
}

// redeemOrDelete checks that nothing of a deleted client is left, whichever came first.
func (s suite) redeemOrDelete() {
	for round := range 10 {
		s.must(s.CreateClient(s.Context(), s.client(7, "app")))
		grant, code := s.issue(fmt.Sprint(round))
		tokens := s.tokens(fmt.Sprint(round), grant.ID)
		s.race(store.ErrNotFound, func(ctx context.Context, caller int) error {
			switch caller {
			case 0:
				return s.RedeemCode(ctx, code.Hash, s.now, tokens)
			case 1:
				return s.DeleteClient(ctx, 7)
			default:
				return nil
			}
		})
		_, err := s.FindAccess(s.Context(), tokens.Access.Hash)
		s.wantErr("access token", err, store.ErrNotFound)
		_, _, err = s.FindRefresh(s.Context(), tokens.Refresh.Hash)
		s.wantErr("refresh token", err, store.ErrNotFound)
		// At most an access token that was issued too late is left, which nobody can find and which a sweep takes.
		left, err := s.Sweep(s.Context(), s.later(48*time.Hour), 10)
		s.must(err)
		if left > 1 {
			s.Errorf("%d records are left of the client", left)
		}
	}
}

// everything runs verbs of every kind against each other, for the race detector.
func (s suite) everything() {
	s.must(s.CreateClient(s.Context(), s.client(7, "app")))
	const rounds = 10
	var group sync.WaitGroup
	for caller := range parallel {
		group.Go(func() {
			for round := range rounds {
				if err := s.oneOfEach(s.Context(), fmt.Sprint(caller, "-", round)); err != nil {
					s.Errorf("caller %d: %v", caller, err)
					return
				}
			}
		})
	}
	group.Wait()
	s.swept(100*time.Hour, parallel*rounds*7) // the id, the code, the grant, two tokens of each kind
}

// oneOfEach takes one family of tokens through its life.
func (s suite) oneOfEach(ctx context.Context, name string) error {
	grant := store.Grant{ID: name, ClientID: 7, Subject: "alice", Scopes: []string{"a"}, CreatedAt: s.now, ExpiresAt: s.later(time.Minute)}
	code := store.Code{Hash: store.HashOf(name), GrantID: name, ClientID: 7, Request: []byte("{}"), ExpiresAt: s.later(time.Minute)}
	first, second := s.tokens(name+"1", name), s.tokens(name+"2", name)
	steps := []func() error{
		func() error { return s.IssueCode(ctx, grant, code, store.Tokens{}) },
		func() error { _, _, err := s.FindCode(ctx, code.Hash); return err },
		func() error { return s.RedeemCode(ctx, code.Hash, s.now, first) },
		func() error { _, _, err := s.FindRefresh(ctx, first.Refresh.Hash); return err },
		func() error { return s.RotateRefresh(ctx, rotation(first.Refresh.Hash, s.now, second)) },
		func() error { _, err := s.FindAccess(ctx, second.Access.Hash); return err },
		func() error { return s.RevokeAccess(ctx, first.Access.Hash, s.now) },
		func() error { return taken(s.RememberID(ctx, code.Hash, s.later(time.Minute))) },
		func() error { _, err := s.FindClientByAlias(ctx, "app"); return err },
		func() error { _, err := s.FindSettings(ctx); return err },
		func() error { return s.RevokeGrant(ctx, name, s.now) },
		func() error { _, err := s.FindGrant(ctx, name); return err },
		func() error { _, err := s.Sweep(ctx, s.later(-time.Hour), 10); return err },
	}
	for i, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("step %d of %s: %w", i, name, err)
		}
	}
	return nil
}
