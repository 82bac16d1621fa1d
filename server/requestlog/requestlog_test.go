package requestlog_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/server/requestlog"
)

func TestRecord(t *testing.T) {
	t.Parallel()
	record := &requestlog.Record{}
	ctx := requestlog.With(t.Context(), record)
	requestlog.From(ctx).Note("OK", "E1")
	requestlog.From(ctx).Client = strings.Repeat("x", 500)
	requestlog.From(ctx).Param("scope", "openid")
	requestlog.From(ctx).Param("prompt", "")
	if record.Failed() {
		t.Error("nothing went wrong yet")
	}
	requestlog.From(ctx).Problem("Something broke", "error", "why")
	got := map[string]string{}
	for _, attr := range record.Attrs(nil) {
		got[attr.Key] = attr.Value.String()
	}
	want := map[string]string{
		"action": "OK", "resultCode": "E1", "client": strings.Repeat("x", 200), "scope": "openid", "problem": "Something broke", "error": "why",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if !record.Failed() {
		t.Error("a problem does not make the line an error")
	}
}

// TestOutsideOfRequests: code that runs without a request may note what it likes.
func TestOutsideOfRequests(t *testing.T) {
	t.Parallel()
	requestlog.From(t.Context()).Param("scope", "openid")
	if attrs := requestlog.From(t.Context()).Attrs([]slog.Attr{}); len(attrs) != 0 {
		t.Errorf("a record of nothing holds %v", attrs)
	}
	if address := requestlog.Address(t.Context()); address != "" {
		t.Errorf("address = %q", address)
	}
}
