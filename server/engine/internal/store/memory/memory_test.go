package memory_test

import (
	"testing"

	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/store/memory"
	"github.com/authserver-dev/operator/server/engine/internal/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return memory.New() })
}
