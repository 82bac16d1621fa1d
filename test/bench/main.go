package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	floor := flag.String("floor", "", "serve the floor at this `address` and do nothing else")
	standIn := flag.String("stand-in", "", "serve the stand-in for Authlete at this `address` and do nothing else")
	duration := flag.Duration("duration", 3*time.Second, "how long each measurement takes")
	connections := flag.Int("connections", 32, "parallel connections")
	storages := flag.String("storages", "memory,sqlite,postgresql", "storages of the embedded engine to measure, none if empty")
	flood := flag.Int("flood", 0, "send this many of the largest anonymous authorization requests to each storage and do nothing else")
	flag.Parse()
	if *floor != "" {
		return serveFloor(*floor)
	}
	if *standIn != "" {
		return serveStandIn(*standIn)
	}
	if err := pinSelf(loadCore); err != nil {
		return err
	}
	b := &bench{duration: *duration, connections: *connections}
	defer b.close()
	if err := b.build(ctx); err != nil {
		return err
	}
	if *flood > 0 {
		for storage := range strings.SplitSeq(*storages, ",") {
			if err := b.flood(ctx, storage, *flood); err != nil {
				return fmt.Errorf("flooding %s: %w", storage, err)
			}
		}
		return nil
	}
	fmt.Printf("%-44s %10s %12s %10s\n", "", "requests/s", "CPU ms/req", "p99 ms")
	if err := b.floor(ctx); err != nil {
		return err
	}
	for storage := range strings.SplitSeq(*storages, ",") {
		if storage == "" {
			continue
		}
		if err := b.server(ctx, storage); err != nil {
			return fmt.Errorf("measuring %s: %w", storage, err)
		}
	}
	if err := b.authlete(ctx); err != nil {
		return fmt.Errorf("measuring Authlete as the backend: %w", err)
	}
	return b.sizes()
}
