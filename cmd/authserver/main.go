package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/authserver-dev/operator/server/serve"
	"github.com/authserver-dev/operator/server/standin"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, cancel) // a second signal ends the process at once
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "authserver:", err)
		os.Exit(1)
	}
}

// run runs the program that the first argument names.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	command := ""
	if len(args) > 0 {
		command = args[0]
	}
	switch command {
	case "engine":
		return standin.Run(ctx, args[1:], os.Getenv, stdout, stderr)
	case "serve":
		args = args[1:]
	}
	return serve.Run(ctx, args, os.Getenv, stdout, stderr)
}
