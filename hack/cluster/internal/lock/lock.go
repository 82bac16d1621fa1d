package lock

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"
)

// Acquire waits until nobody else holds the named lock; waiting is called once if that takes a while. Close frees the lock.
func Acquire(ctx context.Context, name string, waiting func()) (io.Closer, error) {
	// A digest: names are paths, and a socket's name may have 107 bytes.
	address := fmt.Sprintf("@authserver-cluster-%x", sha256.Sum256([]byte(name)))
	var config net.ListenConfig
	for told := false; ; {
		listener, err := config.Listen(ctx, "unix", address)
		if err == nil {
			return listener, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("locking %s: %w", name, err)
		}
		if !told {
			waiting()
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for the lock of %s: %w", name, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}
