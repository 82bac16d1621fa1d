package layout

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestNew(t *testing.T) {
	t.Parallel()
	long := "/" + strings.Repeat("x", maxState)
	for name, dir := range map[string]string{"too long for a socket": long, "the root": "/", "the root in disguise": "/tmp/.."} {
		if got, err := New(dir); err == nil {
			t.Errorf("%s: New(%q) = %q, want an error", name, dir, got.State())
		}
	}
	l, err := New("some/dir")
	if err != nil {
		t.Fatal(err)
	}
	if !filepath.IsAbs(l.State()) {
		t.Errorf("State() = %q, want an absolute path", l.State())
	}
	if got, want := l.PKI("ca.crt"), l.State()+"/pki/ca.crt"; got != want {
		t.Errorf("PKI() = %q, want %q", got, want)
	}
}
