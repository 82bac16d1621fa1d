package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/authserver-dev/operator/internal/django"
	"github.com/authserver-dev/operator/internal/manifest"
)

// importDjango is the command "import-django": manifests of a Django server's users go to stdout.
func importDjango(ctx context.Context, args []string, std streams) error {
	flags := flag.NewFlagSet("operator import-django", flag.ContinueOnError)
	flags.SetOutput(std.err)
	flags.Usage = func() {
		_, _ = fmt.Fprint(std.err, "Usage: operator import-django --server NAME [--namespace NAME] [DUMP]\n\n"+
			"Writes OAuthUsers with their password hashes, ready for kubectl apply, from what\n"+
			"\"manage.py dumpdata auth.group auth.user\" wrote; from standard input without DUMP.\n\n")
		flags.PrintDefaults()
	}
	var opts django.Options
	flags.StringVar(&opts.Server, "server", "", "`name` of the AuthorizationServer at which the users log in (required)")
	flags.StringVar(&opts.Namespace, "namespace", "", "`namespace` of the objects; empty leaves it to kubectl")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if opts.Server == "" || flags.NArg() > 1 {
		flags.Usage()
		return errors.New("import-django: --server is required, and at most one DUMP")
	}
	dump := std.in
	if flags.NArg() == 1 {
		file, err := os.Open(flags.Arg(0))
		if err != nil {
			return fmt.Errorf("opening the dump: %w", err)
		}
		defer file.Close()
		dump = file
	}
	users, err := django.Convert(ctx, dump, opts)
	if err != nil {
		return fmt.Errorf("converting the dump: %w", err)
	}
	if err := django.Write(std.out, users); err != nil {
		return err
	}
	summarize(std.err, users)
	return nil
}

// summarize tells a person what happened.
func summarize(stderr io.Writer, users []django.User) {
	var summary strings.Builder
	written, passwords := 0, 0
	for _, user := range users {
		if user.User != nil {
			written++
		}
		if user.Secret != nil {
			passwords++
		}
		for _, note := range user.Notes {
			fmt.Fprintf(&summary, "%q: %s\n", user.Username, manifest.Line(note))
		}
	}
	fmt.Fprintf(&summary, "%d users, %d written, %d with a password\n", len(users), written, passwords)
	_, _ = io.WriteString(stderr, summary.String()) // nobody to tell if this fails
}
