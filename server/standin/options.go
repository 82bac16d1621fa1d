package standin

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/authserver-dev/operator/internal/authlete/credentials"
)

// usage introduces the flags of the command.
const usage = `Usage: authserver engine --write-ini authlete.ini
       authserver engine --credentials authlete.ini

Runs the protocol engine alone, as an offline stand-in for Authlete: it serves the
calls of Authlete's Web API that the engine knows, in the dialects 2.x and 3.0, to
any front end. docs/engine.md lists them.

`

// options are the flags.
type options struct {
	listen, tlsCert, tlsKey string
	credentials             []string
	writeINI, apiVersion    string
	issuer, settings        string
	issuerGiven             bool
	sqlite, algorithm       string
	logFormat, logLevel     string
	showVersion             bool
}

// parse reads the flags. What they ask for is checked where it is used, except for what contradicts itself.
func parse(args []string, out io.Writer) (*options, error) {
	f := &options{}
	flags := flag.NewFlagSet("authserver engine", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		_, _ = io.WriteString(out, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&f.listen, "listen", "127.0.0.1:9000", "`address` to listen on")
	flags.StringVar(&f.tlsCert, "tls-cert", "", "certificate `file`, for HTTPS; plain HTTP without it")
	flags.StringVar(&f.tlsKey, "tls-key", "", "private key `file` of the certificate")
	flags.Func("credentials", "`path` of an authlete.ini, an authlete.properties, or a folder with its keys as files, that callers\n"+
		"may use; may be repeated. Changes are followed", func(path string) error {
		f.credentials = append(f.credentials, path)
		return nil
	})
	flags.StringVar(&f.writeINI, "write-ini", "", "`file` to write new credentials to, as an authlete.ini; one that exists is used as it is")
	flags.StringVar(&f.apiVersion, "api-version", string(credentials.V2), "API `version` of the credentials written: V2 or V3")
	flags.StringVar(&f.issuer, "issuer", "http://localhost:8000", "`URL` of the front end; the endpoints of the first settings are below it")
	flags.StringVar(&f.settings, "settings", "", "JSON `file` with a service object of the API, whose members replace those of the first settings")
	flags.StringVar(&f.sqlite, "sqlite", "", "SQLite `file` to keep everything in, with PATH.key and PATH.service.json beside it; memory without it.\n"+
		"Once it is there, --issuer and --settings do not change it")
	flags.StringVar(&f.algorithm, "signing-algorithm", "RS256", "`algorithm` of ID tokens for clients that name none: RS256 or ES256")
	flags.StringVar(&f.logFormat, "log-format", "text", "`format` of the log: text or json")
	flags.StringVar(&f.logLevel, "log-level", "info", "`level` of the log: debug, info, warn or error")
	flags.BoolVar(&f.showVersion, "version", false, "print the version and exit")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	flags.Visit(func(given *flag.Flag) { f.issuerGiven = f.issuerGiven || given.Name == "issuer" })
	err := f.check(flags.Args())
	return f, err
}

func (f *options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unknown argument %q", rest[0])
	case f.showVersion:
		return nil
	case len(f.credentials) == 0 && f.writeINI == "":
		return errors.New("no caller could authenticate: name --credentials, or a file for new ones with --write-ini")
	case (f.tlsCert == "") != (f.tlsKey == ""):
		return errors.New("--tls-cert and --tls-key belong together")
	case f.algorithm != "RS256" && f.algorithm != "ES256":
		return fmt.Errorf("--signing-algorithm %q: use RS256 or ES256", f.algorithm)
	case f.apiVersion != string(credentials.V2) && f.apiVersion != string(credentials.V3):
		return fmt.Errorf("--api-version %q: use V2 or V3", f.apiVersion)
	}
	return nil
}
