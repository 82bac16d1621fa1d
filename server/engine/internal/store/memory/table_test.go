package memory

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// TestTableAgainstMap runs random operations on a table and on a plain map. The hashes meet in one shard and mostly have
// the same eight bytes, as real ones never do.
func TestTableAgainstMap(t *testing.T) {
	for seed := range uint64(50) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			table, want := newTable[int](), map[store.Hash]entry{}
			for step := range 3000 {
				hash := store.Hash{1: byte(random.IntN(20)), 8: byte(random.IntN(2))}
				now := int64(step) * 50
				switch random.IntN(5) {
				case 0:
					put(table, want, hash, entry{now + random.Int64N(100_000), step})
				case 1:
					put(table, want, hash, entry{never, step})
				case 2:
					_, taken := want[hash]
					if table.add(hash, now+100, step) == taken {
						t.Fatalf("step %d: add disagrees", step)
					}
					if !taken {
						want[hash] = entry{now + 100, step}
					}
				case 3:
					table.remove(hash)
					delete(want, hash)
				case 4:
					sweepBoth(t, table, want, now)
				}
				compare(t, table, want, hash)
			}
		})
	}
}

type entry struct {
	expires int64
	value   int
}

func put(table *table[int], want map[store.Hash]entry, hash store.Hash, e entry) {
	table.put(hash, e.expires, e.value)
	want[hash] = e
}

func sweepBoth(t *testing.T, table *table[int], want map[store.Hash]entry, now int64) {
	t.Helper()
	removed := map[int]bool{}
	for _, value := range table.sweep(now, 1000, nil) {
		removed[value] = true
	}
	for hash, e := range want {
		if e.expires > now {
			continue
		}
		if !removed[e.value] {
			t.Fatalf("sweep at %d left %v", now, e)
		}
		delete(want, hash)
		delete(removed, e.value)
	}
	if len(removed) != 0 {
		t.Fatalf("sweep at %d removed %v too", now, removed)
	}
}

func compare(t *testing.T, table *table[int], want map[store.Hash]entry, hash store.Hash) {
	t.Helper()
	have, known := want[hash]
	value, expires, ok := table.get(hash)
	if ok != known || (entry{expires, value}) != have {
		t.Fatalf("get = %d, %d, %v; want %v, %v", value, expires, ok, have, known)
	}
}

func TestSweepGoesBeyondWhatIsNotDue(t *testing.T) {
	table := newTable[int]()
	const records = 3 * sweepHold
	for i := range records { // all in one bucket of one shard; only the first one is due
		hash := store.Hash{8: byte(i), 9: byte(i >> 8)}
		table.put(hash, 1+int64(min(i, 1)), i)
	}
	if removed := table.sweep(1, 10, nil); len(removed) != 1 || removed[0] != 0 {
		t.Errorf("sweep removed %v, want the first record", removed)
	}
	if removed := table.sweep(2, 10*records, nil); len(removed) != records-1 {
		t.Errorf("sweep removed %d records, want %d", len(removed), records-1)
	}
}

func TestRemoveAll(t *testing.T) {
	table := newTable[int]()
	const records = 5 * chunkSize
	for i := range records {
		table.put(store.HashOf(fmt.Sprint(i)), 100, i)
	}
	table.removeAll(func(v *int) bool { return *v%2 == 0 })
	for i := range records {
		if _, _, ok := table.get(store.HashOf(fmt.Sprint(i))); ok == (i%2 == 0) {
			t.Errorf("record %d: found = %v", i, ok)
		}
	}
}

func TestProfilesAreShared(t *testing.T) {
	p := newProfiles()
	var hash store.Hash
	first := p.of(&hash, 1, "a", []string{"x", "y"})
	if second := p.of(&hash, 1, "a", []string{"x", "y"}); second != first {
		t.Error("equal profiles are kept twice")
	}
	for name, other := range map[string]*profile{
		"client":     p.of(&hash, 2, "a", []string{"x", "y"}),
		"grant type": p.of(&hash, 1, "b", []string{"x", "y"}),
		"scopes":     p.of(&hash, 1, "a", []string{"x"}),
		"order":      p.of(&hash, 1, "a", []string{"y", "x"}),
		"cut":        p.of(&hash, 1, "a", []string{"xy"}),
	} {
		if other == first {
			t.Errorf("another %s has the same profile", name)
		}
	}
	for i := range int64(10 * maxProfiles) {
		p.of(&hash, i, "", nil)
	}
	if known := len(p.shards[0].known); known > maxProfiles {
		t.Errorf("%d profiles are known, at most %d should be", known, maxProfiles)
	}
}

func TestSlotsAreUsedAgain(t *testing.T) {
	table := newTable[int]()
	const records = 10 * shards
	for round := range int64(100) {
		for i := range records {
			hash := store.HashOf(fmt.Sprint(round, i))
			table.put(hash, round+1, i)
			if i%3 == 0 {
				table.remove(hash)
			}
			forever := store.HashOf(fmt.Sprint("forever", i))
			table.put(forever, never, i)
			table.remove(forever)
		}
		table.sweep(round+1, records, nil)
	}
	var used, buckets int
	for i := range table.shards {
		used += int(table.shards[i].used)
		buckets += len(table.shards[i].buckets)
	}
	if used > 2*records || buckets != 0 {
		t.Errorf("%d slots and %d buckets are left of %d records at a time", used, buckets, records)
	}
}
