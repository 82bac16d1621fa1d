package storetest

import (
	"context"
	"encoding/binary"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// callers is how many callers per core the parallel benchmarks have, as a busy server does.
const callers = 32

// Benchmark measures the verbs on the hot paths, with one caller and with many. open returns an empty store.
func Benchmark(b *testing.B, open func(*testing.B) store.Store) {
	b.Helper()
	cases := []struct {
		name string
		// prepare readies what the n calls of the verb need.
		prepare func(b *bench, n int)
		verb    func(b *bench, i uint64) error
	}{
		{"IssueTokens", nil, (*bench).issue},
		{"FindAccess", func(b *bench, _ int) { b.fill((*bench).issue, known) }, (*bench).findAccess},
		{"IssueCode", nil, (*bench).issueCode},
		{"FindCode", func(b *bench, _ int) { b.fill((*bench).issueCode, known) }, (*bench).findCode},
		{"RedeemCode", func(b *bench, n int) { b.fill((*bench).issueCode, n) }, (*bench).redeem},
		{"RememberID", nil, (*bench).remember},
	}
	for _, c := range cases {
		for _, parallel := range []bool{false, true} {
			name := c.name
			if parallel {
				name += "Parallel"
			}
			b.Run(name, func(tb *testing.B) {
				run := &bench{B: tb, st: open(tb), now: time.UnixMilli(1_800_000_000_000)}
				defer run.close()
				if c.prepare != nil {
					c.prepare(run, tb.N)
				}
				tb.ReportAllocs()
				tb.ResetTimer()
				if parallel {
					run.parallel(c.verb)
				} else {
					run.serial(c.verb)
				}
				tb.StopTimer()
			})
		}
	}
}

// known is how many records there are to find.
const known = 10_000

type bench struct {
	*testing.B
	st  store.Store
	now time.Time
}

func (b *bench) close() {
	if err := b.st.Close(); err != nil {
		b.Error(err)
	}
}

func (b *bench) serial(verb func(*bench, uint64) error) {
	for i := range b.N {
		if err := verb(b, uint64(i)); err != nil {
			b.Fatal(err)
		}
	}
}

func (b *bench) parallel(verb func(*bench, uint64) error) {
	var next atomic.Uint64
	b.SetParallelism(callers)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := verb(b, next.Add(1)-1); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// fill calls a verb for the records 0 to n-1.
func (b *bench) fill(verb func(*bench, uint64) error, n int) {
	b.Helper()
	errs := make(chan error, callers)
	var next atomic.Uint64
	for range callers {
		go func() {
			for {
				i := next.Add(1) - 1
				if i >= uint64(n) {
					errs <- nil
					return
				}
				if err := verb(b, i); err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	for range callers {
		if err := <-errs; err != nil {
			b.Fatal(err)
		}
	}
}

// hash is spread like SHA-256, but costs nothing.
func hash(kind, i uint64) store.Hash {
	var h store.Hash
	x := i*0x9e3779b97f4a7c15 + kind*0xd1342543de82ef95
	for word := range 4 {
		x += 0x9e3779b97f4a7c15
		z := (x ^ x>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		binary.LittleEndian.PutUint64(h[8*word:], z^z>>31)
	}
	return h
}

func (b *bench) access(i uint64, grantID string) *store.AccessToken {
	return &store.AccessToken{
		Hash: hash(1, i), GrantID: grantID, GrantType: "client_credentials", ClientID: 7, Scopes: []string{"read", "write"},
		IssuedAt: b.now, ExpiresAt: b.now.Add(time.Hour + time.Duration(i)*50*time.Microsecond),
	}
}

func (b *bench) issue(i uint64) error {
	return b.st.IssueTokens(context.Background(), nil, store.Tokens{Access: b.access(i, "")})
}

func (b *bench) findAccess(i uint64) error {
	_, err := b.st.FindAccess(context.Background(), hash(1, i%known))
	return err
}

func (b *bench) issueCode(i uint64) error {
	id := strconv.FormatUint(i, 36)
	grant := store.Grant{
		ID: id, ClientID: 7, Subject: "subject-" + id, Scopes: []string{"openid", "profile"}, Details: []byte(`{"authTime":1800000000,"acr":"1"}`),
		CreatedAt: b.now, ExpiresAt: b.now.Add(time.Hour),
	}
	code := store.Code{
		Hash: hash(2, i), GrantID: id, ClientID: 7, Request: []byte(`{"redirectUri":"https://app.example/callback","nonce":"n-0S6_WzA2Mj"}`),
		ExpiresAt: b.now.Add(time.Minute),
	}
	return b.st.IssueCode(context.Background(), grant, code, store.Tokens{})
}

func (b *bench) findCode(i uint64) error {
	_, _, err := b.st.FindCode(context.Background(), hash(2, i%known))
	return err
}

func (b *bench) redeem(i uint64) error {
	id := strconv.FormatUint(i, 36)
	access := b.access(i, id)
	access.Subject = "subject-" + id
	refresh := store.RefreshToken{
		Hash: hash(3, i), GrantID: id, ClientID: 7, Scopes: []string{"openid", "profile"}, Generation: 1, CreatedAt: b.now,
		ExpiresAt: b.now.Add(24 * time.Hour),
	}
	return b.st.RedeemCode(context.Background(), hash(2, i), b.now, store.Tokens{Access: access, Refresh: &refresh})
}

func (b *bench) remember(i uint64) error {
	fresh, err := b.st.RememberID(context.Background(), hash(4, i), b.now.Add(time.Hour))
	if err == nil && !fresh {
		err = store.ErrConflict
	}
	return err
}
