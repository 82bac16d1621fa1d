package requestlog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/server/requestlog"
)

func attrs(entry *requestlog.Entry) map[string]string {
	got := map[string]string{}
	for _, attr := range entry.Attrs(nil) {
		got[attr.Key] = attr.Value.String()
	}
	return got
}

func TestEntry(t *testing.T) {
	t.Parallel()
	entry := &requestlog.Entry{Action: "OK", Result: "E1", Client: strings.Repeat("x", 500)}
	entry.Param("scope", "openid")
	entry.Param("prompt", "")
	if entry.Failed() {
		t.Error("nothing went wrong yet")
	}
	entry.Problem("Something broke", "error", "why")
	want := map[string]string{
		"action": "OK", "resultCode": "E1", "client": strings.Repeat("x", 200), "scope": "openid", "problem": "Something broke", "error": "why",
	}
	if diff := cmp.Diff(want, attrs(entry)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if !entry.Failed() {
		t.Error("a problem does not make the line an error")
	}
}

// TestAdd: what became known later stands; what was known earlier is not lost.
func TestAdd(t *testing.T) {
	t.Parallel()
	earlier := requestlog.Entry{Action: "INTERACTION", Result: "E1", Client: "app"}
	earlier.Param("scope", "openid")
	earlier.Problem("First", "cause", "a")
	later := requestlog.Entry{Action: "LOCATION", Subject: "1001"}
	later.Param("reason", "DENIED")
	later.Problem("Second", "error", "b")
	later.Add(earlier)
	want := map[string]string{
		"action": "LOCATION", "resultCode": "E1", "client": "app", "subject": "1001", "problem": "Second", "scope": "openid", "reason": "DENIED",
		"cause": "a", "error": "b",
	}
	if diff := cmp.Diff(want, attrs(&later)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{
		"action": "INTERACTION", "resultCode": "E1", "client": "app", "scope": "openid", "problem": "First", "cause": "a",
	}, attrs(&earlier)); diff != "" {
		t.Errorf("the earlier entry changed (-want +got):\n%s", diff)
	}
}

// TestOutsideOfRequests: code that runs without a request asks for nothing that is there.
func TestOutsideOfRequests(t *testing.T) {
	t.Parallel()
	if request := *requestlog.From(t.Context()); request != (requestlog.Request{}) {
		t.Errorf("a request of nothing holds %+v", request)
	}
}
