package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// tokenTimeout bounds one token request, tokenRetry is the time between two.
	tokenTimeout = 10 * time.Second
	tokenRetry   = time.Second
	maxAnswer    = 1 << 20
)

// requestToken is the command "request-token": it proves that a client gets a token, as the test of the Helm chart does,
// which needs no other image then. The token goes nowhere.
func requestToken(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("operator request-token", flag.ContinueOnError)
	flags.SetOutput(stderr)
	endpoint := flags.String("url", "", "`URL` of the token endpoint (required)")
	folder := flags.String("client", "/client", "`folder` with the files client_id and client_secret, as the Secret of an OAuthClient is mounted")
	within := flags.Duration("timeout", 2*time.Minute, "how long to try")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *endpoint == "" || flags.NArg() > 0 {
		flags.Usage()
		return errors.New("request-token: --url is required, and nothing but flags")
	}
	ctx, cancel := context.WithTimeout(ctx, *within)
	defer cancel()
	for {
		lifetime, err := tokenRequest(ctx, *endpoint, *folder)
		if err == nil {
			_, err = fmt.Fprintf(stdout, "got a token for %d s from %s\n", lifetime, *endpoint)
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no token within %s: %w", *within, err)
		case <-time.After(tokenRetry):
		}
	}
}

// tokenRequest makes one request with the client credentials grant (RFC 6749, section 4.4) and returns the lifetime of the
// token in seconds.
func tokenRequest(ctx context.Context, endpoint, folder string) (int64, error) {
	var credentials [2]string
	for i, name := range []string{"client_id", "client_secret"} {
		value, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return 0, fmt.Errorf("reading the client's credentials: %w", err)
		}
		credentials[i] = strings.TrimSpace(string(value))
	}
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		return 0, fmt.Errorf("building the request: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(url.QueryEscape(credentials[0]), url.QueryEscape(credentials[1]))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	var answer struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"`
		Error       string `json:"error"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&answer); err != nil {
		return 0, fmt.Errorf("status %d, and no JSON", response.StatusCode)
	}
	if response.StatusCode != http.StatusOK || answer.AccessToken == "" {
		return 0, fmt.Errorf("status %d, error %q", response.StatusCode, answer.Error)
	}
	return answer.ExpiresIn, nil
}
