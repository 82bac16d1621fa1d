// Command login is the demo's application: it logs a person in through the
// server and prints the verified ID token. It reads the application's Secret, as
// JSON from kubectl, on standard input.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/authserver-dev/operator/test/login"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "login:", err)
		os.Exit(1)
	}
}

func run() error {
	username := flag.String("username", "alice", "who logs in")
	passwordFile := flag.String("password-file", "", "file with the password")
	redirect := flag.String("redirect-uri", "http://127.0.0.1:8400/callback", "redirect URI of the application")
	flag.Parse()
	var secret struct {
		Data map[string][]byte `json:"data"`
	}
	if err := json.NewDecoder(os.Stdin).Decode(&secret); err != nil {
		return fmt.Errorf("reading the application's Secret from standard input: %w", err)
	}
	password, err := os.ReadFile(*passwordFile)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	result, err := login.Run(ctx, login.Options{
		Issuer: string(secret.Data["issuer"]), ClientID: string(secret.Data["client_id"]), ClientSecret: string(secret.Data["client_secret"]),
		RedirectURI: *redirect, Username: *username, Password: string(password), Scopes: []string{"profile", "email", "offline_access"},
		Step: func(format string, args ...any) { fmt.Printf("  "+format+"\n", args...) },
	})
	if err != nil {
		return err
	}
	claims, err := json.MarshalIndent(result.Claims, "  ", "  ")
	if err != nil {
		return err
	}
	fmt.Printf("\n  ID token\n  %s\n", claims)
	info, err := result.Provider.UserInfo(ctx, result.Config.TokenSource(ctx, result.Tokens))
	if err != nil {
		return fmt.Errorf("reading userinfo: %w", err)
	}
	var about map[string]any
	if err := info.Claims(&about); err != nil {
		return err
	}
	user, err := json.MarshalIndent(about, "  ", "  ")
	if err != nil {
		return err
	}
	fmt.Printf("\n  userinfo\n  %s\n", user)
	return nil
}
