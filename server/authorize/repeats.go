package authorize

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/authserver-dev/operator/server/reply"
)

const (
	// repeatable is how long a form that was sent again gets the same answer.
	repeatable = 10 * time.Second
	// maxGranted and maxDenied bound the answers that are kept. Only people who have logged in cause granted ones.
	maxGranted, maxDenied = 1024, 64
)

// repeats answers the same form twice: browsers send it again when somebody clicks twice, reloads, or a proxy tries again,
// and the second answer is the only one that is shown. A number of answers to the client is kept, and the oldest makes
// room.
type repeats struct {
	clock func() time.Time
	key   []byte

	mu      sync.Mutex
	forms   map[[sha256.Size]byte]*answered
	kept    [][sha256.Size]byte
	maxKept int
}

// answered is a form that is being answered, or was.
type answered struct {
	done   chan struct{}
	answer reply.Answer
	// until is when the answer is forgotten; zero if it must not be given again.
	until time.Time
}

func newRepeats(maxKept int, clock func() time.Time) *repeats {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // crypto/rand ends the program where it cannot deliver
	return &repeats{clock: clock, key: key, forms: map[[sha256.Size]byte]*answered{}, maxKept: maxKept}
}

// do answers a form. Of equal ones that are sent at the same time, one is answered at a time.
func (rp *repeats) do(ctx context.Context, form string, answer func() reply.Answer) reply.Answer {
	digest := rp.digest(form)
	for {
		mine, earlier := rp.begin(digest)
		if earlier == nil {
			return rp.run(digest, mine, answer)
		}
		select {
		case <-ctx.Done():
			return reply.FailedBackend(ctx.Err())
		case <-earlier.done:
		}
		if rp.clock().Before(earlier.until) {
			repeated := earlier.answer
			repeated.Log.Param("repeated", "true")
			return repeated
		}
	}
}

// digest stands for a form, in which there may be a password.
func (rp *repeats) digest(form string) [sha256.Size]byte {
	mac := hmac.New(sha256.New, rp.key)
	_, _ = mac.Write([]byte(form)) // a hash never fails
	return [sha256.Size]byte(mac.Sum(nil))
}

// begin returns an equal form that is being answered, or was a short time ago; otherwise the caller answers it.
func (rp *repeats) begin(digest [sha256.Size]byte) (mine, earlier *answered) {
	rp.mu.Lock()
	defer rp.mu.Unlock()
	now := rp.clock()
	for len(rp.kept) > 0 && !now.Before(rp.forms[rp.kept[0]].until) {
		rp.forget()
	}
	if earlier := rp.forms[digest]; earlier != nil {
		return nil, earlier
	}
	mine = &answered{done: make(chan struct{})}
	rp.forms[digest] = mine
	return mine, nil
}

// run answers the form and keeps an answer that is for the client.
func (rp *repeats) run(digest [sha256.Size]byte, mine *answered, answer func() reply.Answer) reply.Answer {
	defer func() {
		rp.mu.Lock()
		defer rp.mu.Unlock()
		close(mine.done)
		if mine.until.IsZero() {
			delete(rp.forms, digest)
			return
		}
		if len(rp.kept) == rp.maxKept {
			rp.forget()
		}
		rp.kept = append(rp.kept, digest)
	}()
	result := answer()
	if result.ToClient {
		mine.answer, mine.until = result, rp.clock().Add(repeatable)
	}
	return result
}

// forget drops the oldest answer.
func (rp *repeats) forget() {
	delete(rp.forms, rp.kept[0])
	rp.kept = rp.kept[1:]
}
