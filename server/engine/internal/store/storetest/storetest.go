// Package storetest is the contract of store.Store: every implementation passes
// Run, with the race detector on.
package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// parallel is how many callers try to consume one thing at once.
const parallel = 8

// suite runs the contract against one store.
type suite struct {
	open func(*testing.T) store.Store
	now  time.Time
}

// Run runs the contract. open returns an empty store; the suite closes it.
func Run(t *testing.T, open func(*testing.T) store.Store) {
	t.Helper()
	s := suite{open: open, now: time.UnixMilli(1_800_000_000_000).UTC()}
	tests := map[string]func(*testing.T, store.Store){
		"tickets are consumed once":                s.tickets,
		"codes are redeemed once":                  s.codes,
		"a replayed code revokes the grant":        s.replayedCode,
		"refresh tokens are rotated once":          s.refresh,
		"expired things cannot be used":            s.expired,
		"revocation":                               s.revocation,
		"lone access tokens":                       s.loneAccess,
		"clients":                                  s.clients,
		"settings":                                 s.settings,
		"keys":                                     s.keys,
		"remembered ids and leases":                s.coordination,
		"sweeping keeps what a replay needs":       s.sweep,
		"parallel redemption of a code":            s.parallelCode,
		"parallel rotation of a refresh token":     s.parallelRefresh,
		"parallel consumption of a ticket":         s.parallelTicket,
		"parallel creation":                        s.parallelCreation,
		"records do not alias the caller's memory": s.aliasing,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			st := open(t)
			t.Cleanup(func() {
				if err := st.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			test(t, st)
		})
	}
}

func (s suite) later(d time.Duration) time.Time { return s.now.Add(d) }

// issue stores a grant with a code.
func (s suite) issue(t *testing.T, st store.Store, name string) (store.Grant, store.Code) {
	t.Helper()
	grant := store.Grant{
		ID: "grant-" + name, ClientID: 7, Subject: "alice", Scopes: []string{"openid", "email"}, Details: []byte(`{"acr":"x"}`),
		CreatedAt: s.now, ExpiresAt: s.later(time.Minute),
	}
	code := store.Code{Hash: store.HashOf("code-" + name), GrantID: grant.ID, ClientID: 7, Request: []byte(`{"nonce":"n"}`), ExpiresAt: s.later(time.Minute)}
	must(t, st.IssueCode(t.Context(), grant, code, store.Tokens{}))
	return grant, code
}

// tokens are a pair of tokens of a grant.
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

func (s suite) tickets(t *testing.T, st store.Store) {
	ctx := t.Context()
	ticket := store.Ticket{Hash: store.HashOf("t"), Kind: store.TicketAuthorization, ClientID: 7, Request: []byte("{}"), ExpiresAt: s.later(time.Minute)}
	must(t, st.PutTicket(ctx, ticket))
	_, err := st.ConsumeTicket(ctx, ticket.Hash, store.TicketPassword, s.now)
	wantErr(t, "wrong kind", err, store.ErrNotFound)
	_, err = st.ConsumeTicket(ctx, ticket.Hash, store.TicketAuthorization, s.later(time.Minute))
	wantErr(t, "expired", err, store.ErrNotFound)
	got, err := st.ConsumeTicket(ctx, ticket.Hash, store.TicketAuthorization, s.now)
	must(t, err)
	equal(t, got, ticket)
	_, err = st.ConsumeTicket(ctx, ticket.Hash, store.TicketAuthorization, s.now)
	wantErr(t, "second use", err, store.ErrNotFound)
}

func (s suite) codes(t *testing.T, st store.Store) {
	ctx := t.Context()
	grant, code := s.issue(t, st, "a")
	gotCode, gotGrant, err := st.FindCode(ctx, code.Hash)
	must(t, err)
	equal(t, gotCode, code)
	equal(t, gotGrant, grant)
	tokens := s.tokens("a", grant.ID)
	must(t, st.RedeemCode(ctx, code.Hash, s.now, tokens))
	access, err := st.FindAccess(ctx, tokens.Access.Hash)
	must(t, err)
	equal(t, access, *tokens.Access)
	refresh, gotGrant, err := st.FindRefresh(ctx, tokens.Refresh.Hash)
	must(t, err)
	equal(t, refresh, *tokens.Refresh)
	grant.ExpiresAt = tokens.Refresh.ExpiresAt
	equal(t, gotGrant, grant)
	gotCode, _, err = st.FindCode(ctx, code.Hash)
	must(t, err)
	equal(t, gotCode.ConsumedAt, s.now)
	_, _, err = st.FindCode(ctx, store.HashOf("unknown"))
	wantErr(t, "unknown code", err, store.ErrNotFound)
	wantErr(t, "unknown code", st.RedeemCode(ctx, store.HashOf("unknown"), s.now, tokens), store.ErrNotFound)
}

func (s suite) replayedCode(t *testing.T, st store.Store) {
	ctx := t.Context()
	grant, code := s.issue(t, st, "a")
	tokens := s.tokens("a", grant.ID)
	must(t, st.RedeemCode(ctx, code.Hash, s.now, tokens))
	again := s.tokens("b", grant.ID)
	wantErr(t, "second redemption", st.RedeemCode(ctx, code.Hash, s.later(time.Second), again), store.ErrReplayed)
	access, err := st.FindAccess(ctx, tokens.Access.Hash)
	must(t, err)
	equal(t, access.RevokedAt, s.later(time.Second))
	_, err = st.FindAccess(ctx, again.Access.Hash)
	wantErr(t, "tokens of the replay", err, store.ErrNotFound)
	wantErr(t, "refresh after the replay", st.RotateRefresh(ctx, tokens.Refresh.Hash, s.now, s.tokens("c", grant.ID)), store.ErrNotFound)
}

func (s suite) refresh(t *testing.T, st store.Store) {
	ctx := t.Context()
	grant, code := s.issue(t, st, "a")
	first, second := s.tokens("1", grant.ID), s.tokens("2", grant.ID)
	must(t, st.RedeemCode(ctx, code.Hash, s.now, first))
	must(t, st.RotateRefresh(ctx, first.Refresh.Hash, s.later(time.Second), second))
	old, _, err := st.FindRefresh(ctx, first.Refresh.Hash)
	must(t, err)
	equal(t, old.SupersededAt, s.later(time.Second))
	wantErr(t, "reuse", st.RotateRefresh(ctx, first.Refresh.Hash, s.later(2*time.Second), s.tokens("3", grant.ID)), store.ErrReplayed)
	got, err := st.FindGrant(ctx, grant.ID)
	must(t, err)
	equal(t, got.RevokedAt, s.later(2*time.Second))
	wantErr(t, "successor", st.RotateRefresh(ctx, second.Refresh.Hash, s.now, s.tokens("4", grant.ID)), store.ErrNotFound)
	_, _, err = st.FindRefresh(ctx, store.HashOf("unknown"))
	wantErr(t, "unknown", err, store.ErrNotFound)
}

func (s suite) expired(t *testing.T, st store.Store) {
	ctx := t.Context()
	grant, code := s.issue(t, st, "a")
	wantErr(t, "expired code", st.RedeemCode(ctx, code.Hash, code.ExpiresAt, s.tokens("a", grant.ID)), store.ErrNotFound)
	tokens := s.tokens("a", grant.ID)
	must(t, st.RedeemCode(ctx, code.Hash, s.now, tokens))
	err := st.RotateRefresh(ctx, tokens.Refresh.Hash, tokens.Refresh.ExpiresAt, s.tokens("b", grant.ID))
	wantErr(t, "expired refresh token", err, store.ErrNotFound)
}

func (s suite) revocation(t *testing.T, st store.Store) {
	ctx := t.Context()
	grant, code := s.issue(t, st, "a")
	tokens := s.tokens("a", grant.ID)
	must(t, st.RedeemCode(ctx, code.Hash, s.now, tokens))
	must(t, st.RevokeAccess(ctx, tokens.Access.Hash, s.now))
	must(t, st.RevokeAccess(ctx, tokens.Access.Hash, s.later(time.Hour)))
	access, err := st.FindAccess(ctx, tokens.Access.Hash)
	must(t, err)
	equal(t, access.RevokedAt, s.now)
	wantErr(t, "unknown access token", st.RevokeAccess(ctx, store.HashOf("unknown"), s.now), store.ErrNotFound)
	wantErr(t, "unknown grant", st.RevokeGrant(ctx, "unknown", s.now), store.ErrNotFound)
	s.issue(t, st, "b")
	count, err := st.RevokeGrants(ctx, 0, "alice", s.later(time.Second))
	must(t, err)
	equal(t, count, int64(2))
	count, err = st.RevokeGrants(ctx, 7, "", s.now)
	must(t, err)
	equal(t, count, int64(0))
	other, _ := s.issue(t, st, "c")
	count, err = st.RevokeGrants(ctx, 8, "alice", s.now)
	must(t, err)
	equal(t, count, int64(0))
	must(t, st.RevokeGrant(ctx, other.ID, s.now))
	must(t, st.RevokeGrant(ctx, other.ID, s.later(time.Hour)))
	got, err := st.FindGrant(ctx, other.ID)
	must(t, err)
	equal(t, got.RevokedAt, s.now)
	wantErr(t, "code of a revoked grant", st.RedeemCode(ctx, store.HashOf("code-c"), s.now, s.tokens("c", other.ID)), store.ErrNotFound)
	_, err = st.FindGrant(ctx, "unknown")
	wantErr(t, "unknown grant", err, store.ErrNotFound)
}

func (s suite) loneAccess(t *testing.T, st store.Store) {
	ctx := t.Context()
	token := store.AccessToken{
		Hash: store.HashOf("cc"), GrantType: "client_credentials", ClientID: 1 << 52, IssuedAt: s.now, ExpiresAt: s.later(time.Minute),
	}
	must(t, st.IssueTokens(ctx, nil, store.Tokens{Access: &token}))
	got, err := st.FindAccess(ctx, token.Hash)
	must(t, err)
	equal(t, got, token)
	grant := store.Grant{ID: "password", ClientID: 7, Subject: "bob", CreatedAt: s.now, ExpiresAt: s.later(time.Hour)}
	pair := s.tokens("p", grant.ID)
	must(t, st.IssueTokens(ctx, &grant, pair))
	_, gotGrant, err := st.FindRefresh(ctx, pair.Refresh.Hash)
	must(t, err)
	equal(t, gotGrant, grant)
}

func (s suite) clients(t *testing.T, st store.Store) {
	ctx := t.Context()
	client := store.Client{ID: 1 << 52, Alias: "app", Doc: []byte(`{"a":1}`), SecretSealed: []byte{1, 2}, CreatedAt: s.now, ModifiedAt: s.now}
	must(t, st.CreateClient(ctx, client))
	client.Version = 1
	wantErr(t, "taken id", st.CreateClient(ctx, store.Client{ID: client.ID, Alias: "x", Doc: []byte("{}")}), store.ErrConflict)
	wantErr(t, "taken alias", st.CreateClient(ctx, store.Client{ID: 2, Alias: "app", Doc: []byte("{}")}), store.ErrConflict)
	must(t, st.CreateClient(ctx, store.Client{ID: 3, Doc: []byte("{}")}))
	must(t, st.CreateClient(ctx, store.Client{ID: 4, Doc: []byte("{}")}))
	got, err := st.FindClientByAlias(ctx, "app")
	must(t, err)
	equal(t, got, client)
	client.Doc, client.Alias, client.ModifiedAt = []byte(`{"a":2}`), "app2", s.later(time.Second)
	must(t, st.UpdateClient(ctx, client))
	wantErr(t, "stale version", st.UpdateClient(ctx, client), store.ErrConflict)
	client.Version = 2
	got, err = st.FindClient(ctx, client.ID)
	must(t, err)
	equal(t, got, client)
	_, err = st.FindClientByAlias(ctx, "app")
	wantErr(t, "old alias", err, store.ErrNotFound)
	page, total, err := st.ListClients(ctx, 1, 3)
	must(t, err)
	if total != 3 || len(page) != 2 || page[0].ID != 4 || page[1].ID != client.ID {
		t.Errorf("ListClients(1, 3) = %v, %d", page, total)
	}
	must(t, st.DeleteClient(ctx, client.ID))
	wantErr(t, "deleted", st.DeleteClient(ctx, client.ID), store.ErrNotFound)
	wantErr(t, "update of a deleted one", st.UpdateClient(ctx, client), store.ErrNotFound)
	_, code := s.issue(t, st, "gone")
	must(t, st.CreateClient(ctx, store.Client{ID: 7, Alias: "seven", Doc: []byte("{}")}))
	must(t, st.DeleteClient(ctx, 7))
	_, _, err = st.FindCode(ctx, code.Hash)
	wantErr(t, "code of a deleted client", err, store.ErrNotFound)
}

func (s suite) settings(t *testing.T, st store.Store) {
	ctx := t.Context()
	doc, err := st.FindSettings(ctx)
	must(t, err)
	equal(t, doc.Version, int64(0))
	must(t, st.PutSettings(ctx, store.Document{Doc: []byte("1")}))
	wantErr(t, "second first version", st.PutSettings(ctx, store.Document{Doc: []byte("2")}), store.ErrConflict)
	must(t, st.PutSettings(ctx, store.Document{Doc: []byte("2"), Version: 1}))
	wantErr(t, "stale version", st.PutSettings(ctx, store.Document{Doc: []byte("3"), Version: 1}), store.ErrConflict)
	doc, err = st.FindSettings(ctx)
	must(t, err)
	equal(t, doc, store.Document{Doc: []byte("2"), Version: 2})
}

func (s suite) key(kid string, state store.KeyState, age time.Duration) store.Key {
	return store.Key{KID: kid, Alg: "ES256", State: state, Public: []byte("{}"), PrivateSealed: []byte{1}, CreatedAt: s.now.Add(-age)}
}

func (s suite) keys(t *testing.T, st store.Store) {
	ctx := t.Context()
	first := s.key("b", store.KeyActive, time.Hour)
	must(t, st.CreateKey(ctx, first))
	wantErr(t, "second active key", st.CreateKey(ctx, s.key("c", store.KeyActive, 0)), store.ErrConflict)
	wantErr(t, "taken kid", st.CreateKey(ctx, s.key("b", store.KeyPending, 0)), store.ErrConflict)
	next := s.key("a", store.KeyPending, 0)
	must(t, st.CreateKey(ctx, next))
	must(t, st.ActivateKey(ctx, "a", s.now))
	wantErr(t, "active already", st.ActivateKey(ctx, "a", s.now), store.ErrConflict)
	wantErr(t, "unknown", st.ActivateKey(ctx, "zzz", s.now), store.ErrNotFound)
	keys, err := st.ListKeys(ctx)
	must(t, err)
	first.State, first.RetiredAt = store.KeyRetiring, s.now
	next.State, next.ActivatedAt = store.KeyActive, s.now
	equal(t, keys, []store.Key{first, next})
	must(t, st.DeleteKey(ctx, "b"))
	must(t, st.DeleteKey(ctx, "b"))
	keys, err = st.ListKeys(ctx)
	must(t, err)
	equal(t, keys, []store.Key{next})
}

func (s suite) coordination(t *testing.T, st store.Store) {
	ctx := t.Context()
	for i, want := range []bool{true, false} {
		fresh, err := st.RememberID(ctx, store.HashOf("jti"), s.later(time.Minute))
		must(t, err)
		if fresh != want {
			t.Errorf("RememberID call %d = %v, want %v", i+1, fresh, want)
		}
	}
	for _, step := range []struct {
		holder string
		at     time.Duration
		want   bool
	}{{"a", 0, true}, {"b", 0, false}, {"a", 30 * time.Second, true}, {"b", 89 * time.Second, false}, {"b", 90 * time.Second, true}, {"a", 91 * time.Second, false}} {
		got, err := st.AcquireLease(ctx, store.Lease{Name: "sweep", Holder: step.holder, Now: s.later(step.at), Until: s.later(step.at + time.Minute)})
		must(t, err)
		if got != step.want {
			t.Errorf("AcquireLease by %s at %s = %v, want %v", step.holder, step.at, got, step.want)
		}
	}
	must(t, st.Ping(ctx))
}

func (s suite) sweep(t *testing.T, st store.Store) {
	ctx := t.Context()
	grant, code := s.issue(t, st, "a")
	tokens := s.tokens("a", grant.ID)
	must(t, st.RedeemCode(ctx, code.Hash, s.now, tokens))
	must(t, st.PutTicket(ctx, store.Ticket{Hash: store.HashOf("t"), Kind: store.TicketAuthorization, Request: []byte("{}"), ExpiresAt: s.now}))
	_, err := st.Sweep(ctx, s.later(2*time.Hour), 100)
	must(t, err)
	_, err = st.FindAccess(ctx, tokens.Access.Hash)
	wantErr(t, "expired access token", err, store.ErrNotFound)
	if _, _, err := st.FindCode(ctx, code.Hash); err != nil {
		t.Errorf("the consumed code is gone while its grant lives: %v", err)
	}
	deleted, err := st.Sweep(ctx, s.later(25*time.Hour), 100)
	must(t, err)
	if deleted != 3 { // code, refresh token, grant
		t.Errorf("the last sweep deleted %d records, want 3", deleted)
	}
	_, _, err = st.FindCode(ctx, code.Hash)
	wantErr(t, "code of an ended grant", err, store.ErrNotFound)
}

func (s suite) parallelCode(t *testing.T, st store.Store) {
	grant, code := s.issue(t, st, "a")
	s.oneWins(t, func(ctx context.Context, i int) error {
		return st.RedeemCode(ctx, code.Hash, s.now, s.tokens(string(rune('a'+i)), grant.ID))
	}, store.ErrReplayed)
	got, err := st.FindGrant(t.Context(), grant.ID)
	must(t, err)
	if got.RevokedAt.IsZero() {
		t.Error("the grant survived seven replays of its code")
	}
}

func (s suite) parallelRefresh(t *testing.T, st store.Store) {
	grant, code := s.issue(t, st, "a")
	first := s.tokens("first", grant.ID)
	must(t, st.RedeemCode(t.Context(), code.Hash, s.now, first))
	s.oneWins(t, func(ctx context.Context, i int) error {
		return st.RotateRefresh(ctx, first.Refresh.Hash, s.now, s.tokens(string(rune('a'+i)), grant.ID))
	}, store.ErrReplayed)
}

func (s suite) parallelTicket(t *testing.T, st store.Store) {
	ticket := store.Ticket{Hash: store.HashOf("t"), Kind: store.TicketAuthorization, Request: []byte("{}"), ExpiresAt: s.later(time.Minute)}
	must(t, st.PutTicket(t.Context(), ticket))
	s.oneWins(t, func(ctx context.Context, _ int) error {
		_, err := st.ConsumeTicket(ctx, ticket.Hash, ticket.Kind, s.now)
		return err
	}, store.ErrNotFound)
}

func (s suite) parallelCreation(t *testing.T, st store.Store) {
	s.oneWins(t, func(ctx context.Context, i int) error {
		return st.CreateClient(ctx, store.Client{ID: int64(i + 1), Alias: "app", Doc: []byte("{}")})
	}, store.ErrConflict)
	s.oneWins(t, func(ctx context.Context, i int) error {
		return st.CreateKey(ctx, s.key(string(rune('a'+i)), store.KeyActive, 0))
	}, store.ErrConflict)
	s.oneWins(t, func(ctx context.Context, _ int) error {
		return st.PutSettings(ctx, store.Document{Doc: []byte("{}")})
	}, store.ErrConflict)
}

// oneWins runs do in parallel and expects one success; the others fail with loser.
func (s suite) oneWins(t *testing.T, do func(context.Context, int) error, loser error) {
	t.Helper()
	var wins atomic.Int32
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range parallel {
		group.Go(func() {
			<-start
			switch err := do(t.Context(), i); {
			case err == nil:
				wins.Add(1)
			case !errors.Is(err, loser):
				t.Errorf("caller %d: %v, want %v", i, err, loser)
			}
		})
	}
	close(start)
	group.Wait()
	if wins.Load() != 1 {
		t.Errorf("%d of %d parallel callers succeeded, want 1", wins.Load(), parallel)
	}
}

func (s suite) aliasing(t *testing.T, st store.Store) {
	doc := []byte(`{"a":1}`)
	must(t, st.CreateClient(t.Context(), store.Client{ID: 1, Doc: doc}))
	doc[2] = 'X'
	got, err := st.FindClient(t.Context(), 1)
	must(t, err)
	equal(t, string(got.Doc), `{"a":1}`)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
