package keys

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
)

func newTestSealer(tb testing.TB, fill byte, previous ...[]byte) *Sealer {
	tb.Helper()
	sealer, err := NewSealer(rand.Reader, bytes.Repeat([]byte{fill}, KEKSize), previous...)
	if err != nil {
		tb.Fatalf("NewSealer: %v", err)
	}
	return sealer
}

func TestSealerOpensWhatItSealed(t *testing.T) {
	t.Parallel()
	sealer := newTestSealer(t, 1)
	for _, plain := range []string{"", "secret", string(bytes.Repeat([]byte("x"), 4096))} {
		sealed, err := sealer.Seal([]byte(plain), "record/1")
		if err != nil {
			t.Fatalf("Seal: %v", err)
		}
		if len(plain) > 0 && bytes.Contains(sealed, []byte(plain)) {
			t.Errorf("%q is readable in the sealed value", plain)
		}
		got, err := sealer.Open(sealed, "record/1")
		if err != nil || string(got) != plain {
			t.Errorf("Open = %q, %v; want %q", got, err, plain)
		}
	}
}

func TestSealerRefuses(t *testing.T) {
	t.Parallel()
	sealer := newTestSealer(t, 1)
	sealed, err := sealer.Seal([]byte("secret"), "record/1")
	if err != nil {
		t.Fatalf("Seal: %v", err)
	}
	altered := func(i int) []byte {
		out := slices.Clone(sealed)
		out[i] ^= 1
		return out
	}
	tests := map[string]struct {
		sealer  *Sealer
		sealed  []byte
		context string
	}{
		"OtherContext":      {sealer: sealer, sealed: sealed, context: "record/2"},
		"OtherKey":          {sealer: newTestSealer(t, 2), sealed: sealed, context: "record/1"},
		"AlteredVersion":    {sealer: sealer, sealed: altered(0), context: "record/1"},
		"AlteredKeyID":      {sealer: sealer, sealed: altered(1), context: "record/1"},
		"AlteredNonce":      {sealer: sealer, sealed: altered(headerSize), context: "record/1"},
		"AlteredCiphertext": {sealer: sealer, sealed: altered(len(sealed) - 1), context: "record/1"},
		"Truncated":         {sealer: sealer, sealed: sealed[:len(sealed)-1], context: "record/1"},
		"HeaderOnly":        {sealer: sealer, sealed: sealed[:headerSize+3], context: "record/1"},
		"Empty":             {sealer: sealer, sealed: nil, context: "record/1"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if plain, err := tc.sealer.Open(tc.sealed, tc.context); !errors.Is(err, ErrSealed) {
				t.Errorf("Open = %q, %v; want ErrSealed", plain, err)
			}
		})
	}
}

func TestSealerOpensUnderPreviousKey(t *testing.T) {
	t.Parallel()
	old := newTestSealer(t, 1)
	sealed, err := old.Seal([]byte("secret"), "record/1")
	if err != nil {
		t.Fatalf("Seal: %v", err)
	}
	renewed := newTestSealer(t, 2, bytes.Repeat([]byte{1}, KEKSize))
	plain, err := renewed.Open(sealed, "record/1")
	if err != nil || string(plain) != "secret" {
		t.Errorf("Open = %q, %v", plain, err)
	}
	if renewed.Current(sealed) || !old.Current(sealed) {
		t.Error("Current does not tell the old key from the new one")
	}
}

func TestNewSealerRefusesShortKey(t *testing.T) {
	t.Parallel()
	if _, err := NewSealer(rand.Reader, make([]byte, 16)); err == nil {
		t.Error("a key of 16 bytes was accepted")
	}
}

func FuzzSealerOpen(f *testing.F) {
	// The same nonce in each process of the fuzzer: the seed of one is the sealed value of all.
	sealer, err := NewSealer(strings.NewReader("nonce-nonce-"), bytes.Repeat([]byte{1}, KEKSize))
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := sealer.Seal([]byte("secret"), "record/1")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add([]byte{})
	f.Add(sealed[:headerSize])
	f.Fuzz(func(t *testing.T, candidate []byte) {
		plain, err := sealer.Open(candidate, "record/1")
		if err == nil && !bytes.Equal(candidate, sealed) {
			t.Errorf("a forged value opened as %q", plain)
		}
	})
}
