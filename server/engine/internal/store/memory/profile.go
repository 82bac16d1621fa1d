package memory

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// maxProfiles bounds the profiles that a shard knows. Beyond them it starts anew: what records hold stays theirs.
const maxProfiles = 1024

// profile is what many records have in common, so that it is kept once.
type profile struct {
	clientID  int64
	grantType string
	scopes    []string
}

// profiles finds the profile of a record.
type profiles struct {
	seed   maphash.Seed
	shards [shards]struct {
		mu    sync.Mutex
		known map[uint64]*profile
	}
}

func newProfiles() *profiles {
	p := &profiles{seed: maphash.MakeSeed()}
	for i := range p.shards {
		p.shards[i].known = map[uint64]*profile{}
	}
	return p
}

// of returns the profile with these values. The record's hash chooses the shard, so that the records of one busy client
// do not meet at one lock.
func (p *profiles) of(hash *store.Hash, clientID int64, grantType string, scopes []string) *profile {
	sum := p.sum(clientID, grantType, scopes)
	s := &p.shards[hash[1]%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.known[sum]
	if known != nil && known.clientID == clientID && known.grantType == grantType && slices.Equal(known.scopes, scopes) {
		return known
	}
	if len(s.known) >= maxProfiles {
		clear(s.known)
	}
	fresh := &profile{clientID: clientID, grantType: strings.Clone(grantType), scopes: cloned(scopes)}
	s.known[sum] = fresh
	return fresh
}

func (p *profiles) sum(clientID int64, grantType string, scopes []string) uint64 {
	sum := uint64(clientID) ^ maphash.String(p.seed, grantType)
	for _, scope := range scopes {
		sum = sum*31 + maphash.String(p.seed, scope)
	}
	return sum
}

// cloned copies the strings into one piece of memory, so that no request stays alive for a few bytes of it.
func cloned(texts []string) []string {
	if len(texts) == 0 {
		return nil
	}
	rest := strings.Join(texts, "")
	copies := make([]string, len(texts))
	for i, text := range texts {
		copies[i], rest = rest[:len(text)], rest[len(text):]
	}
	return copies
}
