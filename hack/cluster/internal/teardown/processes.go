package teardown

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/authserver-dev/operator/hack/cluster/internal/layout"
	"github.com/authserver-dev/operator/hack/cluster/internal/process"
)

// timeout is for processes that are killed; the kernel may have to finish their writing first.
const timeout = 20 * time.Second

// Containers ends the containers of this node's containerd, which must not run any more, and their shims.
func Containers(ctx context.Context, l layout.Layout) error {
	find := func() ([]int, error) {
		shims, err := process.Match(func(args []string) bool { return isShim(args, l.ContainerdSocket()) })
		if err != nil {
			return nil, fmt.Errorf("looking for containers: %w", err)
		}
		var victims []int
		for _, shim := range shims {
			// Containers before their shim: a shim that dies first leaves orphans that nothing leads to.
			if below := process.Descendants(shim); len(below) > 0 {
				victims = append(victims, below...)
			} else {
				victims = append(victims, shim)
			}
		}
		return victims, nil
	}
	return killAll(ctx, find)
}

// Unrecorded returns the processes of the named programs that work in the state directory and that are not among the
// known: another build of this command, or one whose records are lost, has started them.
func Unrecorded(l layout.Layout, programs []string, known ...int) ([]int, error) {
	found, err := process.Match(func(args []string) bool { return worksIn(args, programs, l.State()) })
	if err != nil {
		return nil, fmt.Errorf("looking for processes: %w", err)
	}
	return slices.DeleteFunc(found, func(pid int) bool { return slices.Contains(known, pid) }), nil
}

// Programs ends the named programs that work in the state directory.
func Programs(ctx context.Context, l layout.Layout, programs []string) error {
	return killAll(ctx, func() ([]int, error) { return Unrecorded(l, programs) })
}

// killAll kills what find finds until it finds nothing any more.
func killAll(ctx context.Context, find func() ([]int, error)) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		victims, err := find()
		if err != nil || len(victims) == 0 {
			return err
		}
		for _, victim := range victims {
			if err := syscall.Kill(victim, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("ending process %d: %w", victim, err)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("ending processes: %v still run: %w", victims, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// worksIn says whether the command line is that of one of the programs, with an argument below dir.
func worksIn(args, programs []string, dir string) bool {
	below := func(arg string) bool { return strings.HasPrefix(arg, dir+"/") }
	return slices.Contains(programs, filepath.Base(args[0])) && slices.ContainsFunc(args[1:], below)
}

// isShim says whether the command line is that of a shim of the containerd behind the socket.
func isShim(args []string, socket string) bool {
	return strings.HasPrefix(filepath.Base(args[0]), "containerd-shim") && slices.Contains(args, socket)
}
