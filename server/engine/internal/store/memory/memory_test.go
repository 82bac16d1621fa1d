package memory_test

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/store/memory"
	"github.com/authserver-dev/operator/server/engine/internal/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return memory.New() })
}

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, func(*testing.B) store.Store { return memory.New() })
}

// BenchmarkMemory reports how many bytes of live heap an access token takes.
func BenchmarkMemory(b *testing.B) {
	const tokens = 500_000
	for b.Loop() {
		st := memory.New()
		before := liveHeap()
		now := time.UnixMilli(1_800_000_000_000)
		for i := range tokens {
			token := store.AccessToken{
				Hash: store.HashOf(strconv.Itoa(i)), GrantType: "client_credentials", ClientID: 7, Scopes: []string{"read", "write"},
				IssuedAt: now, ExpiresAt: now.Add(time.Hour + time.Duration(i)*30*time.Microsecond),
			}
			if err := st.IssueTokens(b.Context(), nil, store.Tokens{Access: &token}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(liveHeap()-before)/tokens, "B/token")
		runtime.KeepAlive(st)
	}
}

func liveHeap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
