package memory

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// IssueCode implements store.Grants.
func (s *Store) IssueCode(_ context.Context, record store.Grant, c store.Code, tokens store.Tokens) error {
	fresh := &code{
		hash: c.Hash, clientID: c.ClientID, request: slices.Clone(c.Request), expires: store.Millis(c.ExpiresAt), consumed: store.Millis(c.ConsumedAt),
	}
	g := s.newGrant(&record)
	fresh.grant = g
	s.publish(g, fresh, tokens)
	return nil
}

// IssueTokens implements store.Grants.
func (s *Store) IssueTokens(_ context.Context, record *store.Grant, tokens store.Tokens) error {
	if record != nil {
		s.publish(s.newGrant(record), nil, tokens)
		return nil
	}
	if tokens.Refresh != nil {
		return s.add(tokens)
	}
	if tokens.Access != nil {
		s.issueAccess(tokens.Access)
	}
	return nil
}

// publish makes a new grant known, with its code, if it has one, and tokens. If its client is deleted meanwhile, the grant
// is gone before anything hangs on it.
func (s *Store) publish(g *grant, c *code, tokens store.Tokens) {
	s.grants.put(store.HashOf(g.id), g.expires, g)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.gone.Load() {
		return
	}
	s.owners.add(g)
	if c != nil {
		g.codes = []*code{c}
		s.codes.put(c.hash, never, c)
	}
	s.hang(g, tokens)
}

// issueAccess stores an access token by itself. If it names a grant that is gone, it is as gone as the grant.
func (s *Store) issueAccess(token *store.AccessToken) {
	var g *grant
	if token.GrantID != "" {
		var ok bool
		if g, _, ok = s.grants.get(store.HashOf(token.GrantID)); !ok {
			g = s.noGrant
		}
	}
	s.putAccess(g, token)
}

// add stores tokens of a grant that is in force.
func (s *Store) add(tokens store.Tokens) error {
	g, _, ok := s.grants.get(store.HashOf(tokens.Refresh.GrantID))
	if !ok {
		return store.ErrNotFound
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.inForce() {
		return store.ErrNotFound
	}
	s.hang(g, tokens)
	g.extend(tokens)
	return nil
}

// hang stores tokens of a grant; the caller holds the grant's lock.
func (s *Store) hang(g *grant, tokens store.Tokens) {
	if tokens.Access != nil {
		s.putAccess(g, tokens.Access)
	}
	if t := tokens.Refresh; t != nil {
		fresh := &refresh{
			hash: t.Hash, grant: g, profile: s.profiles.of(&t.Hash, t.ClientID, "", t.Scopes), generation: t.Generation,
			created: store.Millis(t.CreatedAt), expires: store.Millis(t.ExpiresAt), superseded: store.Millis(t.SupersededAt),
		}
		g.refreshes = append(g.refreshes, fresh)
		s.refreshes.put(fresh.hash, fresh.expires, fresh)
	}
}

func (s *Store) putAccess(g *grant, token *store.AccessToken) {
	subject := token.Subject
	switch {
	case g != nil && g.subject == subject:
		subject = g.subject
	case subject != "":
		subject = strings.Clone(subject)
	}
	s.access.put(token.Hash, store.Millis(token.ExpiresAt), access{
		profile: s.profiles.of(&token.Hash, token.ClientID, token.GrantType, token.Scopes),
		grant:   g, subject: subject, issued: store.Millis(token.IssuedAt), revoked: store.Millis(token.RevokedAt),
	})
}

// FindCode implements store.Grants.
func (s *Store) FindCode(_ context.Context, hash store.Hash) (store.Code, store.Grant, error) {
	c, _, ok := s.codes.get(hash)
	if !ok {
		return store.Code{}, store.Grant{}, store.ErrNotFound
	}
	c.grant.mu.Lock()
	defer c.grant.mu.Unlock()
	if c.grant.gone.Load() {
		return store.Code{}, store.Grant{}, store.ErrNotFound
	}
	return store.Code{
		Hash: hash, GrantID: c.grant.id, ClientID: c.clientID, Request: c.request,
		ExpiresAt: store.Moment(c.expires), ConsumedAt: store.Moment(c.consumed),
	}, c.grant.record(), nil
}

// RedeemCode implements store.Grants.
func (s *Store) RedeemCode(_ context.Context, hash store.Hash, now time.Time, tokens store.Tokens) error {
	c, _, ok := s.codes.get(hash)
	if !ok {
		return store.ErrNotFound
	}
	return s.consume(consumption{grant: c.grant, used: &c.consumed, expires: c.expires, now: store.Millis(now), tokens: tokens})
}

// FindRefresh implements store.Grants.
func (s *Store) FindRefresh(_ context.Context, hash store.Hash) (store.RefreshToken, store.Grant, error) {
	r, _, ok := s.refreshes.get(hash)
	if !ok {
		return store.RefreshToken{}, store.Grant{}, store.ErrNotFound
	}
	r.grant.mu.Lock()
	defer r.grant.mu.Unlock()
	if r.grant.gone.Load() {
		return store.RefreshToken{}, store.Grant{}, store.ErrNotFound
	}
	return store.RefreshToken{
		Hash: hash, GrantID: r.grant.id, ClientID: r.profile.clientID, Scopes: r.profile.scopes, Generation: r.generation,
		CreatedAt: store.Moment(r.created), ExpiresAt: store.Moment(r.expires), SupersededAt: store.Moment(r.superseded),
		Successor: r.successor,
	}, r.grant.record(), nil
}

// RotateRefresh implements store.Grants.
func (s *Store) RotateRefresh(_ context.Context, rotation store.Rotation) error {
	r, _, ok := s.refreshes.get(rotation.Hash)
	if !ok {
		return store.ErrNotFound
	}
	return s.consume(consumption{
		grant: r.grant, used: &r.superseded, expires: r.expires, now: store.Millis(rotation.Now), tokens: rotation.Tokens,
		repeated: rotation.Repeated, note: func() { r.successor = slices.Clone(rotation.Successor) },
	})
}

// consumption is the one use of a code or refresh token.
type consumption struct {
	grant   *grant
	used    *int64
	expires int64
	now     int64
	tokens  store.Tokens
	// repeated, if given, says whether another use is no replay; note, if given, is called with the use.
	repeated func(used time.Time) bool
	note     func()
}

func (s *Store) consume(c consumption) error {
	c.grant.mu.Lock()
	defer c.grant.mu.Unlock()
	switch {
	case c.grant.gone.Load():
		return store.ErrNotFound
	case *c.used != 0 && c.repeated != nil && c.repeated(store.Moment(*c.used)):
		return store.ErrRepeated
	case *c.used != 0:
		c.grant.revoke(c.now)
		return store.ErrReplayed
	case c.expires <= c.now || !c.grant.inForce():
		return store.ErrNotFound
	}
	*c.used = c.now
	if c.note != nil {
		c.note()
	}
	s.hang(c.grant, c.tokens)
	c.grant.extend(c.tokens)
	return nil
}

// FindAccess implements store.Grants.
func (s *Store) FindAccess(_ context.Context, hash store.Hash) (store.AccessToken, error) {
	a, expires, ok := s.access.get(hash)
	if !ok {
		return store.AccessToken{}, store.ErrNotFound
	}
	token := store.AccessToken{
		Hash: hash, GrantType: a.profile.grantType, ClientID: a.profile.clientID, Subject: a.subject, Scopes: a.profile.scopes,
		IssuedAt: store.Moment(a.issued), ExpiresAt: store.Moment(expires),
	}
	if a.grant != nil {
		if a.grant.gone.Load() {
			return store.AccessToken{}, store.ErrNotFound
		}
		token.GrantID = a.grant.id
		if a.revoked == 0 {
			a.revoked = a.grant.revoked.Load()
		}
	}
	token.RevokedAt = store.Moment(a.revoked)
	return token, nil
}

// RevokeAccess implements store.Grants.
func (s *Store) RevokeAccess(_ context.Context, hash store.Hash, now time.Time) error {
	known := s.access.change(hash, func(a *access) {
		if a.revoked == 0 {
			a.revoked = store.Millis(now)
		}
	})
	if !known {
		return store.ErrNotFound
	}
	return nil
}

// RevokeGrant implements store.Grants.
func (s *Store) RevokeGrant(_ context.Context, grantID string, now time.Time) error {
	g, _, ok := s.grants.get(store.HashOf(grantID))
	if !ok {
		return store.ErrNotFound
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.revoke(store.Millis(now))
	return nil
}

// RevokeGrants implements store.Grants.
func (s *Store) RevokeGrants(_ context.Context, clientID int64, subject string, now time.Time) (int64, error) {
	if clientID == 0 && subject == "" {
		return 0, errors.New("revoking grants: neither client nor subject given")
	}
	var count int64
	for _, g := range s.owners.of(clientID, subject) {
		g.mu.Lock()
		if !g.gone.Load() && g.revoke(store.Millis(now)) {
			count++
		}
		g.mu.Unlock()
	}
	return count, nil
}

// FindGrant implements store.Grants.
func (s *Store) FindGrant(_ context.Context, grantID string) (store.Grant, error) {
	g, _, ok := s.grants.get(store.HashOf(grantID))
	if !ok {
		return store.Grant{}, store.ErrNotFound
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.record(), nil
}

// forget removes the codes and refresh tokens of a grant that is gone, and says how many they were.
func (s *Store) forget(g *grant) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	s.owners.remove(g)
	for _, c := range g.codes {
		s.codes.remove(c.hash)
	}
	for _, r := range g.refreshes {
		s.refreshes.remove(r.hash)
	}
	return int64(len(g.codes) + len(g.refreshes))
}
