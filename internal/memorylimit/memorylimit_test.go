package memorylimit

import (
	"math"
	"testing"
)

func TestHeapLimit(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]int64{"max\n": math.MaxInt64, "": math.MaxInt64, "-5": math.MaxInt64, "1000\n": 800, "134217728\n": 107374160} {
		if got := heapLimit(content); got != want {
			t.Errorf("heapLimit(%q) = %d, want %d", content, got, want)
		}
	}
}
