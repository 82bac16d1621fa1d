package users_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/server/users"
)

// TestChangeWithoutATrace: a file that is written twice within the resolution of file times, with the same size, is read
// again.
func TestChangeWithoutATrace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "users-00.json")
	now := time.Now()
	write := func(username string) {
		list := configv1alpha1.UserList{Users: []configv1alpha1.User{{Subject: "1001", Username: username}}}
		list.APIVersion, list.Kind = configv1alpha1.APIVersion, configv1alpha1.KindUserList
		text, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.TrimSpace(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now, now); err != nil {
			t.Fatal(err)
		}
	}
	write("alice")
	directory, err := users.Open(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	write("clara")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); directory.Run(ctx) }()
	defer func() { cancel(); <-done }()
	for end := time.Now().Add(time.Minute); directory.ByUsername("clara") == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the second content was never read")
		}
	}
}
