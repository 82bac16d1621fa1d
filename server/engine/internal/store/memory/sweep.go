package memory

import (
	"math"
	"slices"
)

const (
	// bucketSpan is the milliseconds of expiry times that share a bucket. A bucket that is due in part is walked at
	// every sweep, so that a long span costs time and a short one memory.
	bucketSpan = 1 << 15
	// sweepHold bounds how many records one hold of a shard's lock looks at.
	sweepHold = 2048
)

// bucket holds the slots of records that expire at about the same time.
type bucket struct {
	slots []slot
}

// enter puts a record into the bucket of its expiry time.
func (s *shard[V]) enter(place slot, expires int64) {
	b := s.buckets[expires/bucketSpan]
	if b == nil {
		b = &bucket{}
		s.buckets[expires/bucketSpan] = b
	}
	b.slots = append(b.slots, place)
}

// sweep removes up to limit values that expire at or before now and returns them. Where ends is given, it says when a
// value really ends: a grant may live longer than it was to when it was stored.
func (t *table[V]) sweep(now int64, limit int, ends func(V) int64) []V {
	p := pass[V]{now: now, limit: limit, ends: ends}
	for i := range t.shards {
		s := &t.shards[i]
		for _, number := range s.due(now) {
			for before := math.MaxInt; before > 0 && len(p.removed) < limit; {
				before = s.sweepBucket(number, before, &p)
			}
		}
	}
	return p.removed
}

// due returns the numbers of the buckets that hold times at or before now.
func (s *shard[V]) due(now int64) []int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var due []int64
	for number := range s.buckets {
		if number <= now/bucketSpan {
			due = append(due, number)
		}
	}
	slices.Sort(due)
	return due
}

// pass is one sweep of a table.
type pass[V any] struct {
	now     int64
	limit   int
	ends    func(V) int64
	removed []V
}

// sweepBucket looks at up to sweepHold records of a bucket from position before downwards, and returns the position where
// to go on; 0 when it has seen all.
func (s *shard[V]) sweepBucket(number int64, before int, p *pass[V]) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[number]
	if b == nil { // another sweep was here
		return 0
	}
	i := min(before, len(b.slots))
	for end := max(0, i-sweepHold); i > end && len(p.removed) < p.limit; {
		i--
		if s.stays(number, b.slots[i], p) {
			continue
		}
		last := len(b.slots) - 1
		b.slots[i] = b.slots[last]
		b.slots = b.slots[:last]
	}
	if len(b.slots) == 0 {
		delete(s.buckets, number)
		return 0
	}
	return i
}

// stays says whether a record stays in its bucket; if not, it has been removed or has moved to another bucket.
func (s *shard[V]) stays(number int64, place slot, p *pass[V]) bool {
	r := s.at(place)
	if r.state == dead {
		s.release(place)
		return false
	}
	if r.expires <= p.now && p.ends != nil {
		r.expires = max(r.expires, p.ends(r.value))
	}
	if r.expires > p.now {
		moved := r.expires/bucketSpan != number
		if moved {
			s.enter(place, r.expires)
		}
		return !moved
	}
	p.removed = append(p.removed, r.value)
	s.kill(place)
	s.release(place)
	return false
}
