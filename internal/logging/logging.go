package logging

import (
	"fmt"
	"io"
	"log/slog"
)

// New returns a logger that writes lines of the format ("json" or "text") from the level
// ("debug", "info", "warn" or "error") up.
func New(out io.Writer, format, level string) (*slog.Logger, error) {
	var lowest slog.Level
	if err := lowest.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("parsing log level %q: use debug, info, warn or error", level)
	}
	options := &slog.HandlerOptions{Level: lowest}
	switch format {
	case "json":
		return slog.New(slog.NewJSONHandler(out, options)), nil
	case "text":
		return slog.New(slog.NewTextHandler(out, options)), nil
	default:
		return nil, fmt.Errorf("unknown log format %q: use json or text", format)
	}
}
