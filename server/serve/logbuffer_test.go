package serve

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authserver-dev/operator/test/programtest"
)

func TestLogBuffer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &programtest.Output{}
		buffer := newLogBuffer(out)
		log := slog.New(urgent{slog.NewTextHandler(buffer, nil), buffer.Flush}).With("key", "value").WithGroup("group")
		log.InfoContext(context.Background(), "Waiting")
		if out.String() != "" {
			t.Errorf("the line did not wait: %s", out.String())
		}
		time.Sleep(logDelay)
		synctest.Wait()
		if lines := strings.Count(out.String(), "\n"); lines != 1 {
			t.Errorf("%d lines after the delay", lines)
		}
		log.InfoContext(context.Background(), "Waiting")
		log.ErrorContext(context.Background(), "Urgent", "inner", "x")
		if got := out.String(); strings.Count(got, "\n") != 3 || !strings.Contains(got, "msg=Urgent key=value group.inner=x") {
			t.Errorf("an error waits:\n%s", got)
		}
		long := strings.Repeat("x", 1000)
		for range 100 {
			log.InfoContext(context.Background(), "Filling", "text", long)
		}
		if written := len(out.String()); written < logBufferSize/2 {
			t.Errorf("a full buffer waits: %d bytes were written", written)
		}
		buffer.Flush()
		if lines := strings.Count(out.String(), "\n"); lines != 103 {
			t.Errorf("%d lines in the end, want 103", lines)
		}
		synctest.Wait()
	})
}
