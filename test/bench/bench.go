package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// bench measures.
type bench struct {
	duration    time.Duration
	connections int
	dir         string
	binary      string
	cleanup     []func()
}

func (b *bench) close() {
	for _, f := range b.cleanup {
		f()
	}
}

// build builds the server and this program, so that neither is compiled while something is measured.
func (b *bench) build(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "authserver-bench")
	if err != nil {
		return err
	}
	b.dir = dir
	b.cleanup = append(b.cleanup, func() { _ = os.RemoveAll(dir) })
	b.binary = filepath.Join(dir, "authserver")
	for output, pkg := range map[string]string{b.binary: "./cmd/authserver", filepath.Join(dir, "bench"): "./test/bench"} {
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", output, pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", pkg, err, out)
		}
	}
	return nil
}

// report measures one kind of request and prints its line.
func (b *bench) report(ctx context.Context, name, address string, p *process, next requests) error {
	if _, err := measure(ctx, address, b.connections, b.duration/4, next); err != nil {
		return fmt.Errorf("warming up %s: %w", name, err)
	}
	return b.reportCold(ctx, name, address, p, next)
}

// reportCold measures without warming up: for requests of which there is a stock only.
func (b *bench) reportCold(ctx context.Context, name, address string, p *process, next requests) error {
	before := p.cpu()
	o, err := measure(ctx, address, b.connections, b.duration, next)
	if err != nil {
		return fmt.Errorf("measuring %s: %w", name, err)
	}
	cpu := float64((p.cpu() - before).Microseconds()) / 1000 / float64(o.count)
	fmt.Printf("%-44s %10.0f %12.4f %10.2f\n", name, float64(o.count)/o.elapsed.Seconds(), cpu, float64(o.p99.Microseconds())/1000)
	return nil
}

// floor measures the bare handlers.
func (b *bench) floor(ctx context.Context) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	p, err := start(dialable(address), filepath.Join(b.dir, "floor.log"), filepath.Join(b.dir, "bench"), "-floor", address)
	if err != nil {
		return err
	}
	defer p.stop()
	header := http.Header{"Authorization": {basic("app", "secret")}}
	post := func(path string) requests {
		return repeated(wire(http.MethodPost, path, "grant_type=client_credentials", header))
	}
	if err := b.report(ctx, "floor: hash, token, insert", address, p, post("/token")); err != nil {
		return err
	}
	if err := b.report(ctx, "floor: the same with an ES256 signature", address, p, post("/signed")); err != nil {
		return err
	}
	return b.report(ctx, "floor: static document", address, p, repeated(wire(http.MethodGet, "/static", "", nil)))
}

// sizes prints the sizes of binary and image.
func (b *bench) sizes() error {
	for name, path := range map[string]string{"server binary": b.binary, "server image (archive)": "bin/images/server.tar"} {
		info, err := os.Stat(path)
		if err != nil {
			fmt.Printf("%-44s not built (make images)\n", name)
			continue
		}
		fmt.Printf("%-44s %10.1f MiB\n", name, float64(info.Size())/(1<<20))
	}
	return nil
}
