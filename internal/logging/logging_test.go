package logging_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/authserver-dev/operator/internal/logging"
)

func TestNew(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log, err := logging.New(&out, "json", "info")
	if err != nil {
		t.Fatal(err)
	}
	log.Debug("Hidden")
	log.Info("Shown", "key", "value")
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("not one JSON line: %v in %q", err, out.String())
	}
	if line["msg"] != "Shown" || line["key"] != "value" {
		t.Errorf("line = %v", line)
	}
	for _, bad := range [][2]string{{"xml", "info"}, {"json", "loud"}} {
		if _, err := logging.New(&out, bad[0], bad[1]); err == nil {
			t.Errorf("New accepted format %q and level %q", bad[0], bad[1])
		}
	}
}
