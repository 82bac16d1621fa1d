package main

import (
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/authserver-dev/operator/controllers/clientimport"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/internal/authlete/httpclient"
	"github.com/authserver-dev/operator/internal/manifest"
)

const (
	// importTimeout bounds one call to Authlete.
	importTimeout = 30 * time.Second
	// maxCredentials bounds a file with credentials.
	maxCredentials = 64 << 10
)

// importAuthlete is the command "import-authlete": manifests of a service's clients go to stdout. Nothing is written to
// Authlete, and no client secret to the manifests.
func importAuthlete(ctx context.Context, args []string, std streams) error {
	flags := flag.NewFlagSet("operator import-authlete", flag.ContinueOnError)
	flags.SetOutput(std.err)
	flags.Usage = func() {
		_, _ = fmt.Fprint(std.err, "Usage: operator import-authlete --server NAME [--namespace NAME] [--ca-file FILE] CREDENTIALS\n\n"+
			"Writes an OAuthClient for each client of a service at Authlete, ready for kubectl apply.\n"+
			"Each adopts its client, names what the client has, and only observes it. CREDENTIALS is an\n"+
			"authlete.ini or authlete.properties, or a directory that has what the Secret of a server has.\n"+
			"Client secrets are not written; the operator reads them when the objects are applied.\n\n")
		flags.PrintDefaults()
	}
	var opts clientimport.Options
	var authorities string
	flags.StringVar(&opts.Server, "server", "", "`name` of the AuthorizationServer in front of the service (required)")
	flags.StringVar(&opts.Namespace, "namespace", "", "`namespace` of the objects; empty leaves it to kubectl")
	flags.StringVar(&authorities, "ca-file", "", "`file` with the certificates of authorities in PEM that are trusted instead of the system's")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if opts.Server == "" || flags.NArg() != 1 {
		flags.Usage()
		return errors.New("import-authlete: --server and CREDENTIALS are required")
	}
	service, err := connect(flags.Arg(0), authorities)
	if err != nil {
		return err
	}
	clients, err := clientimport.All(ctx, service, opts)
	if err != nil {
		return fmt.Errorf("reading the clients: %w", err)
	}
	if err := clientimport.Write(std.out, clients); err != nil {
		return err
	}
	summarizeClients(std.err, clients)
	return nil
}

// connect returns the API of the service that the credentials are for.
func connect(path, authorities string) (*httpclient.Client, error) {
	data, err := readCredentials(path)
	if err != nil {
		return nil, err
	}
	service, err := credentials.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("reading the credentials: %w", err)
	}
	options := httpclient.TransportOptions{ConnectTimeout: importTimeout}
	if authorities != "" {
		pem, err := os.ReadFile(authorities)
		if err != nil {
			return nil, fmt.Errorf("reading the authorities: %w", err)
		}
		options.RootCAs = x509.NewCertPool()
		if !options.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("reading the authorities: the file has no certificate in PEM")
		}
	}
	return httpclient.New(httpclient.Options{
		Credentials: func() *credentials.Credentials { return service }, Clock: time.Now,
		HTTP: httpclient.NewHTTPClient(httpclient.NewTransport(options), importTimeout),
	}), nil
}

// readCredentials reads a configuration file of Authlete's libraries, or a directory with the keys of a Secret as files.
func readCredentials(path string) (map[string][]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the credentials: %w", err)
	}
	if !info.IsDir() {
		key := credentials.FileINI
		if strings.HasSuffix(path, ".properties") {
			key = credentials.FileProperties
		}
		text, err := readBounded(path)
		return map[string][]byte{key: text}, err
	}
	data := map[string][]byte{}
	for _, key := range credentials.Keys() {
		text, err := readBounded(filepath.Join(path, key))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		data[key] = text
	}
	return data, nil
}

// readBounded reads a file of bounded size.
func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the credentials: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxCredentials+1))
	if err != nil {
		return nil, fmt.Errorf("reading the credentials: %w", err)
	}
	if len(text) > maxCredentials {
		return nil, fmt.Errorf("reading the credentials: %s has more than %d bytes", path, maxCredentials)
	}
	return text, nil
}

// summarizeClients tells a person what happened.
func summarizeClients(stderr io.Writer, clients []clientimport.Client) {
	var summary strings.Builder
	written := 0
	for _, client := range clients {
		if client.Object != nil {
			written++
		}
		for _, note := range client.Notes {
			fmt.Fprintf(&summary, "client %s: %s\n", client.Number, manifest.Line(note))
		}
	}
	fmt.Fprintf(&summary, "%d clients, %d written\n", len(clients), written)
	_, _ = io.WriteString(stderr, summary.String()) // nobody to tell if this fails
}
