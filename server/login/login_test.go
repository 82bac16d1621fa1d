package login_test

import (
	"context"
	"crypto/rand"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/password"
	"github.com/authserver-dev/operator/server/login"
)

type directory map[string]*configv1alpha1.User

func (d directory) ByUsername(name string) *configv1alpha1.User { return d[name] }

// Decoy returns alice's hash: her password must open nothing under another name.
func (d directory) Decoy(string) string { return d["alice"].PasswordHash }

// setup returns a checker with the user alice, a clock to turn, and the results that it observed.
func setup(t *testing.T) (checker *login.Checker, turn func(time.Duration), results *[]string) {
	t.Helper()
	hash, err := password.Hash(rand.Reader, "right")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	results = &[]string{}
	var mu sync.Mutex
	checker = login.New(login.Options{
		Users: directory{
			"alice":    {Subject: "1", Username: "alice", PasswordHash: hash},
			"nopasswd": {Subject: "2", Username: "nopasswd"},
		},
		FreeAttempts: 3, MaxDelay: 4 * time.Second,
		Clock: func() time.Time { return now },
		Observe: func(result string) {
			mu.Lock()
			defer mu.Unlock()
			*results = append(*results, result)
		},
	})
	return checker, func(d time.Duration) { now = now.Add(d) }, results
}

func TestCheck(t *testing.T) {
	t.Parallel()
	checker, _, results := setup(t)
	user, err := checker.Check(t.Context(), login.Attempt{Username: "alice", Password: "right", Address: "a"})
	if err != nil || user.Subject != "1" {
		t.Errorf("right password: %+v, %v", user, err)
	}
	for name, attempt := range map[string]login.Attempt{
		"wrong password":          {Username: "alice", Password: "wrong", Address: "a"},
		"no such user":            {Username: "bob", Password: "right", Address: "a"},
		"user without a password": {Username: "nopasswd", Password: "no user has this password", Address: "a"},
		"dummy of no user":        {Username: "eve", Password: "no user has this password", Address: "a"},
		"empty":                   {Address: "a"},
	} {
		if _, err := checker.Check(t.Context(), attempt); !errors.Is(err, login.ErrWrong) {
			t.Errorf("%s: %v, want ErrWrong", name, err)
		}
	}
	if (*results)[0] != "success" || (*results)[1] != "wrong" {
		t.Errorf("observed %v", *results)
	}
}

// TestDelaysGrowPerAccount: at one address the delays of an account double, up to the bound, and a success ends them.
func TestDelaysGrowPerAccount(t *testing.T) {
	t.Parallel()
	checker, turn, _ := setup(t)
	wrong := func() error {
		_, err := checker.Check(t.Context(), login.Attempt{Username: "alice", Password: "wrong", Address: "a"})
		return err
	}
	for range 3 {
		if err := wrong(); !errors.Is(err, login.ErrWrong) {
			t.Fatalf("free attempt: %v", err)
		}
	}
	for _, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second} {
		var throttled *login.ThrottledError
		_, err := checker.Check(t.Context(), login.Attempt{Username: "ALICE ", Password: "right", Address: "a"})
		if !errors.As(err, &throttled) || throttled.Wait != want {
			t.Fatalf("attempt too early: %v, want to wait %s", err, want)
		}
		turn(want)
		if err := wrong(); !errors.Is(err, login.ErrWrong) {
			t.Fatalf("after waiting: %v", err)
		}
	}
	turn(4 * time.Second)
	if _, err := checker.Check(t.Context(), login.Attempt{Username: "alice", Password: "right", Address: "a"}); err != nil {
		t.Errorf("the right password after waiting: %v", err)
	}
	if err := wrong(); !errors.Is(err, login.ErrWrong) {
		t.Errorf("a success must forget the failures: %v", err)
	}
}

// TestDelaysGrowPerAddress: an address that tries many accounts is slowed down.
func TestDelaysGrowPerAddress(t *testing.T) {
	t.Parallel()
	checker, _, _ := setup(t)
	var err error
	for i := range 31 {
		_, err = checker.Check(t.Context(), login.Attempt{Username: string(rune('a' + i)), Password: "x", Address: "bot"})
	}
	if _, throttled := errors.AsType[*login.ThrottledError](err); !throttled {
		t.Errorf("the 31st attempt: %v", err)
	}
}

// TestUnknownAddress: where it is not known who calls, nobody is slowed down for others.
func TestUnknownAddress(t *testing.T) {
	t.Parallel()
	checker, _, _ := setup(t)
	for i := range 32 {
		_, err := checker.Check(t.Context(), login.Attempt{Username: string(rune('a' + i)), Password: "x"})
		if !errors.Is(err, login.ErrWrong) {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
}

// TestParallelGuesses: attempts that arrive together do not all count as the free ones.
func TestParallelGuesses(t *testing.T) {
	t.Parallel()
	checker, _, _ := setup(t)
	var group sync.WaitGroup
	var verified atomic.Int32
	for range 12 {
		group.Go(func() {
			_, err := checker.Check(t.Context(), login.Attempt{Username: "alice", Password: "wrong", Address: "a"})
			if errors.Is(err, login.ErrWrong) {
				verified.Add(1)
			}
		})
	}
	group.Wait()
	if limit := int32(3 + max(2, runtime.GOMAXPROCS(0))); verified.Load() > limit {
		t.Errorf("%d guesses were verified, want at most %d", verified.Load(), limit)
	}
}

// TestKnownBrowser: an account that is slowed down at an address lets the owner's browser in, and no other one.
func TestKnownBrowser(t *testing.T) {
	t.Parallel()
	checker, _, _ := setup(t)
	for range 3 {
		_, _ = checker.Check(t.Context(), login.Attempt{Username: "alice", Password: "wrong", Address: "a"})
	}
	for name, test := range map[string]struct {
		browser login.Browser
		want    bool
	}{
		"a new browser":              {login.Browser{}, false},
		"somebody else's browser":    {login.Browser{ID: "b", Subjects: []string{"2"}}, false},
		"a browser without identity": {login.Browser{Subjects: []string{"1"}}, false},
		"the owner's browser":        {login.Browser{ID: "c", Subjects: []string{"2", "1"}}, true},
	} {
		_, err := checker.Check(t.Context(), login.Attempt{Username: "alice", Password: "right", Address: "a", Browser: test.browser})
		if (err == nil) != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCanceledWait: who gives up in the queue gets the context's error, and no attempt is counted.
func TestCanceledWait(t *testing.T) {
	t.Parallel()
	checker, _, results := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 8 { // one of several ready cases is chosen at random
		if _, err := checker.Check(ctx, login.Attempt{Username: "alice", Password: "wrong", Address: "a"}); errors.Is(err, context.Canceled) {
			break
		}
	}
	if last := (*results)[len(*results)-1]; last != "error" && last != "throttled" {
		t.Errorf("observed %q", last)
	}
}
