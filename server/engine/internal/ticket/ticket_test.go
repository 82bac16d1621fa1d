package ticket_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/keys"
	"github.com/authserver-dev/operator/server/engine/internal/store/memory"
	"github.com/authserver-dev/operator/server/engine/internal/ticket"
)

const lifetime = time.Minute

// replica is a server with a clock of its own, on a store that it may share.
type replica struct {
	*ticket.Tickets
	now time.Time
}

func newReplica(t *testing.T, st *memory.Store, kek byte) *replica {
	t.Helper()
	sealer, err := keys.PurposeSealer(rand.Reader, "tickets", bytes.Repeat([]byte{kek}, keys.KEKSize))
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	r.Tickets = ticket.New(ticket.Deps{Sealer: sealer, Store: st, Clock: func() time.Time { return r.now }, Lifetime: lifetime})
	return r
}

func (r *replica) seal(t *testing.T, request string) string {
	t.Helper()
	value, err := r.Seal(ticket.Authorization, []byte(request))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestReplicasOpenEachOthersTicketsAndUseThemOnce(t *testing.T) {
	t.Parallel()
	st := memory.New()
	one, two := newReplica(t, st, 7), newReplica(t, st, 7)
	value := one.seal(t, "request")
	if other := one.seal(t, "request"); other == value {
		t.Error("two tickets of one request are equal")
	}
	for name, r := range map[string]*replica{"maker": one, "other": two} {
		opened, err := r.Open(ticket.Authorization, value)
		if err != nil || string(opened.Request) != "request" {
			t.Fatalf("%s: %q, %v", name, opened.Request, err)
		}
	}
	opened, _ := two.Open(ticket.Authorization, value)
	if err := two.Use(t.Context(), &opened); err != nil {
		t.Fatal(err)
	}
	again, err := one.Open(ticket.Authorization, value)
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Use(t.Context(), &again); !errors.Is(err, ticket.ErrUsed) {
		t.Errorf("second use: %v", err)
	}
}

// TestATextDoesNotMakeAnotherTicket: the last character of base64 has spare bits; no spelling may be a second use.
func TestATextDoesNotMakeAnotherTicket(t *testing.T) {
	t.Parallel()
	r := newReplica(t, memory.New(), 7)
	value := r.seal(t, "12345") // 50 bytes sealed: the last character of the text has spare bits
	used := 0
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for _, last := range alphabet {
		opened, err := r.Open(ticket.Authorization, value[:len(value)-1]+string(last))
		if err == nil && r.Use(t.Context(), &opened) == nil {
			used++
		}
	}
	for _, text := range []string{value + "\n", "\r\n" + value, value[:10] + "\n" + value[10:]} {
		opened, err := r.Open(ticket.Authorization, text)
		if err == nil && r.Use(t.Context(), &opened) == nil {
			used++
		}
	}
	if used != 1 {
		t.Errorf("the ticket was used %d times", used)
	}
}

func TestOnlyOurTicketsOpenInTheirTimeAndForTheirPurpose(t *testing.T) {
	t.Parallel()
	st := memory.New()
	r := newReplica(t, st, 7)
	value := r.seal(t, "request")
	sealed, err := mustSealer(t).Seal([]byte("12345678request"), "ticket/authorization")
	if err != nil {
		t.Fatal(err)
	}
	for name, forged := range map[string]string{
		"empty": "", "text": "nothing", "cut": value[:len(value)-4], "the key encryption key itself": base64.RawURLEncoding.EncodeToString(sealed),
		"long": strings.Repeat("A", 100_000),
	} {
		if _, err := r.Open(ticket.Authorization, forged); !errors.Is(err, ticket.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.Open(ticket.Password, value); !errors.Is(err, ticket.ErrUnknown) {
		t.Errorf("another purpose: %v", err)
	}
	if _, err := newReplica(t, st, 8).Open(ticket.Authorization, value); !errors.Is(err, ticket.ErrUnknown) {
		t.Errorf("another key encryption key: %v", err)
	}
	r.now = r.now.Add(lifetime - time.Millisecond)
	if _, err := r.Open(ticket.Authorization, value); err != nil {
		t.Errorf("just before its end: %v", err)
	}
	r.now = r.now.Add(time.Millisecond)
	if _, err := r.Open(ticket.Authorization, value); !errors.Is(err, ticket.ErrUnknown) {
		t.Errorf("at its end: %v", err)
	}
}

// TestTheUseIsRememberedUntilTheTicketExpires: a sweep must not make a ticket good again.
func TestTheUseIsRememberedUntilTheTicketExpires(t *testing.T) {
	t.Parallel()
	st := memory.New()
	r := newReplica(t, st, 7)
	began := r.now
	opened, err := r.Open(ticket.Authorization, r.seal(t, "request"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Use(t.Context(), &opened); err != nil {
		t.Fatal(err)
	}
	if deleted, err := st.Sweep(t.Context(), began.Add(lifetime-time.Millisecond), 10); err != nil || deleted != 0 {
		t.Errorf("swept %d, %v before the ticket expires", deleted, err)
	}
	if err := r.Use(t.Context(), &opened); !errors.Is(err, ticket.ErrUsed) {
		t.Errorf("second use: %v", err)
	}
	if deleted, err := st.Sweep(t.Context(), began.Add(lifetime), 10); err != nil || deleted != 1 {
		t.Errorf("swept %d, %v after the ticket expired", deleted, err)
	}
}

// mustSealer returns the sealer of the key encryption key itself, which is not that of tickets.
func mustSealer(t *testing.T) *keys.Sealer {
	t.Helper()
	sealer, err := keys.NewSealer(rand.Reader, bytes.Repeat([]byte{7}, keys.KEKSize))
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}
