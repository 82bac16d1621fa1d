// Command goidc is a client on go-oidc and x/oauth2.
package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/authserver-dev/operator/test/clients/go/harness"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	s := harness.FromEnvironment()
	provider, err := oidc.NewProvider(ctx, s.Issuer)
	if err != nil {
		return fmt.Errorf("discovery: %w", err)
	}
	config := &oauth2.Config{
		ClientID: s.ClientID, ClientSecret: s.ClientSecret, RedirectURL: s.RedirectURI, Endpoint: provider.Endpoint(), Scopes: strings.Fields(s.Scope),
	}
	verifier, nonce := oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	callback, err := harness.Open(config.AuthCodeURL("state", oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)))
	if err != nil {
		return err
	}
	location, err := url.Parse(callback)
	if err != nil {
		return fmt.Errorf("parsing the callback: %w", err)
	}
	tokens, err := config.Exchange(ctx, location.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		return fmt.Errorf("exchanging the code: %w", err)
	}
	idToken, err := claims(ctx, provider, s.ClientID, tokens)
	if err != nil {
		return err
	}
	if idToken["nonce"] != nonce {
		return fmt.Errorf("the nonce is %v", idToken["nonce"])
	}
	info, err := userInfo(ctx, provider, config, tokens)
	if err != nil {
		return err
	}
	old := *tokens
	old.Expiry = time.Now().Add(-time.Hour)
	refreshed, err := config.TokenSource(ctx, &old).Token()
	if err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	after, err := userInfo(ctx, provider, config, refreshed)
	if err != nil {
		return err
	}
	again, err := claims(ctx, provider, s.ClientID, refreshed)
	if err != nil {
		return err
	}
	// Neither library knows revocation.
	return harness.Report(map[string]any{
		"idToken": idToken, "userinfo": info, "refreshedIDToken": again, "refreshedUserInfo": after, "first": tokens.AccessToken,
	})
}

func claims(ctx context.Context, provider *oidc.Provider, clientID string, tokens *oauth2.Token) (map[string]any, error) {
	raw, _ := tokens.Extra("id_token").(string)
	token, err := provider.Verifier(&oidc.Config{ClientID: clientID}).Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("verifying the ID token: %w", err)
	}
	if token.AccessTokenHash != "" {
		if err := token.VerifyAccessToken(tokens.AccessToken); err != nil {
			return nil, fmt.Errorf("verifying at_hash: %w", err)
		}
	}
	all := map[string]any{}
	if err := token.Claims(&all); err != nil {
		return nil, fmt.Errorf("reading the ID token: %w", err)
	}
	return all, nil
}

func userInfo(ctx context.Context, provider *oidc.Provider, config *oauth2.Config, tokens *oauth2.Token) (map[string]any, error) {
	info, err := provider.UserInfo(ctx, config.TokenSource(ctx, tokens))
	if err != nil {
		return nil, fmt.Errorf("userinfo: %w", err)
	}
	all := map[string]any{}
	if err := info.Claims(&all); err != nil {
		return nil, fmt.Errorf("reading userinfo: %w", err)
	}
	return all, nil
}
