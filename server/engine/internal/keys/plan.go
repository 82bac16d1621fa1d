package keys

import (
	"slices"
	"strings"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// ReloadInterval is how often Maintain must be called: a replica knows another
// one's new key after that long at most.
const ReloadInterval = 5 * time.Second

// retainSkew is kept on top of the lifetime of ID tokens for clocks that differ and verifiers that are lenient.
const retainSkew = 5 * time.Minute

// maxRequests bounds the memory of answered rotation requests.
const maxRequests = 16

// Policy says when keys change. Maintain reads it each time.
type Policy struct {
	// Rotation is the age at which the active key gives way; 0 means only on request.
	Rotation time.Duration
	// Publish is how long a new key is published before it signs; at least two ReloadIntervals are kept.
	Publish time.Duration
	// Request is an opaque value; a value not seen before rotates the keys once. Empty requests nothing.
	Request string
	// Retain is the lifetime of ID tokens: a retiring key is published that long, and a little longer.
	Retain time.Duration
}

func (p Policy) lead() time.Duration { return max(p.Publish, leastLead) }

// leastLead is what every replica needs to know a key before one of them signs with it.
const leastLead = 2 * ReloadInterval

// Immediately begins a request for new keys that must not wait: the old ones are in the wrong hands. The new key signs as
// soon as every replica knows it, and the old ones leave the JWK Set then. Tokens that they signed do not verify any more,
// and relying parties that keep the set refuse new tokens until they read it again.
const Immediately = "Immediately"

// verb is what a step does.
type verb int

const (
	stepCreate verb = iota
	stepActivate
	stepDelete
)

// step is one change of the stored keys.
type step struct {
	verb verb
	alg  authlete.JWSAlg
	kid  string
	// history goes into a created key.
	history history
}

// history is what a key remembers of rotation requests.
type history struct {
	// Count is how many requests were answered as of the key.
	Count int `json:"count,omitempty"`
	// Requests are the last of them, oldest first.
	Requests []string `json:"requests,omitempty"`
}

// held is a stored key with its history.
type held struct {
	store.Key
	history history
}

// plan returns the changes that are due, for keys listed oldest first. It is a
// pure function: every replica that sees the same keys plans the same.
func plan(keys []held, policy Policy, now time.Time) []step {
	var steps []step
	for _, alg := range Algorithms() {
		own := slices.DeleteFunc(slices.Clone(keys), func(k held) bool { return k.Alg != string(alg) })
		steps = append(steps, planRotation(own, policy, now)...)
		steps = append(steps, planDeletion(own, policy, now)...)
	}
	return steps
}

// planRotation plans the creation of the next key of one algorithm and its activation.
func planRotation(keys []held, policy Policy, now time.Time) []step {
	i := slices.IndexFunc(keys, func(k held) bool { return k.State == store.KeyActive })
	if i < 0 {
		return nil // ensure makes the first key, active at once
	}
	active := &keys[i]
	if next := nextDue(keys, active, policy, now); next != nil {
		return []step{{verb: stepActivate, alg: authlete.JWSAlg(active.Alg), kid: next.KID}}
	}
	known := merged(keys)
	requested := policy.Request != "" && !slices.Contains(known.Requests, policy.Request)
	pending := slices.ContainsFunc(keys, func(k held) bool { return k.State == store.KeyPending })
	aging := policy.Rotation > 0 && !pending && !now.Before(active.ActivatedAt.Add(policy.Rotation-policy.lead()))
	if !requested && !aging {
		return nil
	}
	if requested {
		known = known.with(policy.Request)
	}
	steps := []step{{verb: stepCreate, alg: authlete.JWSAlg(active.Alg), history: known}}
	// The new key takes the place of those that wait: one pending key per algorithm, however often rotation is requested.
	for k := range keys {
		if keys[k].State == store.KeyPending {
			steps = append(steps, step{verb: stepDelete, alg: authlete.JWSAlg(keys[k].Alg), kid: keys[k].KID})
		}
	}
	return steps
}

// nextDue returns the pending key that must become active now: the newest that
// answers a request, or the oldest once the active key is of age.
func nextDue(keys []held, active *held, policy Policy, now time.Time) *held {
	ofAge := policy.Rotation > 0 && !now.Before(active.ActivatedAt.Add(policy.Rotation))
	var due *held
	for i := range keys {
		key := &keys[i]
		lead := policy.lead()
		if key.history.urgentAfter(active.history) {
			lead = leastLead
		}
		if key.State != store.KeyPending || now.Before(key.CreatedAt.Add(lead)) {
			continue
		}
		switch {
		case key.history.Count > active.history.Count:
			due = key
		case ofAge && due == nil:
			due = key
		}
	}
	return due
}

// planDeletion plans the end of retiring keys that nobody needs any more, and of
// pending keys that were made before a request that the active key answers: who
// asks for new keys may distrust all that existed.
func planDeletion(keys []held, policy Policy, now time.Time) []step {
	i := slices.IndexFunc(keys, func(k held) bool { return k.State == store.KeyActive })
	var steps []step
	for k := range keys {
		key := &keys[k]
		expired := key.State == store.KeyRetiring && !now.Before(key.RetiredAt.Add(policy.Retain+retainSkew))
		distrusted := key.State == store.KeyRetiring && i >= 0 && keys[i].history.urgentAfter(key.history)
		stale := key.State == store.KeyPending && i >= 0 && keys[i].history.Count > key.history.Count
		if expired || distrusted || stale {
			steps = append(steps, step{verb: stepDelete, alg: authlete.JWSAlg(key.Alg), kid: key.KID})
		}
	}
	return steps
}

// merged returns what the keys of one algorithm remember together.
func merged(keys []held) history {
	var all history
	for i := range keys {
		all.Count = max(all.Count, keys[i].history.Count)
		for _, request := range keys[i].history.Requests {
			if !slices.Contains(all.Requests, request) {
				all.Requests = append(all.Requests, request)
			}
		}
	}
	all.Requests = all.Requests[max(0, len(all.Requests)-maxRequests):]
	return all
}

// urgentAfter says whether the history answers a request that must not wait and that the earlier one does not.
func (h history) urgentAfter(earlier history) bool {
	return h.Count > earlier.Count && slices.ContainsFunc(h.Requests, func(request string) bool {
		return strings.HasPrefix(request, Immediately) && !slices.Contains(earlier.Requests, request)
	})
}

// with returns the history after one more request.
func (h history) with(request string) history {
	requests := append(slices.Clone(h.Requests), request)
	return history{Count: h.Count + 1, Requests: requests[max(0, len(requests)-maxRequests):]}
}
