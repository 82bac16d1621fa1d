package storetest

import (
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

func grantTests() map[string]func(suite) {
	return map[string]func(suite){
		"codes come back as they were stored":      suite.codeRoundTrip,
		"codes are redeemed":                       suite.codeRedeemed,
		"codes come with tokens":                   suite.codeHybrid,
		"codes are replayed":                       suite.codeReplayed,
		"codes expire":                             suite.codeExpired,
		"refresh tokens are rotated":               suite.refreshRotated,
		"refresh tokens are replayed":              suite.refreshReplayed,
		"refresh tokens expire":                    suite.refreshExpired,
		"access tokens stand alone":                suite.accessAlone,
		"access tokens of a known grant":           suite.accessOfGrant,
		"access tokens of a grant that is gone":    suite.accessWithoutGrant,
		"refresh tokens of a known grant":          suite.refreshOfGrant,
		"grants come with tokens":                  suite.grantWithTokens,
		"grants end with what hangs on them":       suite.grantExtended,
		"unknown things are not found":             suite.unknown,
		"hostile ids are not found":                suite.hostile,
		"what is stored is the store's own":        suite.grantAliasing,
		"times are kept to the millisecond":        suite.milliseconds,
		"nothing is issued where nothing is asked": suite.nothing,
	}
}

func (s suite) codeRoundTrip() {
	ctx := s.Context()
	grant, code := s.issueFor("a", 1<<62, "ålice ✓")
	gotCode, gotGrant, err := s.FindCode(ctx, code.Hash)
	s.must(err)
	s.equal("code", gotCode, code)
	s.equal("grant", gotGrant, grant)
	gotGrant, err = s.FindGrant(ctx, grant.ID)
	s.must(err)
	s.equal("grant", gotGrant, grant)
}

func (s suite) codeRedeemed() {
	ctx := s.Context()
	grant, code, tokens := s.redeemed("a")
	access, err := s.FindAccess(ctx, tokens.Access.Hash)
	s.must(err)
	s.equal("access token", access, *tokens.Access)
	refresh, gotGrant, err := s.FindRefresh(ctx, tokens.Refresh.Hash)
	s.must(err)
	s.equal("refresh token", refresh, *tokens.Refresh)
	s.equal("grant of the refresh token", gotGrant, grant)
	gotCode, gotGrant, err := s.FindCode(ctx, code.Hash)
	s.must(err)
	s.equal("consumed code", gotCode, code)
	s.equal("grant of the code", gotGrant, grant)
}

func (s suite) codeHybrid() {
	ctx := s.Context()
	grant := store.Grant{ID: "g", ClientID: 7, Subject: "alice", CreatedAt: s.now, ExpiresAt: s.later(time.Hour)}
	code := store.Code{Hash: store.HashOf("c"), GrantID: "g", ClientID: 7, Request: []byte("{}"), ExpiresAt: s.later(time.Minute)}
	front, back := s.tokens("front", "g"), s.tokens("back", "g")
	front.Refresh = nil
	s.must(s.IssueCode(ctx, grant, code, front))
	s.must(s.RedeemCode(ctx, code.Hash, s.now, back))
	for _, want := range []*store.AccessToken{front.Access, back.Access} {
		got, err := s.FindAccess(ctx, want.Hash)
		s.must(err)
		s.equal("access token", got, *want)
	}
	s.must(s.RevokeGrant(ctx, "g", s.now))
	got, err := s.FindAccess(ctx, front.Access.Hash)
	s.must(err)
	s.equal("revocation of the front channel's token", got.RevokedAt, s.now)
}

func (s suite) codeReplayed() {
	ctx := s.Context()
	grant, code, tokens := s.redeemed("a")
	again, at := s.tokens("b", grant.ID), s.later(time.Hour) // the code has expired by then
	s.wantErr("second redemption", s.RedeemCode(ctx, code.Hash, at, again), store.ErrReplayed)
	access, err := s.FindAccess(ctx, tokens.Access.Hash)
	s.must(err)
	s.equal("revocation of the first token", access.RevokedAt, at)
	_, err = s.FindAccess(ctx, again.Access.Hash)
	s.wantErr("access token of the replay", err, store.ErrNotFound)
	_, _, err = s.FindRefresh(ctx, again.Refresh.Hash)
	s.wantErr("refresh token of the replay", err, store.ErrNotFound)
	s.wantErr("refresh after the replay", s.RotateRefresh(ctx, rotation(tokens.Refresh.Hash, s.now, s.tokens("c", grant.ID))), store.ErrNotFound)
	s.wantErr("third redemption", s.RedeemCode(ctx, code.Hash, s.later(2*time.Hour), again), store.ErrReplayed)
	got, gotGrant, err := s.FindCode(ctx, code.Hash)
	s.must(err)
	s.equal("time of consumption", got.ConsumedAt, s.now)
	s.equal("time of revocation", gotGrant.RevokedAt, at)
	s.equal("end of the grant", gotGrant.ExpiresAt, grant.ExpiresAt)
}

func (s suite) codeExpired() {
	ctx := s.Context()
	grant, code := s.issue("a")
	tokens := s.tokens("a", grant.ID)
	s.wantErr("expired code", s.RedeemCode(ctx, code.Hash, code.ExpiresAt, tokens), store.ErrNotFound)
	_, err := s.FindAccess(ctx, tokens.Access.Hash)
	s.wantErr("token of an expired code", err, store.ErrNotFound)
	got, gotGrant, err := s.FindCode(ctx, code.Hash)
	s.must(err)
	s.equal("code", got, code)
	s.equal("grant", gotGrant, grant)
	s.must(s.RedeemCode(ctx, code.Hash, code.ExpiresAt.Add(-time.Millisecond), tokens))
}

func (s suite) refreshRotated() {
	ctx := s.Context()
	grant, _, first := s.redeemed("1")
	second := s.tokens("2", grant.ID)
	second.Refresh.Generation, second.Refresh.ExpiresAt = 2, s.later(48*time.Hour)
	s.must(s.RotateRefresh(ctx, rotation(first.Refresh.Hash, s.later(time.Second), second)))
	old, gotGrant, err := s.FindRefresh(ctx, first.Refresh.Hash)
	s.must(err)
	first.Refresh.SupersededAt, grant.ExpiresAt = s.later(time.Second), second.Refresh.ExpiresAt
	s.equal("superseded token", old, *first.Refresh)
	s.equal("grant", gotGrant, grant)
	fresh, _, err := s.FindRefresh(ctx, second.Refresh.Hash)
	s.must(err)
	s.equal("successor", fresh, *second.Refresh)
	access, err := s.FindAccess(ctx, second.Access.Hash)
	s.must(err)
	s.equal("access token", access, *second.Access)
	s.must(s.RotateRefresh(ctx, rotation(second.Refresh.Hash, s.later(time.Minute), s.tokens("3", grant.ID))))
}

func (s suite) refreshReplayed() {
	ctx := s.Context()
	grant, _, first := s.redeemed("1")
	second, third := s.tokens("2", grant.ID), s.tokens("3", grant.ID)
	s.must(s.RotateRefresh(ctx, rotation(first.Refresh.Hash, s.now, second)))
	at := s.later(30 * time.Hour) // the token has expired by then
	s.wantErr("reuse", s.RotateRefresh(ctx, rotation(first.Refresh.Hash, at, third)), store.ErrReplayed)
	got, err := s.FindGrant(ctx, grant.ID)
	s.must(err)
	s.equal("revocation", got.RevokedAt, at)
	s.wantErr("successor", s.RotateRefresh(ctx, rotation(second.Refresh.Hash, s.now, third)), store.ErrNotFound)
	_, _, err = s.FindRefresh(ctx, third.Refresh.Hash)
	s.wantErr("token of the replay", err, store.ErrNotFound)
	s.wantErr("another reuse", s.RotateRefresh(ctx, rotation(first.Refresh.Hash, at.Add(time.Hour), third)), store.ErrReplayed)
	got, err = s.FindGrant(ctx, grant.ID)
	s.must(err)
	s.equal("revocation", got.RevokedAt, at)
}

func (s suite) refreshExpired() {
	ctx := s.Context()
	grant, _, tokens := s.redeemed("a")
	end := tokens.Refresh.ExpiresAt
	s.wantErr("expired refresh token", s.RotateRefresh(ctx, rotation(tokens.Refresh.Hash, end, s.tokens("b", grant.ID))), store.ErrNotFound)
	s.must(s.RotateRefresh(ctx, rotation(tokens.Refresh.Hash, end.Add(-time.Millisecond), s.tokens("b", grant.ID))))
}

func (s suite) accessAlone() {
	ctx := s.Context()
	token := s.lone("cc", 1<<52)
	s.must(s.IssueTokens(ctx, nil, store.Tokens{Access: &token}))
	got, err := s.FindAccess(ctx, token.Hash)
	s.must(err)
	s.equal("token", got, token)
}

func (s suite) accessOfGrant() {
	ctx := s.Context()
	grant, _, _ := s.redeemed("a")
	tokens := s.tokens("b", grant.ID)
	tokens.Refresh = nil
	s.must(s.IssueTokens(ctx, nil, tokens))
	got, err := s.FindAccess(ctx, tokens.Access.Hash)
	s.must(err)
	s.equal("token", got, *tokens.Access)
	s.must(s.RevokeGrant(ctx, grant.ID, s.later(time.Second)))
	got, err = s.FindAccess(ctx, tokens.Access.Hash)
	s.must(err)
	s.equal("revocation", got.RevokedAt, s.later(time.Second))
}

func (s suite) accessWithoutGrant() {
	ctx := s.Context()
	tokens := s.tokens("a", "gone")
	s.must(s.IssueTokens(ctx, nil, store.Tokens{Access: tokens.Access}))
	_, err := s.FindAccess(ctx, tokens.Access.Hash)
	s.wantErr("access token", err, store.ErrNotFound)
	s.must(s.RevokeAccess(ctx, tokens.Access.Hash, s.now))
	s.swept(time.Hour, 1)
}

func (s suite) refreshOfGrant() {
	ctx := s.Context()
	grant, _ := s.issue("a")
	pair := s.tokens("a", grant.ID)
	s.must(s.IssueTokens(ctx, nil, pair))
	refresh, got, err := s.FindRefresh(ctx, pair.Refresh.Hash)
	s.must(err)
	s.equal("refresh token", refresh, *pair.Refresh)
	s.equal("end of the grant", got.ExpiresAt, pair.Refresh.ExpiresAt)
	s.must(s.RevokeGrant(ctx, grant.ID, s.now))
	for what, grantID := range map[string]string{"revoked": grant.ID, "unknown": "unknown"} {
		late := s.tokens(what, grantID)
		s.wantErr("tokens of a grant that is "+what, s.IssueTokens(ctx, nil, late), store.ErrNotFound)
		_, err = s.FindAccess(ctx, late.Access.Hash)
		s.wantErr("access token of a grant that is "+what, err, store.ErrNotFound)
	}
}

func (s suite) grantWithTokens() {
	ctx := s.Context()
	grant := store.Grant{ID: "password", ClientID: 7, Subject: "bob", CreatedAt: s.now, ExpiresAt: s.later(24 * time.Hour)}
	pair := s.tokens("p", grant.ID)
	pair.Access.Subject = "bob"
	s.must(s.IssueTokens(ctx, &grant, pair))
	refresh, gotGrant, err := s.FindRefresh(ctx, pair.Refresh.Hash)
	s.must(err)
	s.equal("refresh token", refresh, *pair.Refresh)
	s.equal("grant", gotGrant, grant)
	access, err := s.FindAccess(ctx, pair.Access.Hash)
	s.must(err)
	s.equal("access token", access, *pair.Access)
	implicit := store.Grant{ID: "implicit", ClientID: 7, Subject: "bob", CreatedAt: s.now, ExpiresAt: s.later(time.Hour)}
	s.must(s.IssueTokens(ctx, &implicit, store.Tokens{}))
	gotGrant, err = s.FindGrant(ctx, implicit.ID)
	s.must(err)
	s.equal("grant without tokens", gotGrant, implicit)
}

func (s suite) grantExtended() {
	ctx := s.Context()
	grant, code := s.issue("a")
	tokens := s.tokens("a", grant.ID)
	tokens.Refresh = nil
	s.must(s.RedeemCode(ctx, code.Hash, s.now, tokens))
	got, err := s.FindGrant(ctx, grant.ID)
	s.must(err)
	s.equal("end with an access token", got.ExpiresAt, tokens.Access.ExpiresAt)

	long, code := s.issue("b")
	pair, short := s.tokens("b", long.ID), s.tokens("c", long.ID)
	short.Access.ExpiresAt, short.Refresh.ExpiresAt = s.later(time.Minute), s.later(2*time.Minute)
	s.must(s.RedeemCode(ctx, code.Hash, s.now, pair))
	s.must(s.RotateRefresh(ctx, rotation(pair.Refresh.Hash, s.now, short)))
	got, err = s.FindGrant(ctx, long.ID)
	s.must(err)
	s.equal("end after shorter tokens", got.ExpiresAt, pair.Refresh.ExpiresAt)

	bare, code := s.issue("d")
	s.must(s.RedeemCode(ctx, code.Hash, s.now, store.Tokens{}))
	got, err = s.FindGrant(ctx, bare.ID)
	s.must(err)
	s.equal("end without tokens", got.ExpiresAt, bare.ExpiresAt)
}

func (s suite) unknown() {
	ctx, hash := s.Context(), store.HashOf("unknown")
	_, _, err := s.FindCode(ctx, hash)
	s.wantErr("FindCode", err, store.ErrNotFound)
	_, _, err = s.FindRefresh(ctx, hash)
	s.wantErr("FindRefresh", err, store.ErrNotFound)
	_, err = s.FindAccess(ctx, hash)
	s.wantErr("FindAccess", err, store.ErrNotFound)
	_, err = s.FindGrant(ctx, "unknown")
	s.wantErr("FindGrant", err, store.ErrNotFound)
	s.wantErr("RedeemCode", s.RedeemCode(ctx, hash, s.now, s.tokens("a", "g")), store.ErrNotFound)
	s.wantErr("RotateRefresh", s.RotateRefresh(ctx, rotation(hash, s.now, s.tokens("a", "g"))), store.ErrNotFound)
	s.wantErr("RevokeAccess", s.RevokeAccess(ctx, hash, s.now), store.ErrNotFound)
	s.wantErr("RevokeGrant", s.RevokeGrant(ctx, "unknown", s.now), store.ErrNotFound)
	_, err = s.FindAccess(ctx, store.HashOf("at-a"))
	s.wantErr("token of an unknown code", err, store.ErrNotFound)
}

// hostile asks with strings that a request may carry and that a database may refuse to compare.
func (s suite) hostile() {
	ctx := s.Context()
	for what, id := range map[string]string{"NUL": "a\x00b", "invalid UTF-8": "\xff\xfe", "cut rune": "\xe2\x82", "empty": ""} {
		_, err := s.FindGrant(ctx, id)
		s.wantErr("FindGrant of "+what, err, store.ErrNotFound)
		s.wantErr("RevokeGrant of "+what, s.RevokeGrant(ctx, id, s.now), store.ErrNotFound)
		_, err = s.FindClientByAlias(ctx, id)
		s.wantErr("FindClientByAlias of "+what, err, store.ErrNotFound)
		count, err := s.RevokeGrants(ctx, 7, id, s.now)
		s.must(err)
		s.equal("RevokeGrants of "+what, count, int64(0))
	}
}

func (s suite) grantAliasing() {
	ctx := s.Context()
	grant := store.Grant{ID: "g", ClientID: 7, Subject: "alice", Scopes: []string{"a"}, Details: []byte("abc"), CreatedAt: s.now, ExpiresAt: s.later(time.Hour)}
	code := store.Code{Hash: store.HashOf("c"), GrantID: "g", ClientID: 7, Request: []byte("abc"), ExpiresAt: s.later(time.Minute)}
	s.must(s.IssueCode(ctx, grant, code, store.Tokens{}))
	tokens := s.tokens("a", "g")
	tokens.Access.Scopes, tokens.Refresh.Scopes = []string{"a"}, []string{"a"}
	s.must(s.RedeemCode(ctx, code.Hash, s.now, tokens))
	grant.Scopes[0], grant.Details[0], code.Request[0] = "X", 'X', 'X'
	tokens.Access.Scopes[0], tokens.Refresh.Scopes[0] = "X", "X"
	gotCode, gotGrant, err := s.FindCode(ctx, code.Hash)
	s.must(err)
	s.equal("request", string(gotCode.Request), "abc")
	s.equal("details", string(gotGrant.Details), "abc")
	s.equal("scopes of the grant", gotGrant.Scopes, []string{"a"})
	access, err := s.FindAccess(ctx, tokens.Access.Hash)
	s.must(err)
	s.equal("scopes of the access token", access.Scopes, []string{"a"})
	refresh, _, err := s.FindRefresh(ctx, tokens.Refresh.Hash)
	s.must(err)
	s.equal("scopes of the refresh token", refresh.Scopes, []string{"a"})
	// A caller may add to what it got.
	_ = append(access.Scopes, "more")
	_ = append(gotGrant.Details, '!')
	_, gotGrant, err = s.FindCode(ctx, code.Hash)
	s.must(err)
	s.equal("details after appending", string(gotGrant.Details), "abc")
}

func (s suite) milliseconds() {
	ctx := s.Context()
	token := s.lone("cc", 7)
	token.IssuedAt = token.IssuedAt.Add(123456 * time.Nanosecond).In(time.FixedZone("east", 3600))
	s.must(s.IssueTokens(ctx, nil, store.Tokens{Access: &token}))
	got, err := s.FindAccess(ctx, token.Hash)
	s.must(err)
	s.equal("issued", got.IssuedAt, s.now)
}

func (s suite) nothing() {
	s.must(s.IssueTokens(s.Context(), nil, store.Tokens{}))
}
