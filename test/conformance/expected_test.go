package conformance

import (
	"runtime"
	"sync/atomic"
	"testing"
)

// expectedFailures names modules that fail until the server is corrected. One that passes fails the test.
func expectedFailures() map[string]bool {
	return map[string]bool{}
}

// recorder takes note of failures instead of failing.
type recorder struct {
	testing.TB
	failed atomic.Bool
}

func (r *recorder) Errorf(string, ...any) { r.failed.Store(true) }
func (r *recorder) Error(...any)          { r.failed.Store(true) }
func (r *recorder) Failed() bool          { return r.failed.Load() }

func (r *recorder) FailNow() {
	r.failed.Store(true)
	runtime.Goexit()
}

func (r *recorder) Fatalf(string, ...any) { r.FailNow() }
func (r *recorder) Fatal(...any)          { r.FailNow() }

// expectFailure fails the test if the module passes.
func expectFailure(t *testing.T, module func(testing.TB)) {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		module(r)
	}()
	<-done
	if !r.failed.Load() {
		t.Error("this module passes: remove it from the expected failures")
	}
}
