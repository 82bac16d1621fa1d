package authorize

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authserver-dev/operator/server/reply"
)

// toTheClient is an answer that is kept.
func toTheClient(location string) reply.Answer {
	answer := reply.Redirect(location)
	answer.ToClient = true
	return answer
}

// TestRepeats: equal forms are answered one at a time; an answer to the client is given again for a short time, another one
// is made anew.
func TestRepeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rp := newRepeats(4, time.Now)
		var calls atomic.Int32
		slow := func() reply.Answer {
			time.Sleep(time.Second)
			return toTheClient(strconv.Itoa(int(calls.Add(1))))
		}
		var group sync.WaitGroup
		for range 5 {
			group.Go(func() {
				if got := rp.do(t.Context(), "form", slow); got.Location != "1" {
					t.Errorf("answer %q", got.Location)
				}
			})
		}
		group.Wait()
		if got := rp.do(t.Context(), "another form", slow); got.Location != "2" {
			t.Errorf("another form: %q", got.Location)
		}
		time.Sleep(repeatable - time.Second)
		if got := rp.do(t.Context(), "form", slow); got.Location != "3" {
			t.Errorf("after a while: %q", got.Location)
		}
		page := func() reply.Answer { return reply.Page(200, strconv.Itoa(int(calls.Add(1))), "") }
		if one, two := rp.do(t.Context(), "page", page), rp.do(t.Context(), "page", page); one.Content == two.Content {
			t.Errorf("a page was given again: %q", two.Content)
		}
	})
}

// TestRepeatsOfACallerWhoHangsUp: who waits for an equal form may give up; a panic leaves nobody waiting.
func TestRepeatsOfACallerWhoHangsUp(t *testing.T) {
	t.Parallel()
	rp := newRepeats(4, time.Now)
	func() {
		defer func() { _ = recover() }()
		rp.do(t.Context(), "form", func() reply.Answer { panic("inside") })
	}()
	started, done := make(chan struct{}), make(chan struct{})
	go func() {
		rp.do(context.Background(), "form", func() reply.Answer {
			close(started)
			<-done
			return toTheClient("x")
		})
	}()
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := rp.do(ctx, "form", func() reply.Answer { return toTheClient("y") }); got.Log.Action != "CANCELED" {
		t.Errorf("answer %+v", got)
	}
	close(done)
}

// TestRepeatsAreBounded: however many forms are answered, a fixed number of answers is kept.
func TestRepeatsAreBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	rp := newRepeats(8, func() time.Time { return now })
	for i := range 1000 {
		rp.do(t.Context(), strconv.Itoa(i), func() reply.Answer { return toTheClient("x") })
		rp.do(t.Context(), "page"+strconv.Itoa(i), func() reply.Answer { return reply.Page(200, "x", "") })
	}
	if len(rp.forms) != 8 || len(rp.kept) != 8 {
		t.Errorf("%d forms, %d kept", len(rp.forms), len(rp.kept))
	}
	now = now.Add(repeatable)
	rp.do(t.Context(), "page", func() reply.Answer { return reply.Page(200, "x", "") })
	if len(rp.forms) != 0 || len(rp.kept) != 0 {
		t.Errorf("after a while: %d forms, %d kept", len(rp.forms), len(rp.kept))
	}
}
