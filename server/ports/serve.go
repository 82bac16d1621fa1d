package ports

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Stop says how ports are closed when the context of Serve ends.
type Stop struct {
	// Draining, if not nil, is called at the end of the context, before the ports stop listening.
	Draining func()
	// Drain is how long the ports still accept connections after that.
	Drain time.Duration
	// Finish bounds the time for requests that are being answered when the ports stop listening.
	Finish time.Duration
}

// Serve serves ports and runs tasks until the context ends or a port fails. The tasks run until the last request is
// answered.
func Serve(ctx context.Context, listeners []*Listener, stop Stop, tasks ...func(context.Context)) error {
	work, end := context.WithCancel(context.WithoutCancel(ctx))
	var group sync.WaitGroup
	defer group.Wait()
	defer end()
	for _, task := range tasks {
		group.Go(func() { task(work) })
	}
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		for _, file := range l.Files() {
			group.Go(func() { file.Run(work) })
		}
		go func() { failed <- l.serve() }()
	}
	select {
	case <-ctx.Done():
		if stop.Draining != nil {
			stop.Draining()
		}
		return errors.Join(wait(stop.Drain, failed), finish(work, listeners, stop.Finish))
	case err := <-failed:
		return errors.Join(err, finish(work, listeners, stop.Finish))
	}
}

func (l *Listener) serve() error {
	var err error
	if l.server.TLSConfig != nil {
		err = l.server.ServeTLS(l.socket, "", "")
	} else {
		err = l.server.Serve(l.socket)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serving %s: %w", l.Address(), err)
}

// wait waits, unless a port fails first.
func wait(d time.Duration, failed <-chan error) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case err := <-failed:
		return err
	}
}

// finish closes the ports after the requests that are being answered.
func finish(ctx context.Context, listeners []*Listener, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	errs := make([]error, len(listeners))
	var group sync.WaitGroup
	for i, l := range listeners {
		group.Go(func() {
			if err := l.server.Shutdown(ctx); err != nil {
				errs[i] = fmt.Errorf("finishing the requests of the %s port: %w", l.name, err)
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}
