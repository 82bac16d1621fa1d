// Package harness is what a client program and the test say to each other: one
// JSON object per line.
package harness

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Settings are those of the client.
type Settings struct{ Issuer, ClientID, ClientSecret, RedirectURI, Scope string }

// FromEnvironment returns the settings that the test gave.
func FromEnvironment() Settings {
	return Settings{
		Issuer: os.Getenv("ISSUER"), ClientID: os.Getenv("CLIENT_ID"), ClientSecret: os.Getenv("CLIENT_SECRET"),
		RedirectURI: os.Getenv("REDIRECT_URI"), Scope: os.Getenv("SCOPE"),
	}
}

// Open asks the test to log in at the URL, and returns where the browser was sent then.
func Open(url string) (string, error) {
	if err := say(map[string]any{"open": url}); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("reading the callback: %w", err)
	}
	return strings.TrimSpace(line), nil
}

// Report tells the test what the client found.
func Report(result map[string]any) error { return say(map[string]any{"result": result}) }

func say(message map[string]any) error {
	if err := json.NewEncoder(os.Stdout).Encode(message); err != nil {
		return fmt.Errorf("writing to the test: %w", err)
	}
	return nil
}
