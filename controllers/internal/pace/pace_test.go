package pace_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/authserver-dev/operator/controllers/internal/pace"
)

const interval = time.Second / pace.Rate

// hand is a clock that tests turn.
type hand struct{ now time.Time }

func (h *hand) read() time.Time          { return h.now }
func (h *hand) forward(by time.Duration) { h.now = h.now.Add(by) }

func newPacer() (*pace.Pacer, *hand) {
	clock := &hand{now: time.Unix(1_700_000_000, 0)}
	return pace.New(clock.read), clock
}

// ask lets n objects of a server, named from the number on, ask once and returns the waits.
func ask(p *pace.Pacer, server types.UID, from, n int) []time.Duration {
	waits := make([]time.Duration, n)
	for i := range waits {
		waits[i] = p.Admit(server, types.UID(fmt.Sprint(from+i)))
	}
	return waits
}

// steady are n waits at the steady rate.
func steady(first time.Duration, n int) []time.Duration {
	waits := make([]time.Duration, n)
	for i := range waits {
		waits[i] = first + time.Duration(i)*interval
	}
	return waits
}

func expect(t *testing.T, what string, got, want []time.Duration) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestTurnsComeInOrderAtASteadyRate(t *testing.T) {
	t.Parallel()
	p, clock := newPacer()
	expect(t, "the burst", ask(p, "a", 0, pace.Burst), make([]time.Duration, pace.Burst))
	expect(t, "the queue", ask(p, "a", 100, 20), steady(interval, 20))
	expect(t, "the queue, asked again", ask(p, "a", 100, 20), steady(interval, 20))
	clock.forward(3 * interval)
	expect(t, "the queue, later", ask(p, "a", 100, 5), []time.Duration{0, 0, 0, interval, 2 * interval})
	expect(t, "somebody new", ask(p, "a", 200, 1), []time.Duration{18 * interval})
	expect(t, "one that has had its turn", ask(p, "a", 100, 1), []time.Duration{19 * interval})
}

func TestServersDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	p, _ := newPacer()
	ask(p, "a", 0, 1000)
	p.Hold("a", time.Minute)
	expect(t, "the other server", ask(p, "b", 0, pace.Burst+1), append(make([]time.Duration, pace.Burst), interval))
}

func TestTheBurstComesBack(t *testing.T) {
	t.Parallel()
	p, clock := newPacer()
	ask(p, "a", 0, pace.Burst)
	clock.forward(2 * interval)
	expect(t, "after two intervals", ask(p, "a", 0, 3), []time.Duration{0, 0, interval})
	clock.forward(time.Hour)
	expect(t, "after an hour", ask(p, "a", 100, pace.Burst+1), append(make([]time.Duration, pace.Burst), interval))
}

// TestTheRateHolds: whoever comes when told gets through, and no second sees more turns than allowed.
func TestTheRateHolds(t *testing.T) {
	t.Parallel()
	p, clock := newPacer()
	const objects = 500
	next := make(map[types.UID]time.Time, objects)
	for i := range objects {
		next[types.UID(fmt.Sprint(i))] = clock.now
	}
	started, turns := clock.now, 0
	for len(next) > 0 {
		for object, at := range next {
			if at.After(clock.now) {
				continue
			}
			if wait := p.Admit("a", object); wait > 0 {
				next[object] = clock.now.Add(wait)
				continue
			}
			delete(next, object)
			turns++
		}
		if allowed := pace.Burst + int(clock.now.Sub(started)/interval); turns > allowed {
			t.Fatalf("%d turns after %s, %d are allowed", turns, clock.now.Sub(started), allowed)
		}
		clock.forward(10 * time.Millisecond)
	}
	if took, most := clock.now.Sub(started), (objects-pace.Burst+1)*interval; took > most {
		t.Errorf("%d objects took %s, want at most %s", objects, took, most)
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		// before is how many ask first, without a burst left.
		before int
		holds  []time.Duration
		want   []time.Duration
	}{
		"nobody waits":        {0, []time.Duration{time.Minute}, steady(time.Minute, 3)},
		"some wait":           {2, []time.Duration{time.Minute}, steady(time.Minute+2*interval, 3)},
		"is not shortened":    {2, []time.Duration{time.Minute, time.Second}, steady(time.Minute+2*interval, 3)},
		"is extended":         {2, []time.Duration{time.Second, time.Minute}, steady(time.Minute+2*interval, 3)},
		"the longest wait":    {20, []time.Duration{interval}, steady(21*interval, 3)},
		"no time given":       {0, []time.Duration{0}, steady(pace.DefaultHold, 3)},
		"a nonsense time":     {0, []time.Duration{-time.Hour}, steady(pace.DefaultHold, 3)},
		"a time without end":  {0, []time.Duration{1 << 62}, steady(pace.MaxHold, 3)},
		"an unknown server's": {0, []time.Duration{time.Second}, steady(time.Second, 3)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := newPacer()
			if name != "an unknown server's" {
				ask(p, "a", 0, pace.Burst)
			}
			ask(p, "a", 100, tt.before)
			for _, d := range tt.holds {
				p.Hold("a", d)
			}
			if tt.before > 0 {
				expect(t, "those who waited", ask(p, "a", 100, tt.before), steady(tt.want[0]-time.Duration(tt.before)*interval, tt.before))
			}
			expect(t, "others", ask(p, "a", 200, 3), tt.want)
		})
	}
}

func TestNobodyIsWaitedForForever(t *testing.T) {
	t.Parallel()
	p, clock := newPacer()
	ask(p, "a", 0, pace.Burst+1)
	clock.forward(31*time.Second + interval)
	// The turn of the one that did not come is gone: it is like anybody else, and takes of the burst.
	expect(t, "after a while", ask(p, "a", pace.Burst, 1), []time.Duration{0})
	expect(t, "the rest of the burst", ask(p, "a", 100, pace.Burst), append(make([]time.Duration, pace.Burst-1), interval))
}

func TestForget(t *testing.T) {
	t.Parallel()
	p, _ := newPacer()
	ask(p, "a", 0, 100)
	p.Hold("a", time.Minute)
	p.Forget("a")
	p.Forget("never heard of")
	expect(t, "a new server", ask(p, "a", 50, 1), []time.Duration{0})
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	p := pace.New(time.Now)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 200 {
				server := types.UID(fmt.Sprint(j % 3))
				p.Admit(server, types.UID(fmt.Sprint(i, j)))
				if j%50 == 0 {
					p.Hold(server, time.Millisecond)
					p.Forget(server)
				}
			}
		})
	}
	group.Wait()
}
