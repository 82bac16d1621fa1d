package progress

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestStep(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	clock := time.Unix(0, 0)
	r := New(&out, func() time.Time { clock = clock.Add(500 * time.Millisecond); return clock })
	if err := r.Step("quiet", func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := r.Step("talkative", func() error { r.Note("building %s", "x"); r.Append(" 1 s"); return nil }); err != nil {
		t.Fatal(err)
	}
	cause := errors.New("no")
	if err := r.Step("broken", func() error { return cause }); !errors.Is(err, cause) {
		t.Errorf("Step() = %v, want the step's error", err)
	}
	want := "  quiet                           0.5 s\n" +
		"  talkative                   \n    building x 1 s\n  talkative                       0.5 s\n" +
		"  broken                       failed\n"
	if out.String() != want {
		t.Errorf("wrote %q\nwant  %q", out.String(), want)
	}
}
