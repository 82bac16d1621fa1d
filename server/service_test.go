package server_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/server"
	"github.com/authserver-dev/operator/server/config"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestService compares what configurations mean to the backend with testdata/*.golden.json.
func TestService(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.in.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("finding inputs: %v, %d files", err, len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			settings, err := config.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(server.Service(settings), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			golden := strings.TrimSuffix(file, ".in.yaml") + ".golden.json"
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want, got) {
				t.Errorf("%s (-want +got), run with -update to accept:\n%s", golden, cmp.Diff(string(want), string(got)))
			}
		})
	}
}
