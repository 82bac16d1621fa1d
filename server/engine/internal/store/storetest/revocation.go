package storetest

import (
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

func revocationTests() map[string]func(suite) {
	return map[string]func(suite){
		"of one access token":          suite.revokeAccess,
		"of a grant":                   suite.revokeGrant,
		"by client and subject":        suite.revokeGrants,
		"by nothing is refused":        suite.revokeNothing,
		"of a grant cannot be undone":  suite.revokeTwice,
		"of a grant stops its code":    suite.revokeBeforeRedemption,
		"of a grant stops its refresh": suite.revokeBeforeRotation,
	}
}

func (s suite) revokeAccess() {
	ctx := s.Context()
	grant, _, tokens := s.redeemed("a")
	s.must(s.RevokeAccess(ctx, tokens.Access.Hash, s.now))
	s.must(s.RevokeAccess(ctx, tokens.Access.Hash, s.later(time.Hour)))
	access, err := s.FindAccess(ctx, tokens.Access.Hash)
	s.must(err)
	s.equal("revocation", access.RevokedAt, s.now)
	got, err := s.FindGrant(ctx, grant.ID)
	s.must(err)
	s.equal("grant", got, grant)
	s.must(s.RevokeGrant(ctx, grant.ID, s.later(time.Minute)))
	access, err = s.FindAccess(ctx, tokens.Access.Hash)
	s.must(err)
	s.equal("revocation", access.RevokedAt, s.now)
}

func (s suite) revokeGrant() {
	ctx := s.Context()
	grant, _, first := s.redeemed("a")
	second := s.tokens("b", grant.ID)
	s.must(s.RotateRefresh(ctx, rotation(first.Refresh.Hash, s.now, second)))
	_, _, other := s.redeemed("other")
	s.must(s.RevokeGrant(ctx, grant.ID, s.later(time.Second)))
	for _, token := range []*store.AccessToken{first.Access, second.Access} {
		access, err := s.FindAccess(ctx, token.Hash)
		s.must(err)
		s.equal("revocation", access.RevokedAt, s.later(time.Second))
	}
	access, err := s.FindAccess(ctx, other.Access.Hash)
	s.must(err)
	s.equal("token of another grant", access, *other.Access)
}

func (s suite) revokeTwice() {
	ctx := s.Context()
	grant, _ := s.issue("a")
	s.must(s.RevokeGrant(ctx, grant.ID, s.now))
	s.must(s.RevokeGrant(ctx, grant.ID, s.later(time.Hour)))
	got, err := s.FindGrant(ctx, grant.ID)
	s.must(err)
	s.equal("revocation", got.RevokedAt, s.now)
}

func (s suite) revokeBeforeRedemption() {
	ctx := s.Context()
	grant, code := s.issue("a")
	s.must(s.RevokeGrant(ctx, grant.ID, s.now))
	tokens := s.tokens("a", grant.ID)
	s.wantErr("code of a revoked grant", s.RedeemCode(ctx, code.Hash, s.now, tokens), store.ErrNotFound)
	_, err := s.FindAccess(ctx, tokens.Access.Hash)
	s.wantErr("its token", err, store.ErrNotFound)
	got, _, err := s.FindCode(ctx, code.Hash)
	s.must(err)
	s.equal("code", got, code)
}

func (s suite) revokeBeforeRotation() {
	ctx := s.Context()
	grant, _, tokens := s.redeemed("a")
	s.must(s.RevokeGrant(ctx, grant.ID, s.now))
	next := s.tokens("b", grant.ID)
	s.wantErr("refresh token of a revoked grant", s.RotateRefresh(ctx, rotation(tokens.Refresh.Hash, s.now, next)), store.ErrNotFound)
	got, gotGrant, err := s.FindRefresh(ctx, tokens.Refresh.Hash)
	s.must(err)
	s.equal("refresh token", got, *tokens.Refresh)
	s.equal("revocation", gotGrant.RevokedAt, s.now)
}

func (s suite) revokeGrants() {
	ctx := s.Context()
	s.issueFor("1", 7, "alice")
	s.issueFor("2", 7, "bob")
	s.issueFor("3", 8, "alice")
	s.issueFor("4", 8, "bob")
	s.issueFor("5", 8, "bob")
	for _, step := range []struct {
		clientID int64
		subject  string
		want     int64
	}{{9, "alice", 0}, {0, "carol", 0}, {7, "bob", 1}, {7, "bob", 0}, {0, "alice", 2}, {8, "", 2}, {8, "", 0}, {7, "", 0}} {
		got, err := s.RevokeGrants(ctx, step.clientID, step.subject, s.now)
		s.must(err)
		if got != step.want {
			s.Errorf("RevokeGrants(%d, %q) = %d, want %d", step.clientID, step.subject, got, step.want)
		}
	}
	for _, name := range []string{"1", "2", "3", "4", "5"} {
		grant, err := s.FindGrant(ctx, "grant-"+name)
		s.must(err)
		s.equal("revocation of grant "+name, grant.RevokedAt, s.now)
	}
}

func (s suite) revokeNothing() {
	grant, _ := s.issue("a")
	if _, err := s.RevokeGrants(s.Context(), 0, "", s.now); err == nil {
		s.Error("RevokeGrants without client and subject succeeded")
	}
	got, err := s.FindGrant(s.Context(), grant.ID)
	s.must(err)
	s.equal("grant", got, grant)
}
