package progress

import (
	"fmt"
	"io"
	"time"
)

// Reporter writes steps with their duration, one a line.
type Reporter struct {
	out   io.Writer
	now   func() time.Time
	wrote bool // something was noted since the step's name was written
}

// New returns a reporter that writes to out and measures with now.
func New(out io.Writer, now func() time.Time) *Reporter { return &Reporter{out: out, now: now} }

// Step runs one step: its name appears before it starts, its duration when it is done.
func (r *Reporter) Step(name string, run func() error) error {
	start := r.now()
	r.printf("  %-28s", name)
	r.wrote = false
	err := run()
	if r.wrote {
		r.printf("\n  %-28s", name)
		r.wrote = false
	}
	if err != nil {
		r.printf(" failed\n")
		return err
	}
	r.printf("%7.1f s\n", r.now().Sub(start).Seconds())
	return nil
}

// Note says something in the middle of a step.
func (r *Reporter) Note(format string, args ...any) {
	r.printf("\n    "+format, args...)
	r.wrote = true
}

// Append adds to the line of the last note.
func (r *Reporter) Append(format string, args ...any) { r.printf(format, args...) }

// Say writes a line outside of steps.
func (r *Reporter) Say(format string, args ...any) { r.printf(format+"\n", args...) }

// Now is the reporter's clock.
func (r *Reporter) Now() time.Time { return r.now() }

// printf writes; there is nobody to tell when the terminal is gone.
func (r *Reporter) printf(format string, args ...any) { _, _ = fmt.Fprintf(r.out, format, args...) }
