package memory

import (
	"context"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// IssueCode implements store.Grants.
func (s *Store) IssueCode(_ context.Context, grant store.Grant, code store.Code, tokens store.Tokens) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grants[grant.ID] = grant
	s.codes[code.Hash] = code
	s.put(tokens)
	return nil
}

// IssueTokens implements store.Grants.
func (s *Store) IssueTokens(_ context.Context, grant *store.Grant, tokens store.Tokens) error {
	if grant == nil && tokens.Refresh == nil {
		s.putAccess(tokens.Access)
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if grant != nil {
		s.grants[grant.ID] = *grant
	}
	s.put(tokens)
	return nil
}

// put stores tokens; the caller holds the lock.
func (s *Store) put(tokens store.Tokens) {
	s.putAccess(tokens.Access)
	if tokens.Refresh != nil {
		s.refresh[tokens.Refresh.Hash] = *tokens.Refresh
	}
}

func (s *Store) putAccess(token *store.AccessToken) {
	if token == nil {
		return
	}
	shard := &s.access[token.Hash[0]%shards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	shard.tokens[token.Hash] = *token
}

// FindCode implements store.Grants.
func (s *Store) FindCode(_ context.Context, hash store.Hash) (store.Code, store.Grant, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	code, ok := s.codes[hash]
	if !ok {
		return store.Code{}, store.Grant{}, store.ErrNotFound
	}
	return code, s.grants[code.GrantID], nil
}

// RedeemCode implements store.Grants.
func (s *Store) RedeemCode(_ context.Context, hash store.Hash, now time.Time, tokens store.Tokens) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	code, ok := s.codes[hash]
	if !ok {
		return store.ErrNotFound
	}
	if !code.ConsumedAt.IsZero() {
		s.revoke(code.GrantID, now)
		return store.ErrReplayed
	}
	if !code.ExpiresAt.After(now) || !s.inForce(code.GrantID) {
		return store.ErrNotFound
	}
	code.ConsumedAt = now
	s.codes[hash] = code
	s.put(tokens)
	s.extend(code.GrantID, tokens)
	return nil
}

// FindRefresh implements store.Grants.
func (s *Store) FindRefresh(_ context.Context, hash store.Hash) (store.RefreshToken, store.Grant, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	token, ok := s.refresh[hash]
	if !ok {
		return store.RefreshToken{}, store.Grant{}, store.ErrNotFound
	}
	return token, s.grants[token.GrantID], nil
}

// RotateRefresh implements store.Grants.
func (s *Store) RotateRefresh(_ context.Context, hash store.Hash, now time.Time, tokens store.Tokens) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, ok := s.refresh[hash]
	if !ok {
		return store.ErrNotFound
	}
	if !token.SupersededAt.IsZero() {
		s.revoke(token.GrantID, now)
		return store.ErrReplayed
	}
	if !token.ExpiresAt.After(now) || !s.inForce(token.GrantID) {
		return store.ErrNotFound
	}
	token.SupersededAt = now
	s.refresh[hash] = token
	s.put(tokens)
	s.extend(token.GrantID, tokens)
	return nil
}

// FindAccess implements store.Grants.
func (s *Store) FindAccess(_ context.Context, hash store.Hash) (store.AccessToken, error) {
	shard := &s.access[hash[0]%shards]
	shard.mu.RLock()
	token, ok := shard.tokens[hash]
	shard.mu.RUnlock()
	if !ok {
		return store.AccessToken{}, store.ErrNotFound
	}
	if token.GrantID != "" && token.RevokedAt.IsZero() {
		s.mu.RLock()
		token.RevokedAt = s.grants[token.GrantID].RevokedAt
		s.mu.RUnlock()
	}
	return token, nil
}

// RevokeAccess implements store.Grants.
func (s *Store) RevokeAccess(_ context.Context, hash store.Hash, now time.Time) error {
	shard := &s.access[hash[0]%shards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	token, ok := shard.tokens[hash]
	if !ok {
		return store.ErrNotFound
	}
	if token.RevokedAt.IsZero() {
		token.RevokedAt = now
		shard.tokens[hash] = token
	}
	return nil
}

// RevokeGrant implements store.Grants.
func (s *Store) RevokeGrant(_ context.Context, grantID string, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.grants[grantID]; !ok {
		return store.ErrNotFound
	}
	s.revoke(grantID, now)
	return nil
}

// RevokeGrants implements store.Grants.
func (s *Store) RevokeGrants(_ context.Context, clientID int64, subject string, now time.Time) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var count int64
	for id, grant := range s.grants {
		matches := (clientID == 0 || grant.ClientID == clientID) && (subject == "" || grant.Subject == subject)
		if matches && grant.RevokedAt.IsZero() {
			s.revoke(id, now)
			count++
		}
	}
	return count, nil
}

// FindGrant implements store.Grants.
func (s *Store) FindGrant(_ context.Context, grantID string) (store.Grant, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	grant, ok := s.grants[grantID]
	if !ok {
		return store.Grant{}, store.ErrNotFound
	}
	return grant, nil
}

// revoke revokes a grant; the caller holds the lock.
func (s *Store) revoke(grantID string, now time.Time) {
	grant, ok := s.grants[grantID]
	if ok && grant.RevokedAt.IsZero() {
		grant.RevokedAt = now
		s.grants[grantID] = grant
	}
}

// inForce says whether the grant exists and is not revoked; the caller holds the lock.
func (s *Store) inForce(grantID string) bool {
	grant, ok := s.grants[grantID]
	return ok && grant.RevokedAt.IsZero()
}

// extend raises the grant's end to that of the tokens; the caller holds the lock.
func (s *Store) extend(grantID string, tokens store.Tokens) {
	grant := s.grants[grantID]
	if tokens.Access != nil && tokens.Access.ExpiresAt.After(grant.ExpiresAt) {
		grant.ExpiresAt = tokens.Access.ExpiresAt
	}
	if tokens.Refresh != nil && tokens.Refresh.ExpiresAt.After(grant.ExpiresAt) {
		grant.ExpiresAt = tokens.Refresh.ExpiresAt
	}
	s.grants[grantID] = grant
}
