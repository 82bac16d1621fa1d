package memory

import (
	"encoding/binary"
	"math"
	"sync"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

const (
	// shards is the number of parts of a table, a power of two: enough that cores seldom meet, few enough that an
	// empty table is small.
	shards = 32
	// chunkSize is how many records a shard allocates at once. A full chunk is never copied.
	chunkSize = 128
	// never is the expiry of records that are removed with something else.
	never = math.MaxInt64
)

// slot is the place of a record in its shard, counted from 1; 0 is none.
type slot uint32

// table maps hashes to values that expire.
type table[V any] struct {
	shards [shards]shard[V]
}

type shard[V any] struct {
	mu sync.RWMutex
	// index leads from eight bytes of the hash to the first record that has them. Neither it nor its entries hold
	// pointers, so that the garbage collector passes over them.
	index  map[uint64]slot
	chunks []*[chunkSize]record[V]
	used   slot
	free   slot
	// buckets leads from expiry time / bucketSpan to the records that expire then.
	buckets map[int64]*bucket
}

// record is 48 bytes larger than its value.
type record[V any] struct {
	hash    store.Hash
	value   V
	expires int64 // milliseconds since the epoch
	same    slot  // the next record with the same eight bytes; the next free slot where this one is free
	state   state
}

type state uint8

const (
	unused state = iota
	live
	// dead records are out of the index. The slot becomes free when its bucket is due.
	dead
)

func newTable[V any]() *table[V] {
	t := &table[V]{}
	for i := range t.shards {
		t.shards[i].index, t.shards[i].buckets = map[uint64]slot{}, map[int64]*bucket{}
	}
	return t
}

// shard returns the shard of a hash. Hashes are SHA-256 of random values, so that any bits will do.
func (t *table[V]) shard(hash *store.Hash) *shard[V] { return &t.shards[hash[0]%shards] }

func keyOf(hash *store.Hash) uint64 { return binary.LittleEndian.Uint64(hash[8:]) }

// put stores a value, in place of what has the hash.
func (t *table[V]) put(hash store.Hash, expires int64, value V) {
	s := t.shard(&hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if place := s.find(&hash); place != 0 {
		s.kill(place)
	}
	s.insert(hash, expires, value)
}

// add stores a value unless the hash is taken.
func (t *table[V]) add(hash store.Hash, expires int64, value V) bool {
	s := t.shard(&hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.find(&hash) != 0 {
		return false
	}
	s.insert(hash, expires, value)
	return true
}

// get returns a value with its expiry.
func (t *table[V]) get(hash store.Hash) (value V, expires int64, ok bool) {
	s := t.shard(&hash)
	s.mu.RLock()
	defer s.mu.RUnlock()
	place := s.find(&hash)
	if place == 0 {
		return value, 0, false
	}
	r := s.at(place)
	return r.value, r.expires, true
}

// change lets fn change a value under the shard's lock.
func (t *table[V]) change(hash store.Hash, fn func(*V)) bool {
	s := t.shard(&hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	place := s.find(&hash)
	if place == 0 {
		return false
	}
	fn(&s.at(place).value)
	return true
}

// remove removes a value, if it is there.
func (t *table[V]) remove(hash store.Hash) {
	s := t.shard(&hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if place := s.find(&hash); place != 0 {
		s.kill(place)
	}
}

// removeAll removes the values that match. It looks at every record, one chunk for each hold of a lock.
func (t *table[V]) removeAll(matches func(*V) bool) {
	for i := range t.shards {
		for chunk, more := 0, true; more; chunk++ {
			more = t.shards[i].removeFrom(chunk, matches)
		}
	}
}

// removeFrom removes the values of one chunk that match, and says whether there is such a chunk.
func (s *shard[V]) removeFrom(chunk int, matches func(*V) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if chunk >= len(s.chunks) {
		return false
	}
	for i := range s.chunks[chunk] {
		if r := &s.chunks[chunk][i]; r.state == live && matches(&r.value) {
			s.kill(slot(chunk*chunkSize + i + 1))
		}
	}
	return true
}

func (s *shard[V]) at(place slot) *record[V] {
	return &s.chunks[(place-1)/chunkSize][(place-1)%chunkSize]
}

// find returns the slot of a hash, or 0.
func (s *shard[V]) find(hash *store.Hash) slot {
	place := s.index[keyOf(hash)]
	for place != 0 {
		r := s.at(place)
		if r.hash == *hash {
			break
		}
		place = r.same
	}
	return place
}

// insert stores a value whose hash is not taken.
func (s *shard[V]) insert(hash store.Hash, expires int64, value V) {
	key, place := keyOf(&hash), s.allocate()
	*s.at(place) = record[V]{hash: hash, value: value, expires: expires, same: s.index[key], state: live}
	s.index[key] = place
	if expires != never {
		s.enter(place, expires)
	}
}

// allocate returns a slot to write to.
func (s *shard[V]) allocate() slot {
	if place := s.free; place != 0 {
		s.free = s.at(place).same
		return place
	}
	if int(s.used) == len(s.chunks)*chunkSize {
		s.chunks = append(s.chunks, new([chunkSize]record[V]))
	}
	s.used++
	return s.used
}

// release puts a slot on the free list.
func (s *shard[V]) release(place slot) {
	*s.at(place) = record[V]{same: s.free}
	s.free = place
}

// kill takes a record out of the index and lets go of its value.
func (s *shard[V]) kill(place slot) {
	r := s.at(place)
	key := keyOf(&r.hash)
	switch first := s.index[key]; {
	case first != place:
		before := s.at(first)
		for before.same != place {
			before = s.at(before.same)
		}
		before.same = r.same
	case r.same != 0:
		s.index[key] = r.same
	default:
		delete(s.index, key)
	}
	if r.expires == never {
		s.release(place)
		return
	}
	var none V
	r.state, r.value = dead, none
}
