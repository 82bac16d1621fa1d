package keys

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// key is a stored key, ready for use.
type key struct {
	store.Key
	material *material
}

// snapshot is one reading of the stored keys. It is never changed.
type snapshot struct {
	keys   []*key // oldest first
	active map[authlete.JWSAlg]*key
	jwks   []byte
}

// reload reads the stored keys. Keys known from before are not opened again.
func (r *Ring) reload(ctx context.Context) error {
	r.reloading.Lock()
	defer r.reloading.Unlock()
	records, err := r.deps.Store.ListKeys(ctx)
	if err != nil {
		return fmt.Errorf("listing signing keys: %w", err)
	}
	known := map[string]*material{}
	for _, k := range r.current.Load().keys {
		known[k.KID] = k.material
	}
	next := &snapshot{active: map[authlete.JWSAlg]*key{}}
	for i := range records {
		k := &key{Key: records[i], material: known[records[i].KID]}
		if k.material == nil {
			if k.material, err = open(r.deps.Sealer, &k.Key); err != nil {
				return err
			}
		}
		next.keys = append(next.keys, k)
		if k.State == store.KeyActive {
			next.active[authlete.JWSAlg(k.Alg)] = k
		}
	}
	next.jwks = jwkSet(next.keys, r.deps.Algorithms)
	r.current.Store(next)
	return nil
}

// jwkSet returns the JWK Set document. Active keys come first, and among them that of the first algorithm, which is the
// default: there are clients that take the first key, and clients that stop at the first that they do not understand.
func jwkSet(keys []*key, algorithms []authlete.JWSAlg) []byte {
	order := map[store.KeyState]int{store.KeyActive: 0, store.KeyPending: 1, store.KeyRetiring: 2}
	rank := func(k *key) int {
		if at := slices.Index(algorithms, authlete.JWSAlg(k.Alg)); at >= 0 {
			return at
		}
		return len(algorithms)
	}
	sorted := slices.Clone(keys)
	slices.SortStableFunc(sorted, func(a, b *key) int {
		return cmp.Or(cmp.Compare(order[a.State], order[b.State]), cmp.Compare(rank(a), rank(b)))
	})
	doc := []byte(`{"keys":[`)
	for i, k := range sorted {
		if i > 0 {
			doc = append(doc, ',')
		}
		doc = append(doc, k.Public...)
	}
	return append(doc, ']', '}')
}

// held lists the keys as plan wants them.
func (s *snapshot) held() []held {
	list := make([]held, 0, len(s.keys))
	for _, k := range s.keys {
		list = append(list, held{Key: k.Key, history: k.material.history})
	}
	return list
}
