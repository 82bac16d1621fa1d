package pace

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// Rate is how many turns a second a server gives, once its burst is used up. A turn makes two calls in most cases,
	// and Authlete's shared plans allow some ten a second.
	Rate = 5
	// Burst is how many turns a server gives at once after a quiet time: a few changed objects need not queue.
	Burst = 10
	// DefaultHold is how long a server is left alone that refused a call and did not say for how long.
	DefaultHold = 5 * time.Second
	// MaxHold bounds what a backend can ask for: a wrong header must not stop the operator for a day.
	MaxHold = 5 * time.Minute

	interval = time.Second / Rate
	// tolerance is how much earlier than at the steady rate a turn may be.
	tolerance = (Burst - 1) * interval
	// lateness is how long a turn that has come is kept for its object. It need only be longer than a busy work queue
	// takes to come back; an object that is deleted while it waits is forgotten then.
	lateness = 30 * time.Second
)

// Pacer gives the objects of each server turns, in the order in which they ask and at a steady rate. Servers do not
// wait for each other. It is safe for concurrent use.
type Pacer struct {
	clock func() time.Time

	mu     sync.Mutex
	queues map[types.UID]*queue
}

// New returns a Pacer that tells the time by the clock.
func New(clock func() time.Time) *Pacer {
	return &Pacer{clock: clock, queues: map[types.UID]*queue{}}
}

// Admit returns how long the object has to wait before it may call the backend of the server; 0 means that it may now,
// and uses the turn up. An object that waits already keeps its place.
func (p *Pacer) Admit(server, object types.UID) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock()
	return p.queue(server, now).admit(object, now)
}

// Hold makes everybody of the server wait for the time, those included who were told a shorter one; they keep their
// order. The backend's own time is bounded by MaxHold; none means DefaultHold. A running hold is never shortened.
func (p *Pacer) Hold(server types.UID, d time.Duration) {
	if d <= 0 {
		d = DefaultHold
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock()
	p.queue(server, now).hold(now.Add(min(d, MaxHold)))
}

// Forget drops what is known of a server.
func (p *Pacer) Forget(server types.UID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.queues, server)
}

// queue returns the queue of a server. Before there is one more, those of quiet servers go: they say nothing that a new
// one would not.
func (p *Pacer) queue(server types.UID, now time.Time) *queue {
	if q, ok := p.queues[server]; ok {
		return q
	}
	for other, q := range p.queues {
		if q.quiet(now) {
			delete(p.queues, other)
		}
	}
	q := &queue{turns: map[types.UID]*turn{}}
	p.queues[server] = q
	return q
}

// turn is the time from which an object may call.
type turn struct {
	object types.UID
	at     time.Time
	used   bool
}

// queue holds the turns of one server that are given and not used. The rate is kept by the generic cell rate algorithm:
// due is when the next turn would be due if all had come at the steady rate.
type queue struct {
	due time.Time
	// turns has one for each waiting object; order has the same ones by time, with used ones among them.
	turns map[types.UID]*turn
	order []*turn
}

// admit finds the object's turn, or gives it one.
func (q *queue) admit(object types.UID, now time.Time) time.Duration {
	q.expire(now)
	if t, ok := q.turns[object]; ok {
		if wait := t.at.Sub(now); wait > 0 {
			return wait
		}
		q.drop(t)
		return 0
	}
	q.due = later(q.due, now)
	at := later(now, q.due.Add(-tolerance))
	q.due = q.due.Add(interval)
	if !at.After(now) {
		return 0
	}
	t := &turn{object: object, at: at}
	q.turns[object] = t
	q.order = append(q.order, t)
	return at.Sub(now)
}

// hold moves the turns behind the time, in their order and at the steady rate; nor is there a burst afterwards.
func (q *queue) hold(until time.Time) {
	next := until
	for _, t := range q.order {
		if !t.used {
			t.at = later(t.at, next)
			next = t.at.Add(interval)
		}
	}
	q.due = later(q.due, next.Add(tolerance))
}

// expire drops the turns that nobody came for.
func (q *queue) expire(now time.Time) {
	for len(q.order) > 0 && (q.order[0].used || q.order[0].at.Add(lateness).Before(now)) {
		if !q.order[0].used {
			q.drop(q.order[0])
		}
		q.order[0] = nil
		q.order = q.order[1:]
	}
}

func (q *queue) drop(t *turn) {
	t.used = true
	delete(q.turns, t.object)
}

// quiet says whether the queue is as good as new.
func (q *queue) quiet(now time.Time) bool {
	q.expire(now)
	return len(q.turns) == 0 && !q.due.After(now)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
