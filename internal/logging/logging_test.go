package logging_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/logging"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log, err := logging.New(&out, "json", "info")
	if err != nil {
		t.Fatal(err)
	}
	log.Info("Shown", "userAgent", "two\nlines")
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("not one JSON line: %v in %q", err, out.String())
	}
	if _, ok := line["time"]; !ok {
		t.Error("the line has no time")
	}
	delete(line, "time")
	if diff := cmp.Diff(map[string]any{"level": "INFO", "msg": "Shown", "userAgent": "two\nlines"}, line); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
	if got := strings.Count(out.String(), "\n"); got != 1 {
		t.Errorf("%d lines in %q: a value must not begin a line of its own", got, out.String())
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log, err := logging.New(&out, "text", "info")
	if err != nil {
		t.Fatal(err)
	}
	log.Info("Shown", "userAgent", "two\nlines")
	if got, want := out.String(), `level=INFO msg=Shown userAgent="two\nlines"`+"\n"; !strings.HasSuffix(got, want) {
		t.Errorf("line %q does not end with %q", got, want)
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	levels := []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}
	for i, name := range []string{"debug", "info", "warn", "error"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, err := logging.New(&bytes.Buffer{}, "json", name)
			if err != nil {
				t.Fatal(err)
			}
			for j, level := range levels {
				if got, want := log.Enabled(t.Context(), level), j >= i; got != want {
					t.Errorf("%v is written: %t, want %t", level, got, want)
				}
			}
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ format, level, want string }{
		"format":    {"xml", "info", `"xml"`},
		"no format": {"", "info", "json or text"},
		"level":     {"json", "loud", `"loud"`},
		"no level":  {"json", "", "debug, info, warn or error"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := logging.New(&bytes.Buffer{}, test.format, test.level); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("New(%q, %q) says %v, want an error about %s", test.format, test.level, err, test.want)
			}
		})
	}
}
