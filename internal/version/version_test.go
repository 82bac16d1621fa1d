package version_test

import (
	"testing"

	"github.com/authserver-dev/operator/internal/version"
)

func TestString(t *testing.T) {
	t.Parallel()
	if version.String() == "" {
		t.Error("a build without a version must still name itself")
	}
}
