package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/authserver-dev/operator/hack/cluster/internal/component"
	"github.com/authserver-dev/operator/hack/cluster/internal/teardown"
)

// downGrace is short: the data goes away with the processes.
const downGrace = time.Second

// Down stops the node and removes every process, mount, interface and file of it.
func (n *Node) Down(ctx context.Context) error {
	if !exists(n.layout.State()) {
		n.progress.Say("There is no node in %s.", n.layout.State())
		return nil
	}
	release, err := n.begin(ctx)
	if err != nil {
		return err
	}
	defer release.Close()
	start := n.progress.Now()
	// One failure must not keep the rest from being removed. The state, which tells what is ours, goes last and only if all else is gone.
	err = errors.Join(
		n.progress.Step("processes", func() error { return n.stopAll(ctx) }),
		n.progress.Step("containers", func() error { return teardown.Containers(ctx, n.layout) }),
		n.progress.Step("mounts", func() error { return teardown.Mounts(n.layout) }),
		n.progress.Step("network", func() error { return n.network.Down(ctx) }),
		n.progress.Step("control groups", func() error { return teardown.Cgroups(ctx, "/sys/fs/cgroup") }),
		n.progress.Step("files elsewhere", func() error { return teardown.Files(ctx, n.layout, "") }),
	)
	if err != nil {
		return fmt.Errorf("taking down the node: %w", err)
	}
	if err := os.RemoveAll(n.layout.State()); err != nil {
		return fmt.Errorf("removing the state directory: %w", err)
	}
	n.progress.Say("The node is gone after %.1f s.", n.progress.Now().Sub(start).Seconds())
	return nil
}

// stopAll stops all components, those first that would start others' work anew.
func (n *Node) stopAll(ctx context.Context) error {
	names := component.Names()
	slices.Reverse(names)
	var problems []error
	for _, name := range names {
		problems = append(problems, n.keeper.Stop(ctx, name, downGrace))
	}
	problems = append(problems, teardown.Programs(ctx, n.layout, names))
	return errors.Join(problems...)
}
