package storetest

import (
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

func clientTests() map[string]func(suite) {
	return map[string]func(suite){
		"come back as they were stored": suite.clientRoundTrip,
		"have ids and aliases once":     suite.clientConflicts,
		"are changed by version":        suite.clientUpdate,
		"change their alias":            suite.clientAlias,
		"are listed":                    suite.clientList,
		"go with all that is theirs":    suite.clientDelete,
		"are the store's own":           suite.clientAliasing,
	}
}

func (s suite) client(id int64, alias string) store.Client {
	return store.Client{ID: id, Alias: alias, Doc: []byte(`{"a":1}`), SecretSealed: []byte{0, 1, 255}, CreatedAt: s.now, ModifiedAt: s.now}
}

func (s suite) clientRoundTrip() {
	ctx := s.Context()
	for _, client := range []store.Client{s.client(1<<62, "app"), {ID: 2, Doc: []byte("{}"), CreatedAt: s.now, ModifiedAt: s.now}} {
		client.Version = 99 // is not the caller's to choose
		s.must(s.CreateClient(ctx, client))
		client.Version = 1
		got, err := s.FindClient(ctx, client.ID)
		s.must(err)
		s.equal("client", got, client)
	}
	got, err := s.FindClientByAlias(ctx, "app")
	s.must(err)
	s.equal("id by alias", got.ID, int64(1<<62))
	_, err = s.FindClient(ctx, 3)
	s.wantErr("unknown id", err, store.ErrNotFound)
	_, err = s.FindClientByAlias(ctx, "App")
	s.wantErr("alias in another case", err, store.ErrNotFound)
}

func (s suite) clientConflicts() {
	ctx := s.Context()
	s.must(s.CreateClient(ctx, s.client(1, "app")))
	s.wantErr("taken id", s.CreateClient(ctx, s.client(1, "x")), store.ErrConflict)
	s.wantErr("taken alias", s.CreateClient(ctx, s.client(2, "app")), store.ErrConflict)
	_, err := s.FindClientByAlias(ctx, "x")
	s.wantErr("refused client", err, store.ErrNotFound)
	_, err = s.FindClient(ctx, 2)
	s.wantErr("refused client", err, store.ErrNotFound)
	s.must(s.CreateClient(ctx, s.client(3, "")))
	s.must(s.CreateClient(ctx, s.client(4, "")))
}

func (s suite) clientUpdate() {
	ctx := s.Context()
	client := s.client(1, "app")
	s.must(s.CreateClient(ctx, client))
	client.Version, client.Doc, client.SecretSealed, client.ModifiedAt = 1, []byte(`{"a":2}`), nil, s.later(time.Second)
	changed := client
	changed.CreatedAt = s.later(time.Hour)
	s.must(s.UpdateClient(ctx, changed))
	s.wantErr("stale version", s.UpdateClient(ctx, changed), store.ErrConflict)
	client.Version = 2
	got, err := s.FindClient(ctx, 1)
	s.must(err)
	s.equal("client", got, client)
	client.Version = 3
	s.wantErr("future version", s.UpdateClient(ctx, client), store.ErrConflict)
	s.wantErr("unknown client", s.UpdateClient(ctx, s.client(9, "nine")), store.ErrNotFound)
}

func (s suite) clientAlias() {
	ctx := s.Context()
	s.must(s.CreateClient(ctx, s.client(1, "one")))
	s.must(s.CreateClient(ctx, s.client(2, "two")))
	update := func(id int64, alias string, version int64) error {
		client := s.client(id, alias)
		client.Version = version
		return s.UpdateClient(ctx, client)
	}
	s.wantErr("taken alias", update(1, "two", 1), store.ErrConflict)
	s.must(update(1, "first", 1))
	_, err := s.FindClientByAlias(ctx, "one")
	s.wantErr("old alias", err, store.ErrNotFound)
	s.must(update(2, "one", 1)) // free again
	s.must(update(2, "", 2))
	_, err = s.FindClientByAlias(ctx, "one")
	s.wantErr("alias given up", err, store.ErrNotFound)
	s.must(s.DeleteClient(ctx, 1))
	s.must(update(2, "first", 3))
	got, err := s.FindClientByAlias(ctx, "first")
	s.must(err)
	s.equal("owner", got.ID, int64(2))
}

func (s suite) clientList() {
	ctx := s.Context()
	none, total, err := s.ListClients(ctx, 0, 10)
	s.must(err)
	if len(none) != 0 || total != 0 {
		s.Errorf("ListClients of an empty store = %v, %d", none, total)
	}
	for _, id := range []int64{5, 3, 1, 4, 2} {
		s.must(s.CreateClient(ctx, s.client(id, "")))
	}
	for _, c := range []struct {
		start, end int
		want       []int64
	}{
		{0, 5, []int64{1, 2, 3, 4, 5}},
		{0, 100, []int64{1, 2, 3, 4, 5}},
		{1, 3, []int64{2, 3}},
		{4, 9, []int64{5}},
		{5, 9, nil},
		{3, 3, nil},
		{3, 1, nil},
		{-2, 2, []int64{1, 2}},
		{-5, -1, nil},
	} {
		page, total, err := s.ListClients(ctx, c.start, c.end)
		s.must(err)
		var ids []int64
		for _, client := range page {
			ids = append(ids, client.ID)
		}
		s.equal("ids", ids, c.want)
		s.equal("total", total, 5)
	}
}

func (s suite) clientDelete() {
	ctx := s.Context()
	s.must(s.CreateClient(ctx, s.client(7, "seven")))
	s.must(s.CreateClient(ctx, s.client(8, "eight")))
	grant, code, tokens := s.redeemed("gone")
	other, otherCode := s.issueFor("stays", 8, "alice")
	lone, keptLone := s.lone("gone", 7), s.lone("stays", 8)
	s.must(s.IssueTokens(ctx, nil, store.Tokens{Access: &lone}))
	s.must(s.IssueTokens(ctx, nil, store.Tokens{Access: &keptLone}))

	s.must(s.DeleteClient(ctx, 7))
	s.wantErr("second deletion", s.DeleteClient(ctx, 7), store.ErrNotFound)
	_, err := s.FindClient(ctx, 7)
	s.wantErr("client", err, store.ErrNotFound)
	_, err = s.FindClientByAlias(ctx, "seven")
	s.wantErr("alias", err, store.ErrNotFound)
	_, err = s.FindGrant(ctx, grant.ID)
	s.wantErr("grant", err, store.ErrNotFound)
	_, _, err = s.FindCode(ctx, code.Hash)
	s.wantErr("code", err, store.ErrNotFound)
	s.wantErr("replay of the code", s.RedeemCode(ctx, code.Hash, s.now, s.tokens("b", grant.ID)), store.ErrNotFound)
	_, _, err = s.FindRefresh(ctx, tokens.Refresh.Hash)
	s.wantErr("refresh token", err, store.ErrNotFound)
	for _, hash := range []store.Hash{tokens.Access.Hash, lone.Hash} {
		_, err = s.FindAccess(ctx, hash)
		s.wantErr("access token", err, store.ErrNotFound)
	}

	_, err = s.FindGrant(ctx, other.ID)
	s.must(err)
	_, _, err = s.FindCode(ctx, otherCode.Hash)
	s.must(err)
	_, err = s.FindAccess(ctx, keptLone.Hash)
	s.must(err)
	s.must(s.CreateClient(ctx, s.client(7, "seven")))
}

func (s suite) clientAliasing() {
	ctx := s.Context()
	client := store.Client{ID: 1, Doc: []byte("abc"), SecretSealed: []byte("abc")}
	s.must(s.CreateClient(ctx, client))
	client.Doc[0], client.SecretSealed[0] = 'X', 'X'
	got, err := s.FindClient(ctx, 1)
	s.must(err)
	s.equal("document", string(got.Doc), "abc")
	s.equal("secret", string(got.SecretSealed), "abc")
}

func settingsTests() map[string]func(suite) {
	return map[string]func(suite){
		"are changed by version": suite.settingsVersions,
		"are the store's own":    suite.settingsAliasing,
	}
}

func (s suite) settingsVersions() {
	ctx := s.Context()
	doc, err := s.FindSettings(ctx)
	s.must(err)
	s.equal("no settings", doc, store.Document{})
	s.wantErr("a version that never was", s.PutSettings(ctx, store.Document{Doc: []byte("0"), Version: 1}), store.ErrConflict)
	s.must(s.PutSettings(ctx, store.Document{Doc: []byte("1")}))
	s.wantErr("second first version", s.PutSettings(ctx, store.Document{Doc: []byte("2")}), store.ErrConflict)
	s.must(s.PutSettings(ctx, store.Document{Doc: []byte("2"), Version: 1}))
	s.wantErr("stale version", s.PutSettings(ctx, store.Document{Doc: []byte("3"), Version: 1}), store.ErrConflict)
	doc, err = s.FindSettings(ctx)
	s.must(err)
	s.equal("settings", doc, store.Document{Doc: []byte("2"), Version: 2})
}

func (s suite) settingsAliasing() {
	doc := []byte("abc")
	s.must(s.PutSettings(s.Context(), store.Document{Doc: doc}))
	doc[0] = 'X'
	got, err := s.FindSettings(s.Context())
	s.must(err)
	s.equal("settings", string(got.Doc), "abc")
}
