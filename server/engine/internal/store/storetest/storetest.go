package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// parallel is how many callers try to do one thing at once.
const parallel = 8

// suite is one test of the contract with its store.
type suite struct {
	*testing.T
	store.Store
	now time.Time
}

// Run runs the contract. open returns an empty store; the suite closes it.
func Run(t *testing.T, open func(*testing.T) store.Store) {
	t.Helper()
	groups := map[string]map[string]func(suite){
		"grants":       grantTests(),
		"revocation":   revocationTests(),
		"clients":      clientTests(),
		"settings":     settingsTests(),
		"keys":         keyTests(),
		"coordination": coordinationTests(),
		"sweep":        sweepTests(),
		"parallel":     parallelTests(),
		"refresh":      refreshTests(),
	}
	for name, tests := range groups {
		t.Run(name, func(t *testing.T) {
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					s := suite{T: t, Store: open(t), now: time.UnixMilli(1_800_000_000_123).UTC()}
					t.Cleanup(func() {
						if err := s.Close(); err != nil {
							t.Errorf("Close: %v", err)
						}
					})
					test(s)
				})
			}
		})
	}
}

func (s suite) later(d time.Duration) time.Time { return s.now.Add(d) }

// issue stores a grant of client 7 to alice with a code; both end after a minute.
func (s suite) issue(name string) (store.Grant, store.Code) {
	s.Helper()
	return s.issueFor(name, 7, "alice")
}

func (s suite) issueFor(name string, clientID int64, subject string) (store.Grant, store.Code) {
	s.Helper()
	grant := store.Grant{
		ID: "grant-" + name, ClientID: clientID, Subject: subject, Scopes: []string{"openid", "email"}, Details: []byte(`{"acr":"x"}`),
		CreatedAt: s.now, ExpiresAt: s.later(time.Minute),
	}
	code := store.Code{
		Hash: store.HashOf("code-" + name), GrantID: grant.ID, ClientID: clientID, Request: []byte(`{"nonce":"n"}`), ExpiresAt: s.later(time.Minute),
	}
	s.must(s.IssueCode(s.Context(), grant, code, store.Tokens{}))
	return grant, code
}

// redeemed stores a grant whose code has been redeemed for tokens.
func (s suite) redeemed(name string) (store.Grant, store.Code, store.Tokens) {
	s.Helper()
	grant, code := s.issue(name)
	tokens := s.tokens(name, grant.ID)
	s.must(s.RedeemCode(s.Context(), code.Hash, s.now, tokens))
	grant.ExpiresAt, code.ConsumedAt = tokens.Refresh.ExpiresAt, s.now
	return grant, code, tokens
}

// tokens are a pair of tokens of a grant of client 7 to alice: an access token for an hour, a refresh token for a day.
func (s suite) tokens(name, grantID string) store.Tokens {
	return store.Tokens{
		Access: &store.AccessToken{
			Hash: store.HashOf("at-" + name), GrantID: grantID, GrantType: "authorization_code", ClientID: 7, Subject: "alice",
			Scopes: []string{"openid"}, IssuedAt: s.now, ExpiresAt: s.later(time.Hour),
		},
		Refresh: &store.RefreshToken{
			Hash: store.HashOf("rt-" + name), GrantID: grantID, ClientID: 7, Scopes: []string{"openid", "email"}, Generation: 1,
			CreatedAt: s.now, ExpiresAt: s.later(24 * time.Hour),
		},
	}
}

// rotation is a rotation without leeway.
func rotation(hash store.Hash, now time.Time, tokens store.Tokens) store.Rotation {
	return store.Rotation{Hash: hash, Now: now, Tokens: tokens}
}

// lone is an access token without a grant.
func (s suite) lone(name string, clientID int64) store.AccessToken {
	return store.AccessToken{
		Hash: store.HashOf(name), GrantType: "client_credentials", ClientID: clientID, IssuedAt: s.now, ExpiresAt: s.later(time.Minute),
	}
}

// race calls do from parallel callers at once and returns how many succeeded; the others fail with loser.
func (s suite) race(loser error, do func(ctx context.Context, caller int) error) int {
	s.Helper()
	var wins atomic.Int32
	var group sync.WaitGroup
	start := make(chan struct{})
	for caller := range parallel {
		group.Go(func() {
			<-start
			switch err := do(s.Context(), caller); {
			case err == nil:
				wins.Add(1)
			case !errors.Is(err, loser):
				s.Errorf("caller %d: %v, want %v", caller, err, loser)
			}
		})
	}
	close(start)
	group.Wait()
	return int(wins.Load())
}

func (s suite) oneWins(loser error, do func(ctx context.Context, caller int) error) {
	s.Helper()
	if wins := s.race(loser, do); wins != 1 {
		s.Errorf("%d of %d parallel callers succeeded, want 1", wins, parallel)
	}
}

// name names the caller's own things.
func name(caller int) string { return string(rune('a' + caller)) }

func (s suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s suite) wantErr(what string, got, want error) {
	s.Helper()
	if !errors.Is(got, want) {
		s.Errorf("%s: %v, want %v", what, got, want)
	}
}

func (s suite) equal(what string, got, want any) {
	s.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		s.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
