package memory

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// grant is a grant with what hangs on it.
type grant struct {
	id       string
	clientID int64
	subject  string
	scopes   []string
	details  []byte
	created  int64
	// revoked and gone change under mu and are read without it where an access token is looked up.
	revoked atomic.Int64
	gone    atomic.Bool // swept, or deleted with its client

	mu        sync.Mutex
	expires   int64
	codes     []*code
	refreshes []*refresh
}

// code is an authorization code; its grant's lock guards consumed.
type code struct {
	hash     store.Hash
	grant    *grant
	clientID int64
	request  []byte
	expires  int64
	consumed int64
}

// refresh is a refresh token; its grant's lock guards superseded and successor.
type refresh struct {
	hash       store.Hash
	grant      *grant
	profile    *profile
	generation int64
	created    int64
	expires    int64
	superseded int64
	successor  []byte
}

// access is an access token. Most share their profile and, where they have one, their grant with others.
type access struct {
	profile *profile
	grant   *grant // nil for client credentials
	subject string
	issued  int64
	revoked int64
}

func (s *Store) newGrant(g *store.Grant) *grant {
	hash := store.HashOf(g.ID)
	fresh := &grant{
		id: strings.Clone(g.ID), clientID: g.ClientID, subject: strings.Clone(g.Subject),
		scopes: s.profiles.of(&hash, g.ClientID, "", g.Scopes).scopes, details: slices.Clone(g.Details),
		created: store.Millis(g.CreatedAt), expires: store.Millis(g.ExpiresAt),
	}
	fresh.revoked.Store(store.Millis(g.RevokedAt))
	return fresh
}

// record returns the grant as the contract has it; the caller holds mu.
func (g *grant) record() store.Grant {
	return store.Grant{
		ID: g.id, ClientID: g.clientID, Subject: g.subject, Scopes: g.scopes, Details: g.details,
		CreatedAt: store.Moment(g.created), ExpiresAt: store.Moment(g.expires), RevokedAt: store.Moment(g.revoked.Load()),
	}
}

// inForce says whether the grant still serves; the caller holds mu.
func (g *grant) inForce() bool { return !g.gone.Load() && g.revoked.Load() == 0 }

// revoke revokes the grant, unless that was done before; the caller holds mu.
func (g *grant) revoke(now int64) bool { return g.revoked.CompareAndSwap(0, now) }

// extend raises the grant's end to that of the tokens; the caller holds mu.
func (g *grant) extend(tokens store.Tokens) {
	if tokens.Access != nil {
		g.expires = max(g.expires, store.Millis(tokens.Access.ExpiresAt))
	}
	if tokens.Refresh != nil {
		g.expires = max(g.expires, store.Millis(tokens.Refresh.ExpiresAt))
	}
}

// drop forgets a refresh token that was swept.
func (g *grant) drop(r *refresh) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.refreshes, r); i >= 0 {
		g.refreshes = slices.Delete(g.refreshes, i, i+1)
	}
}

// owners finds grants by client and by subject.
type owners struct {
	mu       sync.Mutex
	clients  map[int64]grantSet
	subjects map[string]grantSet
}

type grantSet map[*grant]struct{}

func newOwners() *owners {
	return &owners{clients: map[int64]grantSet{}, subjects: map[string]grantSet{}}
}

func (o *owners) add(g *grant) {
	o.mu.Lock()
	defer o.mu.Unlock()
	enter(o.clients, g.clientID, g)
	enter(o.subjects, g.subject, g)
}

func (o *owners) remove(g *grant) {
	o.mu.Lock()
	defer o.mu.Unlock()
	leave(o.clients, g.clientID, g)
	leave(o.subjects, g.subject, g)
}

func enter[K comparable](sets map[K]grantSet, key K, g *grant) {
	if sets[key] == nil {
		sets[key] = grantSet{}
	}
	sets[key][g] = struct{}{}
}

func leave[K comparable](sets map[K]grantSet, key K, g *grant) {
	delete(sets[key], g)
	if len(sets[key]) == 0 {
		delete(sets, key)
	}
}

// of returns the grants of a client (0 means any) and subject (empty means any); one of both is given.
func (o *owners) of(clientID int64, subject string) []*grant {
	o.mu.Lock()
	defer o.mu.Unlock()
	set := o.subjects[subject]
	if subject == "" {
		set = o.clients[clientID]
	}
	var found []*grant
	for g := range set {
		if clientID == 0 || g.clientID == clientID {
			found = append(found, g)
		}
	}
	return found
}
